"""Walking what was signed long ago: the stored bytes are hashed again, a tile at a time, and compared with the tiles.

Adding to a tree reads only its right edge. Without this walk an event edited yesterday would be found by whoever
audits next; with it, by the keeper itself, as soon as the walk comes by.
"""

from __future__ import annotations

import random
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.event_store import read_page
from ledger.log_keeping.log_lane import LogLane
from ledger.log_keeping.stops import StoredBytesChanged, head_in_words, stopping_at_broken_tiles
from ledger.log_keeping.tile_store import Connection
from ledger.transparency.tiles import TILE_BYTES, TILE_WIDTH
from ledger.transparency.tree_hash import HASH_BYTES, leaf_hash, perfect_root

WALK_SECONDS: Final = 0.2
"""Between two tiles of 256 entries, over all partitions: at most 1,280 entries a second."""


class OldEntries:
    """The walk through one partition, round and round."""

    def __init__(self, connection: Connection, lane: LogLane) -> None:
        """It begins anywhere: a keeper that is started often would else look at the first entries only."""
        self._connection = connection
        self._lane = lane
        self._next = random.randrange(lane.signed.size // TILE_WIDTH + 1)

    def walk_on(self) -> None:
        """Look at one tile; behind the last one, at the root, and begin again.

        Raises:
            StoredBytesChanged: an event or a tile is not what was signed; names the position.
            ForkRefused: the tiles no longer give the signed root.
        """
        with stopping_at_broken_tiles(self._lane.partition):
            if self._next * TILE_WIDTH >= self._lane.signed.size:
                self._lane.need_signed_root()
                self._next = 0
            else:
                self._compare_leaves()
                self._next += 1

    def _compare_leaves(self) -> None:
        first = self._next * TILE_WIDTH
        width = min(TILE_WIDTH, self._lane.signed.size - first)
        tile = self._lane.store.read_tile(0, self._next, width)[: width * HASH_BYTES]
        for index, event in enumerate(self._events(first, width)):
            leaf, hashed = tile[index * HASH_BYTES : (index + 1) * HASH_BYTES], leaf_hash(event)
            if hashed != leaf:
                raise self._changed(first + index + 1, f"its bytes hash to {hashed.hex()}, its leaf is {leaf.hex()}")
        self._compare_above(0, self._next, tile)

    def _events(self, first: int, width: int) -> list[bytes]:
        try:
            events = read_page(self._connection, self._lane.partition, first, width)
        except InvariantBroken as broken:
            raise self._changed(first + 1, f"in the {width} events from there: {broken}") from broken
        if len(events) < width:
            raise self._changed(first + len(events) + 1, "it is gone")
        return events

    def _compare_above(self, level: int, index: int, tile: bytes) -> None:
        """A full tile's root stands in the tile above; behind its last one that tile is full too, and so on."""
        while len(tile) == TILE_BYTES:
            place = index % TILE_WIDTH
            above = self._lane.store.read_tile(level + 1, index // TILE_WIDTH, place + 1)[: (place + 1) * HASH_BYTES]
            if above[-HASH_BYTES:] != perfect_root(tile):
                raise StoredBytesChanged(
                    f"partition {self._lane.partition}: hash {place} of tile {index // TILE_WIDTH} at level {level + 1}"
                    f" is not the root of the tile below; {head_in_words(self._lane.signed)} was signed"
                )
            level, index, tile = level + 1, index // TILE_WIDTH, above

    def _changed(self, position: int, how: str) -> StoredBytesChanged:
        partition = self._lane.partition
        return StoredBytesChanged(
            f"partition {partition} position {position}: the stored event is not the one that was signed: {how}; "
            f"{head_in_words(self._lane.signed)} was signed"
        )
