"""Which event does each of these correct? The stored bytes say it: projections carry no more than questions need."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import decode
from volunteer_hours.v1.hours_service_pb2 import Restatement

_BODIES: Final = """
    select e.partition, e.position, e.body from unnest(%b::int[], %b::bigint[]) as wanted (partition, position)
    join events e using (partition, position)
"""


async def fill_corrected(
    pool: AsyncConnectionPool[AsyncConnection[Any]], restatements: Collection[Restatement]
) -> None:
    """Set `corrects` where an event corrects another one.

    `pool` reaches the event store under a role that may read events. Raises InvariantBroken where an event is gone.
    """
    if not restatements:
        return
    partitions = [one.position.partition for one in restatements]
    positions = [one.position.position for one in restatements]
    async with pool.connection() as connection:
        rows = await (await connection.execute(_BODIES, (partitions, positions), binary=True)).fetchall()
    corrected = {(partition, position): decode(body).corrects for partition, position, body in rows}
    for one in restatements:
        place = one.position.partition, one.position.position
        if place not in corrected:
            raise InvariantBroken(f"partition {place[0]}: position {place[1]} is projected and missing")
        one.corrects = corrected[place] or ""
