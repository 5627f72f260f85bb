"""Which periods were published, with which sums, and at which positions?"""

from __future__ import annotations

from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import PeriodClosed
from ledger.projections.stored_event import Batch

_CLOSED: Final = """
    insert into closed_periods (
        period, partition, position, closed_at, closed_by, start_date, end_date, closed_positions, claimed_seconds,
        attended_seconds, verified_seconds, disputed_seconds, withheld_seconds, reversed_seconds, entry_count, replaces
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add closed periods, one by one: there are few, and none is ever changed."""
    for event, data in batch.directory:
        if isinstance(data, PeriodClosed):
            totals = data.totals
            connection.execute(
                _CLOSED,
                [
                    data.period,
                    batch.partition,
                    event.position,
                    event.time,
                    event.actor,
                    data.start_date,
                    data.end_date,
                    [one.position for one in data.positions],
                    totals.claimed_seconds,
                    totals.attended_seconds,
                    totals.verified_seconds,
                    totals.disputed_seconds,
                    totals.withheld_seconds,
                    totals.reversed_seconds,
                    totals.entry_count,
                    data.replaces,
                ],
            )
