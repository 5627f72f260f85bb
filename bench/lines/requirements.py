"""CheckRequirement, 64 calls in flight to one server process, beside GetBalance; BatchCheckRequirements beside it.

The rule is the 40 hours of the examples. A sample of the answers, asked both ways, must be what the programme adds up
to before anything is measured.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import grpc
from google.protobuf.json_format import Parse

from bench.callers import acting_as
from bench.ground import Ground
from bench.ledgers import BenchLedger
from bench.lines.balances import (
    ATTENDANCES_EACH,
    BATCH_NAMES,
    BATCHES_DISTINCT,
    BATCHES_IN_FLIGHT,
    DISTINCT_REQUESTS,
    SAMPLE,
    balance_filling,
    get_balance_rate,
)
from bench.lines.echo import CHANNELS, IN_FLIGHT, MEASURED_SECONDS
from bench.load import Load, calls_per_second
from bench.pairing import Line, MeasurementFailed, Sides
from bench.programme import volunteer_name
from bench.served import ACTOR, served
from consumers.project_embedded import feed
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import hours_service_pb2_grpc as hours_grpc
from volunteer_hours.v1 import policy_service_pb2 as policies
from volunteer_hours.v1 import policy_service_pb2_grpc as policies_grpc

CHECK: Final = "/volunteer_hours.v1.HoursService/CheckRequirement"
BATCH: Final = "/volunteer_hours.v1.HoursService/BatchCheckRequirements"
DATE: Final = "2026-11-23"
RULE: Final = "policies/sa-secondary-school-40h"
RULE_FILE: Final = Path(__file__).parents[2] / "examples" / "policies" / "sa-secondary-school-40h.json"
MISSING_SECONDS: Final = 40 * 3_600
"""Nobody's hours are verified."""


def check_rate(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """CheckRequirement calls a second."""
    load = Load(address, CHECK, ACTOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=ground.seconds(MEASURED_SECONDS))
    requests = [_request(number).SerializeToString() for number in ledger.somebody(DISTINCT_REQUESTS)]
    return calls_per_second(ground.folder, load, requests, repeat=True)


def batch_rate(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """Persons a second by BatchCheckRequirements."""
    load = Load(
        address, BATCH, ACTOR, in_flight=BATCHES_IN_FLIGHT, channels=1, seconds=ground.seconds(MEASURED_SECONDS)
    )
    requests = [
        hours.BatchCheckRequirementsRequest(
            names=[volunteer_name(number) for number in ledger.somebody(BATCH_NAMES)], requirement=RULE, date=DATE
        ).SerializeToString()
        for _ in range(BATCHES_DISTINCT)
    ]
    return BATCH_NAMES * calls_per_second(ground.folder, load, requests, repeat=True)


def _request(number: int) -> hours.CheckRequirementRequest:
    return hours.CheckRequirementRequest(name=volunteer_name(number), requirement=RULE, date=DATE)


def check_answers(ledger: BenchLedger, address: str) -> None:
    """Raises MeasurementFailed unless a sample of answers, asked both ways, is what the programme adds up to."""
    numbers = ledger.somebody(SAMPLE)
    names = [volunteer_name(number) for number in numbers]
    with grpc.insecure_channel(address) as channel:
        stub = hours_grpc.HoursServiceStub(channel)
        single = [stub.CheckRequirement(_request(number), metadata=ACTOR) for number in numbers]
        request = hours.BatchCheckRequirementsRequest(names=names, requirement=RULE, date=DATE)
        batch = [result.check for result in stub.BatchCheckRequirements(request, metadata=ACTOR).results]
    right = [(name, False, 0, MISSING_SECONDS, ATTENDANCES_EACH) for name in names]
    for answers in (single, batch):
        told = [(one.name, one.met, one.counted_seconds, one.missing_seconds, one.entry_count) for one in answers]
        if told != right:
            raise MeasurementFailed("requirements differ from what the programme adds up to: this run measures nothing")


def _need_rule(ledger: BenchLedger, address: str) -> None:
    """Propose and approve the rule, once a ledger, and project it."""
    with grpc.insecure_channel(address) as channel:
        stub = policies_grpc.PolicyServiceStub(channel)
        proposal = Parse(RULE_FILE.read_bytes(), policies.ProposePolicyRequest(request_id=str(uuid4())))
        proposed = stub.ProposePolicy(proposal, metadata=ACTOR)
        approval = policies.ApprovePolicyRequest(request_id=str(uuid4()), name=proposed.versions[-1].name)
        approved = stub.ApprovePolicy(approval, metadata=acting_as("staff/synthetic-approver"))
        stop = threading.Event()
        feeding = threading.Thread(
            target=feed, args=(ledger.settings.relay_database, ledger.settings.projector_database, stop)
        )
        feeding.start()
        try:
            stub.ListPolicies(policies.ListPoliciesRequest(positions=approved.positions), metadata=ACTOR, timeout=30.0)
        finally:
            stop.set()
            feeding.join()


@contextmanager
def _asked(ground: Ground, name: str) -> Iterator[tuple[BenchLedger, str]]:
    """A server on the ledger of get_balance, with the rule in force: ledger and address."""
    ledger = ground.ledgers.filled(balance_filling(ground.scaled(10_000, least=2_000)))
    with served(ground.folder, ledger.settings, name) as server:
        _need_rule(ledger, server.address)
        check_answers(ledger, server.address)
        yield ledger, server.address


@contextmanager
def check_requirement(ground: Ground) -> Iterator[Sides]:
    """The same server asked for balances and for requirements, one by one."""
    with _asked(ground, "serve-check-requirement") as (ledger, address):
        yield Sides(
            reference=lambda: get_balance_rate(ground, ledger, address),
            ours=lambda: check_rate(ground, ledger, address),
        )


@contextmanager
def batch_check_requirements(ground: Ground) -> Iterator[Sides]:
    """The same server asked one by one, and for a thousand people."""
    with _asked(ground, "serve-batch-check-requirements") as (ledger, address):
        yield Sides(
            reference=lambda: check_rate(ground, ledger, address),
            ours=lambda: batch_rate(ground, ledger, address),
        )


CHECK_REQUIREMENT = Line(name="check_requirement", unit="calls/s", floor=0.60, sides=check_requirement)
BATCH_CHECK_REQUIREMENTS = Line(
    name="batch_check_requirements", unit="persons/s", floor=10.0, sides=batch_check_requirements
)
