"""How far the past is closed: at time t a partition had n events, and whatever comes later has a record time ≥ t.

The projections know the record time of the last event they applied. While nothing happens that time stands still, and a
question about this morning would wait for ever. The horizon moves it on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ledger.told_errors import told

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 0.5
# The lock waits for an append that has drawn its record time and not yet committed: its event is then counted.
_LOCK: Final = "select position from partition_counters where partition = %b for update"
_CLOCK: Final = "select clock_timestamp()"


class Horizon:
    """Asks the event store twice a second; `known` is the newest answer."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], partitions: int) -> None:
        self._pool = pool
        self._partitions = partitions
        self.known: Mapping[int, tuple[int, datetime]] = {}

    def __call__(self) -> Mapping[int, tuple[int, datetime]]:
        """Partition → (position, time): after this position nothing is recorded earlier than this time."""
        return self.known

    async def look(self) -> None:
        """Ask once."""
        known: dict[int, tuple[int, datetime]] = {}
        async with self._pool.connection() as connection:
            for partition in range(self._partitions):
                # One at a time: locks of several partitions are never held together.
                async with connection.transaction():
                    counter = await (await connection.execute(_LOCK, (partition,), binary=True)).fetchone()
                    clock = await (await connection.execute(_CLOCK, binary=True)).fetchone()
                if counter is not None and clock is not None:
                    known[partition] = (counter[0], clock[0])
        self.known = known

    async def watch(self) -> None:
        """Ask until cancelled. A store that does not answer leaves the horizon where it is, which is always true."""
        while True:
            try:
                await self.look()
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("the horizon stands still: %s", told(error))
            await asyncio.sleep(_EVERY_SECONDS)
