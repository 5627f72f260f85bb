"""What has a holder now? Many callers' questions in one statement: asked alone, each costs the server twice as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.gathered_lookups import GatheredLookups
from ledger.projections.basis import Basis, Ground, ReadPool
from volunteer_hours.v1.hours_service_pb2 import Balance

# One statement is one snapshot: the balances are what the entries up to these positions add up to.
_LOOK_UP: Final = """
    select partition, position, recorded_at, null::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
           0::bigint, 0::bigint
    from positions
    union all
    select -1, 0, null, holder, entry_count, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds,
           withheld_seconds, reversed_seconds
    from balances where holder = any(%b)
    union all
    select -2, 0, null, volunteer, 0, 0, 0, 0, 0, 0, 0
    from volunteer_links where volunteer = any(%b) and ended_position is null
"""
_OF_BALANCES: Final = -1
_OF_LINKS: Final = -2


@dataclass(frozen=True, slots=True)
class Found:
    """A holder's balance and what it rests on."""

    basis: Basis
    frame: Balance
    """The part that all answers of one statement share: positions, and how far the past is closed."""
    sums: Sequence[int] | None
    """Count of entries, then seconds by class; None when the holder has no balance."""
    linked: bool = False
    """Whether the holder may have another name: then this is not the whole answer."""


class BalanceLookups:
    """The present balances of one read database, for all callers of this process."""

    def __init__(self, pool: ReadPool, ground: Ground) -> None:
        self._pool = pool
        self._ground = ground
        self._gathered = GatheredLookups("balances", self._look_up)

    async def find(self, holder: str) -> Found:
        """The holder's balance at a moment after this call. Raises psycopg.Error or PoolTimeout."""
        return await self._gathered.find(holder)

    async def _look_up(self, asked: Sequence[str]) -> list[Found]:
        async with self._pool.connection() as connection:
            names = list(set(asked))
            cursor = await connection.execute(_LOOK_UP, (names, names), prepare=True, binary=True)
            rows = await cursor.fetchall()
        basis = self._ground.basis(sorted(row[:3] for row in rows if row[0] >= 0))
        frame = Balance(positions=basis.position_messages(), recorded_through=basis.recorded_through_message())
        held = {row[3]: row[4:] for row in rows if row[0] == _OF_BALANCES}
        linked = {row[3] for row in rows if row[0] == _OF_LINKS}
        return [Found(basis, frame, held.get(holder), holder in linked) for holder in asked]
