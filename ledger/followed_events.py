"""The loop of whoever follows events of some types: in order, one process at a time, the position kept.

The position is only a hint: what follows stands once by its own request id, however often it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, LiteralString, TypeAlias

from psycopg import sql

from ledger.one_follower import (
    EVENTS_TOGETHER,
    POSITIONS_TOGETHER,
    Connection,
    Pool,
    events_of,
    follow_alone,
    heads,
)
from ledger.projections.basis import NotYetApplied

EVERY_SECONDS: Final = 0.3
StoredRow: TypeAlias = tuple[int, bytes]
"""Position and stored bytes."""
Do: TypeAlias = Callable[[Connection, int, int, Sequence[StoredRow]], Awaitable[bool]]
"""Some events of a partition, of all up to a position; False: they are not done with, look again.

May raise NotYetApplied: the projections of this partition are behind; those of others may not be."""


class FollowedEvents:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, pool: Pool, *, what: str, lock_number: int, table: LiteralString, types: Sequence[str]) -> None:
        """`pool` reaches the event store as the service's role; `table` keeps partition and position.

        `what` is followed, for the log.
        """
        self._pool = pool
        self._what = what
        self._lock_number = lock_number
        self._types = types
        self._followed = sql.SQL("select partition, position from {}").format(sql.Identifier(table))
        self._reached = sql.SQL(
            "insert into {} (partition, position) values (%b, %b)"
            " on conflict (partition) do update set position = excluded.position"
        ).format(sql.Identifier(table))

    async def watch(self, do: Do) -> None:
        """Follow until cancelled; a database that is away is waited for."""

        async def follow(connection: Connection) -> None:
            await self._follow_while_connected(connection, do)

        await follow_alone(self._pool, self._lock_number, self._what, follow)

    async def _follow_while_connected(self, connection: Connection, do: Do) -> None:
        reached = dict(await (await connection.execute(self._followed, binary=True)).fetchall())
        while True:
            moved = False
            for partition, head in (await heads(connection)).items():
                after = reached.get(partition, 0)
                try:
                    reached[partition] = await self._follow(connection, partition, after, head, do)
                except NotYetApplied:
                    continue
                moved = moved or reached[partition] > after
            if not moved:
                await asyncio.sleep(EVERY_SECONDS)

    async def _follow(self, connection: Connection, partition: int, after: int, head: int, do: Do) -> int:
        """Some further events of one partition; returns the position reached, which is kept."""
        if after >= head:
            return after
        until = min(head, after + POSITIONS_TOGETHER)
        rows = await events_of(connection, partition, after, until, self._types)
        if len(rows) == EVENTS_TOGETHER:
            until = rows[-1][0]
        if rows and not await do(connection, partition, until, rows):
            return after
        await connection.execute(self._reached, (partition, until))
        return until
