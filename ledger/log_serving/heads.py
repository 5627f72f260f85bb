"""The heads of all partitions' logs at once: what an answer that is signed rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.log_serving.log_lookups import StoredCheckpoint

_HEADS: Final = """
    select asked.partition, head.size, head.root, head.checkpoint, last.recorded_at
    from unnest(%b::integer[], %b::bigint[]) as asked (partition, size)
    cross join lateral (
        select size, root, checkpoint from log_checkpoints
        where partition = asked.partition and (asked.size is null or size = asked.size) order by size desc limit 1
    ) as head
    left join events as last on last.partition = asked.partition and last.position = head.size
"""


@dataclass(frozen=True, slots=True)
class Head:
    """One partition's."""

    checkpoint: StoredCheckpoint
    recorded_at: datetime | None
    """Record time of the last event it holds; None for an empty log."""


async def newest_heads(pool: AsyncConnectionPool[AsyncConnection[Any]], partitions: int) -> dict[int, Head]:
    """The newest checkpoint of each partition; one where nothing was signed yet is missing."""
    return await _heads(pool, dict.fromkeys(range(partitions)))


async def heads_of_sizes(pool: AsyncConnectionPool[AsyncConnection[Any]], sizes: Mapping[int, int]) -> dict[int, Head]:
    """The checkpoints of exactly these sizes; one that was never signed is missing."""
    return await _heads(pool, sizes)


async def _heads(pool: AsyncConnectionPool[AsyncConnection[Any]], asked: Mapping[int, int | None]) -> dict[int, Head]:
    async with pool.connection() as connection:
        cursor = await connection.execute(_HEADS, (list(asked), list(asked.values())), prepare=True, binary=True)
        rows = await cursor.fetchall()
    return {row[0]: Head(StoredCheckpoint(row[1], row[2], row[3]), row[4]) for row in rows}
