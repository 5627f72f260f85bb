"""What does the log hold now? Tiles and newest checkpoints, for all callers of this process in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.gathered_lookups import GatheredLookups
from ledger.log_serving.tiles_at_hand import KeptTiles, TilePlace, TilesAtHand
from ledger.transparency.tile_nodes import TileNodes
from ledger.transparency.tiles import HashTile

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]

# One statement is one snapshot: the tiles of the newest checkpoint are there, since they were durable before it.
# A partial tile may be gone once a wider one is there; the wider one begins with the same hashes.
_LOOK_UP: Final = """
    select newest.partition, -1, newest.size, newest.root, newest.checkpoint
    from unnest(%b::integer[]) as asked (partition)
    cross join lateral (
        select partition, size, root, checkpoint from log_checkpoints
        where partition = asked.partition order by size desc limit 1
    ) as newest
    union all
    select wanted.partition, wanted.level, wanted.tile_index, stored.hashes, null
    from unnest(%b::integer[], %b::integer[], %b::bigint[], %b::integer[])
        as wanted (partition, level, tile_index, width)
    cross join lateral (
        select hashes from log_tiles
        where partition = wanted.partition and level = wanted.level and tile_index = wanted.tile_index
          and width >= wanted.width
        order by width limit 1
    ) as stored
"""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as it was signed."""

    size: int
    root: bytes
    note: bytes
    """The signed note, verbatim."""

    @property
    def origin(self) -> bytes:
        """The first line of the note: which log it is."""
        return self.note.partition(b"\n")[0]


@dataclass(frozen=True, slots=True)
class InLog:
    """What was found in the log of a partition."""

    newest: StoredCheckpoint | None
    """None where nothing was signed yet."""
    tiles: TilesAtHand


Asked: TypeAlias = tuple[int, Sequence[HashTile]]
"""Partition and tiles."""


class LogLookups:
    """The logs of all partitions in one event store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept = KeptTiles()
        self._origins: dict[int, bytes] = {}
        self._gathered = GatheredLookups("parts of the log", self._look_up)

    async def find(self, partition: int, tiles: Sequence[HashTile]) -> InLog:
        """Tiles of a partition, each as wide as asked for or wider, and its newest checkpoint.

        All of it as of a moment after this call. Raises psycopg.Error or PoolTimeout.
        """
        return await self._gathered.find((partition, tiles))

    async def _look_up(self, asked: Sequence[Asked]) -> list[InLog]:
        widths: dict[TilePlace, int] = {}
        for partition, tiles in asked:
            for tile in tiles:
                place = (partition, tile.level, tile.index)
                widths[place] = max(tile.width, widths.get(place, 0))
        partitions = list({partition for partition, _ in asked})
        known = {place: nodes for place, width in widths.items() if (nodes := self._kept.get(place, width))}
        newest = await self._read(partitions, widths, known)
        origins = {partition: checkpoint.origin for partition, checkpoint in newest.items()}
        if any(self._origins.get(partition, origin) != origin for partition, origin in origins.items()):
            # Another log stands in the tables: the owner began a new one, and no tile of the old one is in it.
            self._kept, known = KeptTiles(), {}
            newest = await self._read(partitions, widths, known)
        self._origins.update(origins)
        return [InLog(newest.get(partition), TilesAtHand(partition, tiles, known)) for partition, tiles in asked]

    async def _read(
        self, partitions: list[int], widths: Mapping[TilePlace, int], known: dict[TilePlace, TileNodes]
    ) -> dict[int, StoredCheckpoint]:
        """The newest checkpoints; tiles that are not known yet become so, and are kept if they are of use again."""
        unknown = [(*place, width) for place, width in widths.items() if place not in known]
        columns = [list(column) for column in zip(*unknown, strict=True)] or [[], [], [], []]
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_LOOK_UP, (partitions, *columns), prepare=True, binary=True)
            rows = await cursor.fetchall()
        newest: dict[int, StoredCheckpoint] = {}
        for partition, level, number, hashes, note in rows:
            if note is not None:
                newest[partition] = StoredCheckpoint(number, hashes, note)
            else:
                known[partition, level, number] = nodes = TileNodes(hashes)
                self._kept.keep((partition, level, number), nodes)
        return newest
