"""How many hours in each month, over everything, now? One statement, however much is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from ledger.projections.basis import Basis, Ground, NotYetApplied, Patience, ReadPool, missing
from volunteer_hours.v1.positions_pb2 import Position

# One statement is one snapshot: the positions are those that the sums rest on.
_MONTHS_AND_POSITIONS: Final = """
    select partition, position, recorded_at, null, 0, 0, 0, 0, 0, 0, 0 from positions
    union all
    select null, null, null, to_char(service_month, 'YYYY-MM'),
           sum(entry_count)::bigint, sum(claimed_seconds)::bigint, sum(attended_seconds)::bigint,
           sum(verified_seconds)::bigint, sum(disputed_seconds)::bigint, sum(withheld_seconds)::bigint,
           sum(reversed_seconds)::bigint
    from hours_of_months where service_month between %b and %b group by service_month
    order by 1, 4
"""


async def months_now(
    pool: ReadPool, ground: Ground, asked: Iterable[Position], first: date, last: date, seconds_left: float | None
) -> tuple[Sequence[Sequence[Any]], Basis]:
    """(month, entries, seconds by class) of each month of service, and what it rests on; both dates bound months.

    Refuses POSITION_UNKNOWN. Raises NotYetApplied.
    """
    wanted, patience = ground.wanted(asked), Patience.of(seconds_left)
    while True:
        async with pool.connection() as connection:
            cursor = await connection.execute(_MONTHS_AND_POSITIONS, (first, last), binary=True)
            rows = await cursor.fetchall()
        basis = ground.basis(row[:3] for row in rows if row[0] is not None)
        behind = missing(wanted, basis)
        if not behind:
            return [row[3:] for row in rows if row[0] is None], basis
        if not await patience.wait():
            raise NotYetApplied(behind)
