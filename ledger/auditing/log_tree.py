"""Check: the transparency log's tiles and roots follow from the events as they are stored now.

Every stored event is hashed again and the whole tree is made anew beside the walk by position: each hash of each tile
is compared, and the root at the size of each checkpoint. An event that was changed after it was signed differs here
even if every column, key, projection and topic record was changed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.signed_heads import PLACE as HEADS
from ledger.auditing.signed_heads import SignedHeads
from ledger.auditing.snapshots import Database
from ledger.auditing.stored_page import StoredPage
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.tile_tree import RightEdge
from ledger.transparency.tiles import TILE_HEIGHT, HashTile, parse_path, width_at
from ledger.transparency.tree_hash import HASH_BYTES, leaf_hashes

PLACE: Final = "log tiles"
_HELD: Final = """
    select held.level, held.tile_index, held.width, held.hashes
    from unnest(%b::smallint[], %b::bigint[]) as wanted (level, tile_index)
    join log_tiles as held using (level, tile_index)
    where held.partition = %b order by 1, 2, 3
"""
_OUTERMOST: Final = "select min(partition), max(partition) from {}"
_BEYOND: Final = """
    select level, tile_index, width from log_tiles
    where partition = %b and tile_index >= ((%b::bigint >> (8 * level)) + 255) / 256 order by 1, 2, 3 limit 10
"""


class LogTreeCheck:
    """The tree of one partition, grown anew."""

    def __init__(self, store: Database, partition: int, heads: SignedHeads, report: Report) -> None:
        self._store = store
        self._partition = partition
        self._heads = heads
        self._report = report
        self._edge = RightEdge()
        self._is_whole = True
        self._forked: set[str] = set()

    def page(self, page: StoredPage) -> None:
        """Grow by these events."""
        if not self._is_whole:
            return
        if len(page.events) != page.last - page.first + 1:
            # The missing ones are findings of the store already; a tree with a hole in it says nothing.
            self._is_whole = False
            self._report.note(f"log, partition {self._partition}: not looked at behind position {page.first - 1}")
            return
        leaves = leaf_hashes([event.body for event in page.events])
        full: dict[HashTile, bytes] = {}
        for place, head in self._heads.up_to(page.last):
            self._grow(leaves[self._edge.size - page.first + 1 : head.size - page.first + 1], full)
            self._compare_root(place, head)
        self._grow(leaves[self._edge.size - page.first + 1 :], full)
        self._compare_tiles(full)

    def end(self) -> None:
        """The partial tiles at the right edge, and whatever lies behind it."""
        if not self._is_whole:
            return
        size = self._edge.size
        for place, head in self._heads.up_to(size):
            self._compare_root(place, head)  # of a partition without events: the empty tree
        self._heads.end(size)
        edge = {
            HashTile(level, size >> (TILE_HEIGHT * (level + 1)), len(row) // HASH_BYTES): row
            for level, row in enumerate(self._edge.rows)
            if row
        }
        self._compare_tiles(edge)
        for level, index, width in self._store.execute(_BEYOND, (self._partition, size)).fetchall():
            where = Where(PLACE, self._partition, row=HashTile(level, index, width).path)
            self._report.differs(where, "row", f"none behind position {size}", "there")
        newest = self._heads.newest_size
        told = "nothing is signed yet" if newest is None else f"positions 1..{newest} are signed"
        self._report.note(f"log, partition {self._partition}: {told}")

    def _grow(self, leaves: Sequence[bytes], full: dict[HashTile, bytes]) -> None:
        growth = self._edge.grown(leaves)
        self._edge = growth.edge
        for path, hashes in growth.tiles.items():
            tile = parse_path(path)
            if isinstance(tile, HashTile) and HashTile(tile.level, tile.index) == tile:
                full[tile] = hashes

    def _compare_root(self, place: str, head: Checkpoint) -> None:
        root = self._edge.root()
        # One that differs makes all later ones differ: the first says where to look.
        if root != head.root and place not in self._forked:
            self._forked.add(place)
            self._report.differs(Where(place, self._partition, head.size or None), "root", root, head.root)

    def _compare_tiles(self, made: dict[HashTile, bytes]) -> None:
        places = {(tile.level, tile.index): hashes for tile, hashes in made.items()}
        if not places:
            return
        levels, indexes = [level for level, _ in places], [index for _, index in places]
        wider: dict[tuple[int, int], int] = {}
        cursor = self._store.cursor(binary=True).execute(_HELD, (levels, indexes, self._partition))
        for level, index, width, hashes in cursor.fetchall():
            wider[level, index] = width
            self._compare_tile(HashTile(level, index, width), bytes(hashes), places[level, index])
        self._missing(places, wider)

    def _compare_tile(self, tile: HashTile, held: bytes, made: bytes) -> None:
        for at in range(tile.width):
            found, expected = _hash_at(held, at), _hash_at(made, at)
            if found != expected:
                position = tile.index * 256 + at + 1 if tile.level == 0 else None
                where = Where(PLACE, self._partition, position, f"{tile.path} hash {at}")
                self._report.differs(where, "hash", expected or "none: the store ends before it", found)

    def _missing(self, places: Iterable[tuple[int, int]], wider: dict[tuple[int, int], int]) -> None:
        """Tiles of a signed size must be there, as wide as it has them or wider."""
        signed = min(self._heads.newest_size or 0, self._edge.size)
        for level, index in places:
            needed = width_at(level, index, signed)
            if wider.get((level, index), 0) < needed:
                where = Where(PLACE, self._partition, row=HashTile(level, index, needed).path)
                self._report.differs(where, "row", "there", "missing")


def check_no_stranger(store: Database, partitions: int, report: Report) -> None:
    """No tile or checkpoint lies in a partition that the ledger has not, where no walk would meet it."""
    for place in (PLACE, HEADS):
        row = store.execute(_OUTERMOST.format(place.replace(" ", "_")).encode()).fetchone()
        for partition in {one for one in row or () if one is not None and not 0 <= one < partitions}:
            report.differs(Where(place, partition), "partition", f"0 to {partitions - 1}", partition)


def _hash_at(hashes: bytes, at: int) -> bytes:
    return hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]
