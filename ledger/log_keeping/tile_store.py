"""Tiles and checkpoints of one partition in the event store, as role ledger_log_keeper.

A tile once written never changes: writing it again must give the same bytes. A partial tile goes when its full tile is
there, in one transaction, so a reader finds one of the two at any moment (C2SP tlog-tiles, Partial tiles).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import psycopg
from psycopg.rows import TupleRow

from ledger.log_keeping.stops import AnotherKeeper, StoredBytesChanged
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.tiles import TILE_WIDTH, EntryBundle, HashTile, parse_path

Connection: TypeAlias = psycopg.Connection[TupleRow]

_READ_SQL: Final = """
    select hashes from log_tiles
    where partition = %b and level = %b and tile_index = %b and width >= %b order by width limit 1
"""
_SIZE_SQL: Final = """
    select tile_index, width from log_tiles
    where partition = %b and level = 0 order by tile_index desc, width desc limit 1
"""
# The select sees the table as it was before the insert: the tiles that were there, and are others.
_WRITE_SQL: Final = """
    with given as (
        select level, tile_index, width, hashes from unnest(
            %(levels)b::smallint[], %(indexes)b::bigint[], %(widths)b::smallint[], %(hashes)b::bytea[]
        ) as given (level, tile_index, width, hashes)
    ), added as (
        insert into log_tiles (partition, level, tile_index, width, hashes)
        select %(partition)b, level, tile_index, width, hashes from given
        on conflict do nothing
    )
    select level, tile_index, width from given join log_tiles as held using (level, tile_index, width)
    where held.partition = %(partition)b and held.hashes <> given.hashes
    order by level, tile_index, width
"""
_DROP_PARTIAL_SQL: Final = """
    delete from log_tiles as partial
    using unnest(%(levels)b::smallint[], %(indexes)b::bigint[]) as whole (level, tile_index)
    where partial.partition = %(partition)b and partial.width < 256
      and partial.level = whole.level and partial.tile_index = whole.tile_index
"""
_NEWEST_SQL: Final = """
    select size, root, checkpoint from log_checkpoints where partition = %b order by size desc limit 1
"""
_PUBLISH_SQL: Final = "insert into log_checkpoints (partition, size, root, checkpoint) values (%b, %b, %b, %b)"
_ADD_SQL: Final = """
    update log_checkpoints set checkpoint = %b where partition = %b and size = %b and checkpoint = %b
"""


@dataclass(frozen=True, slots=True)
class Published:
    """A row of log_checkpoints: what everybody may have seen. Unverified."""

    size: int
    root: bytes
    note: bytes


class TileStore:
    """One partition's tiles and checkpoints, over an autocommit connection."""

    def __init__(self, connection: Connection, partition: int) -> None:
        """Nothing is read yet."""
        self._connection = connection
        self._partition = partition

    def size(self) -> int:
        """How many leaves have tiles; more than were signed, if the keeper crashed in between."""
        row = self._connection.execute(_SIZE_SQL, (self._partition,)).fetchone()
        return 0 if row is None else int(row[0]) * TILE_WIDTH + int(row[1])

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The tile, or a wider one: it begins with the same hashes.

        Raises:
            StoredBytesChanged: it is not there.
        """
        cursor = self._connection.cursor(binary=True)
        row = cursor.execute(_READ_SQL, (self._partition, level, index, width)).fetchone()
        if row is None:
            path = HashTile(level, index, width).path
            raise StoredBytesChanged(f"partition {self._partition}: the tile {path} is missing")
        return bytes(row[0])

    def write_tiles(self, tiles: Mapping[str, bytes]) -> None:
        """Write tiles by path and drop the partial ones that became full, in one transaction, durable on return.

        Raises:
            StoredBytesChanged: a tile that was there has other hashes; nothing is written.
        """
        placed = [(_hash_tile(path), hashes) for path, hashes in tiles.items()]
        full = [tile for tile, _ in placed if tile.width == TILE_WIDTH]
        with self._connection.transaction():
            other = self._connection.execute(
                _WRITE_SQL,
                {
                    "partition": self._partition,
                    "levels": [tile.level for tile, _ in placed],
                    "indexes": [tile.index for tile, _ in placed],
                    "widths": [tile.width for tile, _ in placed],
                    "hashes": [hashes for _, hashes in placed],
                },
            ).fetchone()
            if other is not None:
                path = HashTile(int(other[0]), int(other[1]), int(other[2])).path
                raise StoredBytesChanged(
                    f"partition {self._partition}: the events hash to another tile {path} than the stored one"
                )
            if full:
                places = {"levels": [tile.level for tile in full], "indexes": [tile.index for tile in full]}
                self._connection.execute(_DROP_PARTIAL_SQL, {"partition": self._partition, **places})

    def newest_checkpoint(self) -> Published | None:
        """What was published last."""
        cursor = self._connection.cursor(binary=True)
        row = cursor.execute(_NEWEST_SQL, (self._partition,)).fetchone()
        return None if row is None else Published(int(row[0]), bytes(row[1]), bytes(row[2]))

    def insert_checkpoint(self, head: Checkpoint, note: bytes) -> None:
        """Publish: MUST be remembered by the signer before. Raises psycopg.Error if its size was published already."""
        self._connection.execute(_PUBLISH_SQL, (self._partition, head.size, head.root, note))

    def add_cosignatures(self, head: Checkpoint, before: bytes, note: bytes) -> None:
        """Give a published checkpoint the cosignatures that came later, by compare-and-swap.

        Raises:
            AnotherKeeper: it is not what this process published.
        """
        added = self._connection.execute(_ADD_SQL, (note, self._partition, head.size, before))
        if added.rowcount != 1:
            raise AnotherKeeper(
                f"partition {self._partition}: the published checkpoint of size {head.size} is not the one that was "
                "published here: another keeper is at work"
            )


def anything_published(connection: Connection) -> bool:
    """Whether the database holds a checkpoint of any partition."""
    return connection.execute("select from log_checkpoints limit 1").fetchone() is not None


def _hash_tile(path: str) -> HashTile:
    tile = parse_path(path)
    if isinstance(tile, EntryBundle):
        raise TypeError(f"{path} is an entry bundle: entries are stored as events only")
    return tile
