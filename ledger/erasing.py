"""Destroys the keys of who was erased: reads the events that say so in order, and destroys what they told of.

The event stands first, so whatever ends us in between, the next one who looks finishes it. How far this has got lies in
the database of the keys itself: an older copy of it, restored, knows an older position, and the keys that came back
with it are destroyed once more.
"""

from __future__ import annotations

import asyncio
from typing import Final

from ledger.access.person_keys import PersonKeys
from ledger.one_follower import POSITIONS_TOGETHER, Connection, Pool, follow_alone, heads

EVERY_SECONDS: Final = 0.2

_LOCK_NUMBER: Final = 0x766F_6C65
_ERASED: Final = """
    select stream from events
    where partition = %b and position > %b and position <= %b and type in ('volunteer-erased', 'member-erased')
    order by position
"""


class Erasing:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, event_pool: Pool, person_keys: PersonKeys) -> None:
        self._pool = event_pool
        self._person_keys = person_keys

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        await follow_alone(self._pool, _LOCK_NUMBER, "erasures", self._follow_while_connected)

    async def _follow_while_connected(self, connection: Connection) -> None:
        reached = await self._person_keys.erasures_followed()
        while True:
            recorded = await heads(connection)
            for partition, head in recorded.items():
                # A store restored to an earlier end gives these positions to other events, erasures among them.
                after = min(reached.get(partition, 0), head)
                reached[partition] = await self._follow(connection, partition, after, head)
            if all(reached[partition] >= head for partition, head in recorded.items()):
                await asyncio.sleep(EVERY_SECONDS)

    async def _follow(self, connection: Connection, partition: int, after: int, head: int) -> int:
        if after >= head:
            return after
        until = min(head, after + POSITIONS_TOGETHER)
        rows = await (await connection.execute(_ERASED, (partition, after, until), binary=True)).fetchall()
        await self._person_keys.destroy([row[0] for row in rows], partition, until)
        return until
