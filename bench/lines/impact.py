"""GetImpactReport over a year of many opportunities, beside GetBalance of the same server.

`impact_report` asks as people do: the same report again and again, which is made once a minute. `impact_report_made`
asks a different one each time, so that every one is made from the rows; its figure is stated beside the same bound.
Before anything is measured the report's total must be the programme's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import grpc

from bench.fill import store_facts
from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling, new_settings, project
from bench.lines.balances import get_balance_rate
from bench.lines.echo import MEASURED_SECONDS
from bench.lines.summaries import HEADS_SECONDS, OPPORTUNITIES, VOLUNTEERS
from bench.load import Load, calls_per_second
from bench.pairing import Line, MeasurementFailed, Sides
from bench.programme import beginnings, head_counts, volunteers
from bench.served import ACTOR, served
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.impact_service_pb2_grpc import ImpactServiceStub
from volunteer_hours.v1.values_pb2 import Period

REPORT: Final = "/volunteer_hours.v1.ImpactService/GetImpactReport"
YEARS: Final = Period(start_date="2009-01-01", end_date="2010-12-31")
DIFFERENT: Final = 900
"""Thresholds asked for: far more reports than a server keeps."""


def report(persons_min: int) -> pb.GetImpactReportRequest:
    """A question of its own for each threshold."""
    return pb.GetImpactReportRequest(period=YEARS, persons_min=persons_min)


def check_total(address: str, opportunities: int) -> None:
    """Raises MeasurementFailed unless the report adds up to what the programme recorded."""
    with grpc.insecure_channel(address) as channel:
        answer = ImpactServiceStub(channel).GetImpactReport(report(5), metadata=ACTOR, timeout=300)
    wanted = opportunities * HEADS_SECONDS
    if answer.total.attended_seconds != wanted:
        raise MeasurementFailed(f"{answer.total.attended_seconds} s, not {wanted} s")


@contextmanager
def _asked(ground: Ground, questions: Sequence[pb.GetImpactReportRequest], in_flight: int) -> Iterator[Sides]:
    opportunities, people = ground.scaled(OPPORTUNITIES, least=1_000), ground.scaled(VOLUNTEERS, least=1_000)
    settings = new_settings(ground.database_url, partitions=1)
    store_facts(settings, iter([*beginnings(), *volunteers(people)]), people)
    store_facts(settings, head_counts(opportunities, HEADS_SECONDS), opportunities)
    project(settings)
    ledger = BenchLedger(settings, Filling(people, 0))
    with served(ground.folder, settings, "serve-impact") as server:
        check_total(server.address, opportunities)
        load = Load(
            server.address, REPORT, ACTOR, in_flight=in_flight, channels=4, seconds=ground.seconds(MEASURED_SECONDS)
        )
        asked = [question.SerializeToString() for question in questions]
        yield Sides(
            reference=lambda: get_balance_rate(ground, ledger, server.address),
            ours=lambda: calls_per_second(ground.folder, load, asked, repeat=True),
        )


@contextmanager
def kept(ground: Ground) -> Iterator[Sides]:
    """The same report for everybody."""
    with _asked(ground, [report(5)], in_flight=64) as sides:
        yield sides


@contextmanager
def made(ground: Ground) -> Iterator[Sides]:
    """Each from the rows."""
    with _asked(ground, [report(number) for number in range(1, DIFFERENT)], in_flight=4) as sides:
        yield sides


IMPACT_REPORT = Line(name="impact_report", unit="calls/s", floor=1 / 50, sides=kept)
IMPACT_REPORT_MADE = Line(name="impact_report_made", unit="calls/s", floor=0.0001, sides=made)
