"""A ledger with verified hours, filled through its own services, for what is measured of statements: serve, projections
and the log's keeper run as people run them. Everybody in it is synthetic.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from bench.callers import acting_as
from bench.ground import Ground
from bench.ledgers import new_settings
from bench.pairing import MeasurementFailed
from bench.served import ledger_process, served
from ledger.credentials.issuer_key_file import add_key, create
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import statement_service_pb2 as statements
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import Position

COORDINATOR: Final = acting_as("staff/synthetic-coordinator")
VERIFIER: Final = "staff/synthetic-verifier"
ORGANIZATION, OPPORTUNITY = "organizations/synthetic", "opportunities/synthetic"
SHIFT: Final = f"{OPPORTUNITY}/shifts/synthetic"
BEGAN: Final = 1_763_614_800
"""2025-11-20 05:00 UTC"""
SECONDS: Final = 7_200
PAGE: Final = 500
PAGE_STATEMENTS: Final = 100
DETAILS: Final = (statements.STATEMENT_DETAIL_NAME, statements.STATEMENT_DETAIL_ORGANIZATIONS)
TIMEOUT_SECONDS: Final = 120.0

Caller: TypeAlias = tuple[tuple[str, str], ...]
"""What a call carries."""


@dataclass(frozen=True, slots=True)
class StatedLedger:
    """Where it is served, and whose hours are verified there."""

    address: str
    names: Sequence[str]
    written: Sequence[Position]
    """Positions that cover all of it."""

    def issue_request(self, number: int) -> bytes:
        """A fresh request for a statement of everything, with a name and organisations."""
        return statements.IssueStatementRequest(
            request_id=str(uuid4()), parent=self.names[number % len(self.names)], details=DETAILS
        ).SerializeToString()

    def page_request(self, number: int) -> bytes:
        """A fresh request for a page of such statements."""
        first = number * PAGE_STATEMENTS
        items = [
            statements.StatementItem(parent=self.names[at % len(self.names)], details=DETAILS)
            for at in range(first, first + PAGE_STATEMENTS)
        ]
        return statements.BatchIssueStatementsRequest(request_id=str(uuid4()), items=items).SerializeToString()

    def issue(self, count: int) -> list[statements.Statement]:
        """So many statements. Raises grpc.RpcError."""
        requests = [self.issue_request(number) for number in range(count)]
        with grpc.insecure_channel(self.address) as channel:
            answers = _all_at_once(channel, "StatementService/IssueStatement", requests, COORDINATOR)
        return [statements.Statement.FromString(answer) for answer in answers]


@contextmanager
def stated_ledger(ground: Ground, persons: int) -> Iterator[StatedLedger]:
    """Filled, projected and signed; its processes end with the block."""
    folder = ground.folder / f"stated-{uuid4().hex[:8]}"
    folder.mkdir()
    keys = folder / "statement-keys.json"
    create(keys)
    add_key(keys, int(time.time()))
    settings = new_settings(ground.database_url, 1).model_copy(
        update={
            "statement_issuer": "https://hours.example",
            "statement_keys": str(keys),
            "signer_folder": str(folder / "signer"),
        }
    )
    with ExitStack() as stack:
        for name, module in (("project", "consumers.project_embedded"), ("keep-log", "ledger.log_keeping.keeper")):
            child = ledger_process(folder, settings, name, [module])
            child.start()
            stack.callback(child.stop)
        server = stack.enter_context(served(folder, settings, "serve-statements"))
        ledger = _filled(server.address, persons)
        _wait_until_signed(ledger)
        yield ledger


def _filled(address: str, persons: int) -> StatedLedger:
    names = [f"volunteers/synthetic-{number:05}" for number in range(persons)]
    with grpc.insecure_channel(address) as channel:
        for method, message in _beginnings():
            _send(channel, f"RegistryService/{method}", message, COORDINATOR)
        registering = [_registering(name).SerializeToString() for name in names]
        _all_at_once(channel, "RegistryService/RegisterVolunteer", registering, COORDINATOR)
        recording = [_recording(name).SerializeToString() for name in names]
        _all_at_once(channel, "ParticipationService/RecordAttendance", recording, COORDINATOR)
        written: Sequence[Position] = ()
        for first in range(0, persons, PAGE):
            items = [
                verification.VerificationItem(name=f"{name}/attendances/a") for name in names[first : first + PAGE]
            ]
            page = verification.BatchVerifyHoursRequest(request_id=str(uuid4()), items=items)
            answer = _send(channel, "VerificationService/BatchVerifyHours", page, acting_as(VERIFIER))
            told = verification.BatchVerifyHoursResponse.FromString(answer)
            if refused := [one for one in told.outcomes if one.HasField("refusal")]:
                raise MeasurementFailed(f"{len(refused)} attendances could not be verified: {refused[0]}")
            written = list(told.positions)
    return StatedLedger(address, names, written)


def _wait_until_signed(ledger: StatedLedger) -> None:
    """Whoever asks with these positions waits for the log and the projections."""
    request = statements.IssueStatementRequest(
        request_id=str(uuid4()), parent=ledger.names[0], positions=ledger.written
    )
    until = time.monotonic() + TIMEOUT_SECONDS
    with grpc.insecure_channel(ledger.address) as channel:
        while True:
            try:
                _send(channel, "StatementService/IssueStatement", request, COORDINATOR)
                return
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.FAILED_PRECONDITION or time.monotonic() > until:
                    raise


def _beginnings() -> Iterator[tuple[str, Message]]:
    name = values_pb2.LocalizedText(ar="جهة اصطناعية", en="Synthetic organisation")
    yield (
        "RegisterOrganization",
        registry.RegisterOrganizationRequest(request_id=str(uuid4()), organization_id="synthetic", display_name=name),
    )
    yield "AccreditOrganization", registry.AccreditOrganizationRequest(request_id=str(uuid4()), name=ORGANIZATION)
    yield (
        "AppointMember",
        registry.AppointMemberRequest(
            request_id=str(uuid4()),
            parent=ORGANIZATION,
            appointment_id="verifier",
            member=VERIFIER,
            role=resources_pb2.MEMBER_ROLE_VERIFIER,
        ),
    )
    offered = resources_pb2.Opportunity(organization=ORGANIZATION, title=name, sector="education")
    yield (
        "PublishOpportunity",
        registry.PublishOpportunityRequest(request_id=str(uuid4()), opportunity_id="synthetic", opportunity=offered),
    )
    shift = resources_pb2.Shift(
        time_zone="Asia/Riyadh",
        places=1_000_000,
        place=values_pb2.Place(region="SA-01"),
        start_time=Timestamp(seconds=BEGAN),
        end_time=Timestamp(seconds=BEGAN + SECONDS),
    )
    yield (
        "OpenShift",
        registry.OpenShiftRequest(request_id=str(uuid4()), parent=OPPORTUNITY, shift_id="synthetic", shift=shift),
    )


def _registering(name: str) -> Message:
    details = resources_pb2.PersonalDetails(full_name="شخص اصطناعي")
    return registry.RegisterVolunteerRequest(
        request_id=str(uuid4()), volunteer_id=name.removeprefix("volunteers/"), details=details
    )


def _recording(name: str) -> Message:
    noted = participation.AttendanceRecord(
        shift=SHIFT,
        volunteer=name,
        attendance_id="a",
        start_time=Timestamp(seconds=BEGAN),
        end_time=Timestamp(seconds=BEGAN + SECONDS),
    )
    return participation.RecordAttendanceRequest(request_id=str(uuid4()), attendance=noted)


def _call(channel: grpc.Channel, method: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/volunteer_hours.v1.{method}")
    return call


def _send(channel: grpc.Channel, method: str, message: Message, caller: Caller) -> bytes:
    return _call(channel, method)(message.SerializeToString(), metadata=caller, timeout=TIMEOUT_SECONDS)


def _all_at_once(channel: grpc.Channel, method: str, requests: Sequence[bytes], caller: Caller) -> list[bytes]:
    """The answers, in order; 64 calls are under way at a time."""
    call, answers = _call(channel, method), list[bytes]()
    for first in range(0, len(requests), 64):
        under_way: list[Callable[[], bytes]] = [
            call.future(request, metadata=caller, timeout=TIMEOUT_SECONDS).result
            for request in requests[first : first + 64]
        ]
        answers += [result() for result in under_way]
    return answers
