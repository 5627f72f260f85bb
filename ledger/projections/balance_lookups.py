"""What has a holder now? Many callers' questions in one statement: asked alone, each costs the server twice as much.

While one statement is under way the next ones gather. When the last statement had company the next one waits a moment
for more; a caller who is alone is never kept waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import psycopg

from ledger.projections.basis import Basis, Ground, ReadPool
from volunteer_hours.v1.hours_service_pb2 import Balance

log = logging.getLogger(__name__)

COMPANY_SECONDS: Final = 0.002
COMPANY_ENOUGH: Final = 100
LOOKUPS_MAX: Final = 1_000
"""Of one statement."""

# One statement is one snapshot: the balances are what the entries up to these positions add up to.
_LOOK_UP: Final = """
    select partition, position, recorded_at, null::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
           0::bigint, 0::bigint
    from positions
    union all
    select -1, 0, null, holder, entry_count, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds,
           withheld_seconds, reversed_seconds
    from balances where holder = any(%b)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A holder's balance and what it rests on."""

    basis: Basis
    frame: Balance
    """The part that all answers of one statement share: positions, and how far the past is closed."""
    sums: Sequence[int] | None
    """Count of entries, then seconds by class; None when the holder has no balance."""


Asked: TypeAlias = tuple[str, asyncio.Future[Found]]


class BalanceLookups:
    """The present balances of one read database, for all callers of this process."""

    def __init__(self, pool: ReadPool, ground: Ground) -> None:
        self._pool = pool
        self._ground = ground
        self._waiting: list[Asked] = []
        self._task: asyncio.Task[None] | None = None
        self._last_size = 1

    async def find(self, holder: str) -> Found:
        """The holder's balance at a moment after this call. Raises psycopg.Error or PoolTimeout."""
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((holder, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="balance-lookups")
        return await answer

    async def _serve(self) -> None:
        """Look up until nobody waits. There is no await between the last look and the task's end."""
        while self._waiting:
            if self._last_size > 1 and len(self._waiting) < COMPANY_ENOUGH:
                await asyncio.sleep(COMPANY_SECONDS)
            asked, self._waiting = self._waiting[:LOOKUPS_MAX], self._waiting[LOOKUPS_MAX:]
            self._last_size = len(asked)
            try:
                await self._look_up(asked)
            except psycopg.Error as error:
                _fail(asked, error)
            except Exception as error:
                log.exception("%d balances cannot be looked up", len(asked))
                _fail(asked, error)
        self._task = None

    async def _look_up(self, asked: Sequence[Asked]) -> None:
        async with self._pool.connection() as connection:
            holders = list({holder for holder, _ in asked})
            cursor = await connection.execute(_LOOK_UP, (holders,), prepare=True, binary=True)
            rows = await cursor.fetchall()
        basis = self._ground.basis(sorted(row[:3] for row in rows if row[0] >= 0))
        frame = Balance(positions=basis.position_messages(), recorded_through=basis.recorded_through_message())
        held = {row[3]: row[4:] for row in rows if row[0] < 0}
        for holder, answer in asked:
            if not answer.done():
                answer.set_result(Found(basis, frame, held.get(holder)))


def _fail(asked: Sequence[Asked], error: Exception) -> None:
    for _, answer in asked:
        if not answer.done():
            answer.set_exception(error)
