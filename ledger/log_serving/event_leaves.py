"""The leaf hashes of events, for those who hold entries against the log and the balance map.

They are hashed from the stored bytes when they are asked for: so projections carry nothing of the log, and an event
that was edited shows another hash than the one that was signed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken
from volunteer_hours.v1.hours_service_pb2 import Entry

_LEAVES: Final = r"""
    select position, sha256('\x00'::bytea || body) from events where partition = %b and position = any(%b::bigint[])
"""


async def fill_leaf_hashes(pool: AsyncConnectionPool[AsyncConnection[Any]], entries: Collection[Entry]) -> None:
    """Set `event_leaf_hash` of entries of one holder, which all lie in one partition.

    `pool` reaches the event store under a role that may read events. Raises InvariantBroken where an event is gone.
    """
    if not entries:
        return
    partition = next(iter(entries)).position.partition
    positions = sorted({entry.position.position for entry in entries})
    async with pool.connection() as connection:
        rows = await (await connection.execute(_LEAVES, (partition, positions), binary=True)).fetchall()
    leaves = dict(rows)
    for entry in entries:
        if entry.position.position not in leaves:
            raise InvariantBroken(f"partition {partition}: position {entry.position.position} is projected and missing")
        entry.event_leaf_hash = leaves[entry.position.position]
