"""Which accesses name a person: rows beside the events, made from them by the database itself.

They follow behind, and every question brings them up to date first: what was recorded before it is in its answer.
Whoever does it holds the row that says how far they are made, so no event is taken twice and none is passed over.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

log = logging.getLogger(__name__)

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]

EVERY_SECONDS: Final = 5.0
"""How long rows may wait for a question: the more there are, the longer it would wait for them."""
EVENTS_TOGETHER: Final = 5_000

_HEADS: Final = "select partition, position from partition_counters order by partition"
_BEGIN: Final = "insert into access_persons_made values (%b, 0) on conflict do nothing"
_MADE: Final = "select position from access_persons_made where partition = %b for update"
_MAKE: Final = """
    insert into access_persons (volunteer, partition, position)
    select distinct named.volunteer, events.partition, events.position
    from events,
        jsonb_array_elements_text(convert_from(body, 'UTF8')::jsonb #> '{data,volunteers}') as named (volunteer)
    where partition = %b and position > %b and position <= %b and type = 'hours-read'
"""
_MOVE_ON: Final = "update access_persons_made set position = %b where partition = %b"


class AccessPersons:
    """The rows of one ledger of accesses."""

    def __init__(self, pool: Pool) -> None:
        """`pool` is of its database, as the service's role; its connections commit by themselves."""
        self._pool = pool

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await self.bring_up_to_date(connection)
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("persons of accesses: not followed, trying again: %s", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def bring_up_to_date(self, connection: AsyncConnection[Any]) -> dict[int, int]:
        """Make the rows of all events recorded by now; gives where each partition ended."""
        heads: dict[int, int] = dict(await (await connection.execute(_HEADS, binary=True)).fetchall())
        for partition, head in heads.items():
            while await self._make(connection, partition, head) < head:
                pass
        return heads

    async def _make(self, connection: AsyncConnection[Any], partition: int, head: int) -> int:
        """The rows of some events more; gives the position reached."""
        async with connection.transaction():
            await connection.execute(_BEGIN, (partition,))
            row = await (await connection.execute(_MADE, (partition,))).fetchone()
            made = 0 if row is None else int(row[0])
            if made >= head:
                return made
            until = min(head, made + EVENTS_TOGETHER)
            await connection.execute(_MAKE, (partition, made, until))
            await connection.execute(_MOVE_ON, (until, partition))
        return until
