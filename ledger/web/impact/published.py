"""Which figures of closed periods the public page shows: never two tables that could be subtracted from each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from ledger.domain.refusals import Reason, refuse
from ledger.impact.periods import Span
from ledger.impact.suppression import PERSONS_MIN
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.impact_questions import ImpactQuestions
from volunteer_hours.v1 import hours_service_pb2 as hours_pb
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf, PositionSet
from volunteer_hours.v1.reporting_service_pb2 import ClosedPeriod

_PAGE_SIZE: Final = 1_000


class Published(NamedTuple):
    """A closed period, and whether its tables may be shown."""

    closed: ClosedPeriod
    has_tables: bool

    @property
    def span(self) -> Span:
        """Its dates."""
        return span_of(self.closed)


def span_of(closed: ClosedPeriod) -> Span:
    """The dates of a closed period."""
    period = closed.period
    return Span(date.fromisoformat(period.start_date), date.fromisoformat(period.end_date))


def with_tables(closed: Sequence[ClosedPeriod]) -> list[Published]:
    """Newest dates first. Of periods that overlap, the one closed first has tables: decision 30."""
    chosen: list[Span] = []
    found: list[Published] = []
    for one in sorted(closed, key=lambda one: (one.closed_time.ToNanoseconds(), one.name)):
        span = span_of(one)
        free = not any(span.overlaps(other) for other in chosen)
        if free:
            chosen.append(span)
        found.append(Published(one, free))
    return sorted(found, key=lambda one: (one.span.last, one.span.first, one.has_tables), reverse=True)


class PublishedReports:
    """Closed periods and their reports. Safe to share between requests."""

    def __init__(self, hours: HoursQuestions, impact: ImpactQuestions) -> None:
        self._hours = hours
        self._impact = impact
        self._turn = asyncio.Lock()

    async def all(self) -> list[Published]:
        """Every closed period."""
        closed: list[ClosedPeriod] = []
        token = ""
        while True:
            request = hours_pb.ListClosedPeriodsRequest(page_size=_PAGE_SIZE, page_token=token)
            page = await self._hours.list_closed_periods(request)
            closed += page.closed_periods
            token = page.next_page_token
            if not token:
                return with_tables(closed)

    async def report(self, one: Published) -> pb.ImpactReport:
        """At the positions it was closed at; worked out once a process, one at a time. Refuses NOT_FOUND of tables."""
        if not one.has_tables:
            refuse(Reason.NOT_FOUND, name=one.closed.name)
        positions = PositionSet(positions=one.closed.closed_positions)
        request = pb.GetImpactReportRequest(
            period=one.closed.period, as_of=AsOf(positions=positions), persons_min=PERSONS_MIN
        )
        async with self._turn:
            return await self._impact.report(request)
