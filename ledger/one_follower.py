"""Of several processes that could follow the same events one does: the one whose session holds a lock of the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ledger.told_errors import told

log = logging.getLogger(__name__)

Connection: TypeAlias = AsyncConnection[Any]
Pool: TypeAlias = AsyncConnectionPool[Connection]

RETRY_SECONDS: Final = 1.0
POSITIONS_TOGETHER: Final = 20_000
"""Looked through at once at most; where what is looked for is rare, the position kept moves on all the same."""
EVENTS_TOGETHER: Final = 500
_LOCK: Final = "select pg_try_advisory_lock(%b)"
_HEADS: Final = "select partition, position from partition_counters"
_EVENTS: Final = """
    select position, body from events
    where partition = %b and position > %b and position <= %b and type = any(%b) order by position limit %b
"""


async def follow_alone(
    pool: Pool, lock_number: int, what: str, follow: Callable[[Connection], Awaitable[None]]
) -> None:
    """Run `follow` with a connection that holds the lock, until cancelled; a database that is away is waited for.

    `what` is followed, for the log. Raises what `follow` raises beyond psycopg.Error and PoolTimeout.
    """
    while True:
        try:
            async with pool.connection() as connection:
                await _follow_locked(connection, lock_number, follow)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("%s: not followed, trying again: %s", what, told(error))
        except Exception:
            log.critical("ALARM: %s: not followed any more", what, exc_info=True)
            raise
        await asyncio.sleep(RETRY_SECONDS)


async def _follow_locked(
    connection: Connection, lock_number: int, follow: Callable[[Connection], Awaitable[None]]
) -> None:
    """The lock is the session's: whoever loses the connection loses it too."""
    row = await (await connection.execute(_LOCK, (lock_number,))).fetchone()
    if row is None or not row[0]:
        return
    try:
        await follow(connection)
    finally:
        # Cancelled or not: the connection goes back to the pool, and the next user must not hold the lock.
        await connection.close()


async def heads(connection: Connection) -> Mapping[int, int]:
    """Partition → the last position recorded."""
    return dict(await (await connection.execute(_HEADS, binary=True)).fetchall())


async def events_of(
    connection: Connection, partition: int, after: int, until: int, types: Sequence[str]
) -> Sequence[tuple[int, bytes]]:
    """(position, stored bytes) of the first EVENTS_TOGETHER events of these types behind `after`, up to `until`."""
    wanted = (partition, after, until, list(types), EVENTS_TOGETHER)
    return await (await connection.execute(_EVENTS, wanted, binary=True)).fetchall()
