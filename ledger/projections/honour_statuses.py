"""Which places in the lists of status of honours are taken back? A place is the position of the event that gave one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.credentials.claims import PLACES
from ledger.domain.refusals import Reason, refuse
from ledger.projections.basis import ReadPool

_ENDED: Final = """
    select since_position - %(first)b::bigint from honours
    where partition = %(partition)b and since_position >= %(first)b and since_position < %(end)b
      and until_position is not null
    union
    select h.since_position - %(first)b::bigint
    from volunteers v join honours h on h.honour > v.volunteer || '/' and h.honour < v.volunteer || '0'
    where v.erased and h.partition = %(partition)b and h.since_position >= %(first)b and h.since_position < %(end)b
"""
"""Lost, or of somebody who was erased."""
_APPLIED: Final = "select position from positions where partition = %b"


class HonourStatuses:
    """Reads the read database. Safe to share between requests."""

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool

    async def not_valid(self, partition: int, status_list: int) -> Mapping[int, bool]:
        """Places of a list that are revoked → True. Refuses NOT_FOUND for a list behind the newest position."""
        first = status_list * PLACES
        async with self._pool.connection() as connection:
            applied = await (await connection.execute(_APPLIED, (partition,), binary=True)).fetchone()
            if applied is None or applied[0] < first:
                refuse(Reason.NOT_FOUND, name=f"honours/status/{partition}-{status_list}")
            asked = {"partition": partition, "first": first, "end": first + PLACES}
            rows = await (await connection.execute(_ENDED, asked, binary=True)).fetchall()
        return {place: True for (place,) in rows}
