"""SummarizeHours over a ledger of many opportunities: the months of everything, beside GetBalance of the same server.

Each opportunity has a head count a month apart from the next one's. `summarize_hours` asks as things are now;
`summarize_hours_as_of` asks about a moment behind which a tenth of the events came, which no other system answers at
all: its figure is stated beside the same bound. Before anything is measured the sums must be the programme's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from bench.fill import store_facts
from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling, new_settings, project
from bench.lines.balances import get_balance_rate
from bench.lines.echo import MEASURED_SECONDS
from bench.load import Load, calls_per_second
from bench.pairing import Line, MeasurementFailed, Sides
from bench.programme import beginnings, head_counts, volunteers
from bench.served import ACTOR, served
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

SUMMARIZE: Final = "/volunteer_hours.v1.HoursService/SummarizeHours"
OPPORTUNITIES: Final = 50_000
VOLUNTEERS: Final = 10_000
IN_FLIGHT: Final = 64
CHANNELS: Final = 4
HEADS_SECONDS: Final = 36_000


def summaries_rate(ground: Ground, address: str, request: hours.SummarizeHoursRequest) -> float:
    """Calls a second."""
    load = Load(
        address, SUMMARIZE, ACTOR, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=ground.seconds(MEASURED_SECONDS)
    )
    return calls_per_second(ground.folder, load, [request.SerializeToString()], repeat=True)


def check_sums(address: str, request: hours.SummarizeHoursRequest, opportunities: int) -> None:
    """Raises MeasurementFailed unless the months add up to what the programme recorded."""
    with grpc.insecure_channel(address) as channel:
        answer = HoursServiceStub(channel).SummarizeHours(request, metadata=ACTOR)
    wanted = opportunities * HEADS_SECONDS
    if answer.total.attended_seconds != wanted or len(answer.groups) > 12:
        raise MeasurementFailed(f"{answer.total.attended_seconds} s in {len(answer.groups)} months, not {wanted} s")


@contextmanager
def _asked(ground: Ground, before_the_end: int) -> Iterator[Sides]:
    """One server; `before_the_end`: the question is about so many opportunities before the last, 0: about now."""
    opportunities, people = ground.scaled(OPPORTUNITIES, least=1_000), ground.scaled(VOLUNTEERS, least=1_000)
    settings = new_settings(ground.database_url, partitions=1)
    facts = [*beginnings(), *volunteers(people)]
    store_facts(settings, iter(facts), people)
    store_facts(settings, head_counts(opportunities, HEADS_SECONDS), opportunities)
    project(settings)
    ledger = BenchLedger(settings, Filling(people, 0))
    request = hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_MONTH)
    if before_the_end:
        behind = opportunities // before_the_end
        reached = ledger.positions()[0] - 3 * behind
        request.as_of.CopyFrom(AsOf(positions=PositionSet(positions=[Position(partition=0, position=reached)])))
        opportunities -= behind
    with served(ground.folder, settings, "serve-summaries") as server:
        check_sums(server.address, request, opportunities)
        yield Sides(
            reference=lambda: get_balance_rate(ground, ledger, server.address),
            ours=lambda: summaries_rate(ground, server.address, request),
        )


@contextmanager
def now(ground: Ground) -> Iterator[Sides]:
    """As things are."""
    with _asked(ground, 0) as sides:
        yield sides


@contextmanager
def as_of(ground: Ground) -> Iterator[Sides]:
    """Before the last tenth."""
    with _asked(ground, 10) as sides:
        yield sides


SUMMARIZE_HOURS = Line(name="summarize_hours", unit="calls/s", floor=1 / 3, sides=now)
SUMMARIZE_HOURS_AS_OF = Line(name="summarize_hours_as_of", unit="calls/s", floor=0.001, sides=as_of)
