"""Tiles in memory: those that were read for a proof, and those that nearly every proof goes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from ledger.domain.refusals import InvariantBroken
from ledger.transparency.tile_nodes import TileNodes
from ledger.transparency.tiles import HashTile
from ledger.transparency.tree_hash import HASH_BYTES

KEPT_MAX: Final = 1_024
"""With the nodes inside them at most 16 KiB each; a log of 67 million events has so many full ones."""

TilePlace: TypeAlias = tuple[int, int, int]
"""Partition, level and index of a tile."""


class TilesAtHand:
    """Answers `ledger.transparency.tile_tree.subtree_roots` for one partition."""

    def __init__(self, partition: int, wanted: Iterable[HashTile], known: Mapping[TilePlace, TileNodes]) -> None:
        """`known` has the tiles that are stored, also those of others."""
        self._partition = partition
        self._wanted = wanted
        self._known = known

    def nodes(self, level: int, index: int) -> TileNodes:
        """The tile. Raises InvariantBroken where a signed size lacks it: its tiles are durable before it is signed."""
        nodes = self._known.get((self._partition, level, index))
        if nodes is None:
            path = next(tile.path for tile in self._wanted if (tile.level, tile.index) == (level, index))
            raise InvariantBroken(f"partition {self._partition}: {path} of a signed size is missing")
        return nodes


class KeptTiles:
    """Tiles of the upper levels, those that were used last: few, and nearly every proof goes through one of them.

    A hash in a tile never changes, so what is kept is never stale. Those of level 0 are 256 times as many: they are
    read each time.
    """

    def __init__(self) -> None:
        self._kept: dict[TilePlace, TileNodes] = {}

    def get(self, place: TilePlace, width: int) -> TileNodes | None:
        """The tile, if it is kept with so many hashes or more."""
        nodes = self._kept.get(place)
        if nodes is None or len(nodes.hashes) < width * HASH_BYTES:
            return None
        # The last one now.
        self._kept[place] = self._kept.pop(place)
        return nodes

    def keep(self, place: TilePlace, nodes: TileNodes) -> None:
        """Keep a tile, unless it is of level 0; the one that was not used for the longest time goes."""
        if place[1] == 0:
            return
        self._kept.pop(place, None)
        self._kept[place] = nodes
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
