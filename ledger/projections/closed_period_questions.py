"""Which sums does a period have now, to be closed with? And with which was it closed?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.projections.basis import Ground, ReadPool, timestamp
from ledger.projections.directory_rows import DirectoryRows, Listing
from ledger.projections.summary_questions import summarize_hours
from ledger.projections.sums import evidence_seconds
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.reporting_service_pb2 import ClosedPeriod, ClosePeriodRequest, PeriodTotals
from volunteer_hours.v1.values_pb2 import Period

SELECT: Final = """
    select period, partition, position, closed_at, closed_by, start_date, end_date, closed_positions, replaces,
           entry_count, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds, withheld_seconds,
           reversed_seconds,
           array(select later.period from closed_periods later where later.replaces = closed_periods.period order by 1)
    from closed_periods
"""
_CLOSED_PERIODS: Final = Listing(SELECT, "period")


class ClosedRow(NamedTuple):
    """A closed period, as SELECT reads it."""

    period: str
    partition: int
    position: int
    """Of the closing itself."""
    closed_at: datetime
    closed_by: str
    start_date: date
    end_date: date
    closed_positions: Sequence[int]
    """Of partition 0, 1, …"""
    replaces: str | None
    entry_count: int
    claimed_seconds: int
    attended_seconds: int
    verified_seconds: int
    disputed_seconds: int
    withheld_seconds: int
    reversed_seconds: int
    replaced_by: Sequence[str]

    @property
    def seconds(self) -> tuple[int, ...]:
        """Claimed, attended, verified, disputed, withheld, reversed."""
        return self[10:16]


class TotalsNow(NamedTuple):
    """What a period is closed with."""

    summary: pb.SummarizeHoursResponse
    entry_count: int


class ClosedPeriodQuestions:
    """Answers about closed periods. Safe to share between calls."""

    def __init__(self, pool: ReadPool, ground: Ground) -> None:
        self._pool = pool
        self._ground = ground
        self._rows = DirectoryRows(pool, ground)

    async def totals_now(self, request: ClosePeriodRequest, seconds_left: float | None) -> TotalsNow:
        """The sums of the period at one moment, by the code of SummarizeHours; each partition has a position in it.

        Refuses DATE_INVALID, POSITION_UNKNOWN. Raises NotYetApplied.
        """
        # A partition of which nothing was applied yet would have no position: its opening event is waited for.
        begun = [Position(partition=partition, position=1) for partition in range(self._ground.partitions)]
        question = pb.SummarizeHoursRequest(
            group_by=pb.SUMMARY_DIMENSION_MONTH, period=request.period, positions=[*request.positions, *begun]
        )
        summary = await summarize_hours(self._pool, self._ground, question, seconds_left)
        return TotalsNow(summary, sum(group.entry_count for group in summary.groups))

    async def get(self, request: pb.GetClosedPeriodRequest, seconds_left: float | None) -> ClosedPeriod:
        """A closed period. Refuses NOT_FOUND."""
        row, _, positions = await self._rows.one(_CLOSED_PERIODS, request.name, request.positions, seconds_left)
        message = closed_period(ClosedRow(*row))
        message.positions.extend(positions)
        return message

    async def page(
        self, request: pb.ListClosedPeriodsRequest, seconds_left: float | None
    ) -> pb.ListClosedPeriodsResponse:
        """Closed periods by name. Refuses PAGE_TOKEN_INVALID."""
        page, _ = await self._rows.page(_CLOSED_PERIODS, request, seconds_left)
        return pb.ListClosedPeriodsResponse(
            closed_periods=[closed_period(ClosedRow(*row)) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )


def closed_period(row: ClosedRow) -> ClosedPeriod:
    """The message of a row."""
    return ClosedPeriod(
        name=row.period,
        period=Period(start_date=row.start_date.isoformat(), end_date=row.end_date.isoformat()),
        closed_positions=closed_positions(row),
        totals=PeriodTotals(seconds=evidence_seconds(row.seconds), entry_count=row.entry_count),
        replaces=row.replaces or "",
        replaced_by=row.replaced_by,
        closed_by=row.closed_by,
        closed_time=timestamp(row.closed_at),
        closed_at=Position(partition=row.partition, position=row.position),
    )


def closed_positions(row: ClosedRow) -> list[Position]:
    """The positions the sums were computed at, as answers name them."""
    return [Position(partition=partition, position=at) for partition, at in enumerate(row.closed_positions)]
