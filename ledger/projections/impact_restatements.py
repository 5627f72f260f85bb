"""What was published of these dates, and what moved since: sums alone. Each event: HoursService.ListRestatements."""

from __future__ import annotations

from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.impact.periods import Span
from ledger.projections.as_of import View
from ledger.projections.closed_period_questions import SELECT, ClosedRow, closed_positions
from ledger.projections.restatement_questions import RESTATED
from ledger.projections.sums import evidence_seconds
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.reporting_service_pb2 import PeriodTotals

_CLOSED: Final = f"{SELECT} where start_date = %(first)b and end_date = %(last)b order by closed_at desc, period"


async def fill_restatements(seen: View, report: pb.ImpactReport, period: Span) -> None:
    """Beside the report's totals, of the last period closed with its dates; nothing where none was.

    Raises InvariantBroken where closed and restated are not the totals.
    """
    dates = {"first": period.first, "last": period.last}
    rows = await (await seen.connection.execute(_CLOSED, dates, binary=True)).fetchall()
    known = [closed for closed in map(ClosedRow._make, rows) if _reached(seen, closed)]
    if not known:
        return
    closed = known[0]
    partitions = list(range(len(closed.closed_positions)))
    parameters = {
        "partitions": partitions,
        "after": list(closed.closed_positions),
        "upto": [seen.basis.positions[partition] for partition in partitions],
        "start_date": period.first,
        "end_date": period.last,
    }
    cursor = await seen.connection.execute(RESTATED, parameters, binary=True)
    [[count, *restated]] = await cursor.fetchall()
    both = evidence_seconds([one + other for one, other in zip(closed.seconds, restated, strict=True)])
    if both != report.total or closed.entry_count + count != report.entry_count:
        raise InvariantBroken(f"{closed.period} and its restatements are not the totals of its dates")
    report.restatements.CopyFrom(
        pb.ImpactRestatements(
            closed_period=closed.period,
            closed_totals=PeriodTotals(seconds=evidence_seconds(closed.seconds), entry_count=closed.entry_count),
            restated_totals=PeriodTotals(seconds=evidence_seconds(restated), entry_count=count),
            closed_positions=closed_positions(closed),
        )
    )


def _reached(seen: View, closed: ClosedRow) -> bool:
    """Whether the report counts its closing, and all that it counted."""
    counted = enumerate(closed.closed_positions)
    needed = [*counted, (closed.partition, closed.position)]
    return all(seen.basis.positions.get(partition, 0) >= position for partition, position in needed)
