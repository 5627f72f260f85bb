"""Sees to it that what must follow elsewhere does: reads events in order, asks for the commands they make necessary.

Each of them stands once, by its own request id, however often it is asked for. So the position reached is only a hint,
and of several processes it does not matter which one follows: the one that holds the lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ledger import metrics
from ledger.application import Application
from ledger.domain.follow_ups import FOLLOWED, follow_up
from ledger.domain.refusals import Reason, Refusal
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ACTOR, CLIENT, request_id_of
from ledger.lapsing import ClaimLapsing

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 1.0
LAPSE_SECONDS: Final = 60.0
"""Between two looks at the claims whose time may have come."""
POSITIONS_TOGETHER: Final = 20_000
EVENTS_TOGETHER: Final = 500

_LOCK_NUMBER: Final = 0x766F_6C66
_LOCK: Final = "select pg_try_advisory_lock(%b)"
_HEADS: Final = "select partition, position from partition_counters"
_FOLLOWED: Final = "select partition, position from followed"
_EVENTS: Final = """
    select position, body from events
    where partition = %b and position > %b and position <= %b and type = any(%b) order by position limit %b
"""
_REACHED: Final = """
    insert into followed (partition, position) values (%b, %b)
    on conflict (partition) do update set position = excluded.position
"""


class Following:
    """One process's part in following; only one of several is at work at a time."""

    def __init__(self, application: Application, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        """`pool` reaches the event store as the service's role."""
        self._application = application
        self._pool = pool
        self._lapsing = ClaimLapsing(application)

    async def watch(self) -> None:
        """Follow until cancelled; a store that is away is waited for."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await self._follow_while_connected(connection)
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("nothing is followed, trying again: %s", error)
            except Exception:
                log.critical("ALARM: nothing is followed any more", exc_info=True)
                raise
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow_while_connected(self, connection: AsyncConnection[Any]) -> None:
        """The lock is the session's: whoever loses the connection loses it too."""
        row = await (await connection.execute(_LOCK, (_LOCK_NUMBER,))).fetchone()
        if row is None or not row[0]:
            return
        try:
            reached = await self._positions(connection, _FOLLOWED)
            looked_at = -LAPSE_SECONDS
            while True:
                heads = await self._positions(connection, _HEADS)
                for partition, head in heads.items():
                    reached[partition] = await self._follow(connection, partition, reached.get(partition, 0), head)
                if time.monotonic() - looked_at >= LAPSE_SECONDS:
                    await self._lapsing.look(connection, list(heads))
                    looked_at = time.monotonic()
                if all(reached[partition] >= head for partition, head in heads.items()):
                    await asyncio.sleep(EVERY_SECONDS)
        finally:
            # Cancelled or not: the connection goes back to the pool, and the next user must not hold the lock.
            await connection.close()

    async def _positions(self, connection: AsyncConnection[Any], statement: str) -> dict[int, int]:
        rows = await (await connection.execute(statement.encode(), binary=True)).fetchall()
        return dict(rows)

    async def _follow(self, connection: AsyncConnection[Any], partition: int, after: int, head: int) -> int:
        """Some further events of one partition; returns the position reached, which is kept."""
        if after >= head:
            return after
        until = min(head, after + POSITIONS_TOGETHER)
        wanted = (partition, after, until, list(FOLLOWED), EVENTS_TOGETHER)
        rows = await (await connection.execute(_EVENTS, wanted, binary=True)).fetchall()
        for position, body in rows:
            if not await self._do(body):
                until = position - 1
                break
        else:
            until = rows[-1][0] if len(rows) == EVENTS_TOGETHER else until
        if until > after:
            await connection.execute(_REACHED, (partition, until))
        return until

    async def _do(self, body: bytes) -> bool:
        """What follows from one event; False: it is not known yet whether it stands, ask again."""
        recorded = recorded_event(decode(body))
        following = follow_up(recorded)
        if following is None:
            return True
        try:
            await self._application.execute(
                following.command,
                client=CLIENT,
                actor=ACTOR,
                request_id=request_id_of(recorded, following.rule),
                request_body=f"{following.rule} {recorded.event_id}".encode(),
            )
        except Refusal as refusal:
            if refusal.reason is Reason.UNAVAILABLE:
                await asyncio.sleep(EVERY_SECONDS)
                return False
            # All that can refuse it was asked before the event was recorded: somebody must look.
            log.error("%s does not follow from event %s: %s", following.rule, recorded.event_id, refusal)
            metrics.FOLLOW_UPS.labels(following.rule, refusal.reason.name).inc()
            return True
        metrics.FOLLOW_UPS.labels(following.rule, "OK").inc()
        return True
