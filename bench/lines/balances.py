"""GetBalance, 64 calls in flight to one server process, beside the bare echo; BatchGetBalances beside GetBalance.

The read database was filled by the projector itself. The load asks for volunteers all over the range; a sample of the
answers must equal the programme's figures before anything is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.lines.echo import CHANNELS, IN_FLIGHT, MEASURED_SECONDS, bare_echo
from bench.load import Load, calls_per_second
from bench.pairing import Line, MeasurementFailed, Sides
from bench.programme import ATTENDANCE_SECONDS, volunteer_name
from bench.served import ACTOR, served
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

GET: Final = "/volunteer_hours.v1.HoursService/GetBalance"
BATCH: Final = "/volunteer_hours.v1.HoursService/BatchGetBalances"
DISTINCT_REQUESTS: Final = 5_000
BATCH_NAMES: Final = 1_000
BATCHES_IN_FLIGHT: Final = 4
BATCHES_DISTINCT: Final = 50
SAMPLE: Final = 50
ATTENDANCES_EACH: Final = 1


OPEN_SERVE: Final = ("bench.references.open_serve", "serve")
"""Without TLS, tokens and the record of who looked."""


def balance_filling(volunteers: int) -> Filling:
    """So many volunteers, each with a balance."""
    return Filling(volunteers, attendances_each=ATTENDANCES_EACH, projected=True)


def balance_request(number: int) -> bytes:
    """The serialized question about one synthetic volunteer."""
    return hours.GetBalanceRequest(name=volunteer_name(number)).SerializeToString()


def get_balance_rate(ground: Ground, ledger: BenchLedger, address: str, authority: str = "") -> float:
    """GetBalance calls a second; over TLS where `authority` signed the server's certificate."""
    seconds = ground.seconds(MEASURED_SECONDS)
    load = Load(address, GET, ACTOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=seconds, authority=authority)
    requests = [balance_request(number) for number in ledger.somebody(DISTINCT_REQUESTS)]
    return calls_per_second(ground.folder, load, requests, repeat=True)


def batch_rate(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """Balances a second by BatchGetBalances."""
    load = Load(
        address, BATCH, ACTOR, in_flight=BATCHES_IN_FLIGHT, channels=1, seconds=ground.seconds(MEASURED_SECONDS)
    )
    requests = [
        hours.BatchGetBalancesRequest(
            names=[volunteer_name(number) for number in ledger.somebody(BATCH_NAMES)]
        ).SerializeToString()
        for _ in range(BATCHES_DISTINCT)
    ]
    return BATCH_NAMES * calls_per_second(ground.folder, load, requests, repeat=True)


def check_answers(ledger: BenchLedger, address: str) -> None:
    """Raises MeasurementFailed unless a sample of balances, asked both ways, is what the programme adds up to."""
    names = [volunteer_name(number) for number in ledger.somebody(SAMPLE)]
    with grpc.insecure_channel(address) as channel:
        stub = HoursServiceStub(channel)
        single = [stub.GetBalance(hours.GetBalanceRequest(name=name), metadata=ACTOR) for name in names]
        batch = stub.BatchGetBalances(hours.BatchGetBalancesRequest(names=names), metadata=ACTOR).balances
    right = [(name, ATTENDANCES_EACH * ATTENDANCE_SECONDS, ATTENDANCES_EACH) for name in names]
    for answers in (single, batch):
        if [(each.name, each.seconds.attended_seconds, each.entry_count) for each in answers] != right:
            raise MeasurementFailed("balances differ from what the programme adds up to: this run measures nothing")


@contextmanager
def get_balance(ground: Ground) -> Iterator[Sides]:
    """The echo, sent the very requests of our side. What access costs beside the question: get_balance_with_access."""
    ledger = ground.ledgers.filled(balance_filling(ground.scaled(10_000, least=2_000)))
    echoed = [balance_request(number) for number in range(ledger.filling.volunteers)]
    with (
        bare_echo(ground, echoed) as reference,
        served(ground.folder, ledger.settings, "serve-get-balance", OPEN_SERVE) as server,
    ):
        check_answers(ledger, server.address)
        yield Sides(reference=reference, ours=lambda: get_balance_rate(ground, ledger, server.address))


@contextmanager
def batch_get_balances(ground: Ground) -> Iterator[Sides]:
    """The same server asked one by one, and by a thousand."""
    ledger = ground.ledgers.filled(balance_filling(ground.scaled(10_000, least=2_000)))
    with served(ground.folder, ledger.settings, "serve-batch-get-balances") as server:
        check_answers(ledger, server.address)
        yield Sides(
            reference=lambda: get_balance_rate(ground, ledger, server.address),
            ours=lambda: batch_rate(ground, ledger, server.address),
        )


GET_BALANCE = Line(name="get_balance", unit="calls/s", floor=0.50, sides=get_balance)
BATCH_GET_BALANCES = Line(name="batch_get_balances", unit="balances/s", floor=15.0, sides=batch_get_balances)
