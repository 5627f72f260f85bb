"""Tiles that were read at once, for the proof that needs them."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.domain.refusals import InvariantBroken
from ledger.transparency.tiles import HashTile


class TilesAtHand:
    """Answers `ledger.transparency.tile_tree` out of memory."""

    def __init__(self, partition: int, tiles: Mapping[HashTile, bytes]) -> None:
        """`tiles` are cut to the width they are asked by."""
        self._partition = partition
        self._tiles = tiles

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The tile. Raises InvariantBroken where a signed size lacks it: its tiles are durable before it is signed."""
        tile = HashTile(level, index, width)
        if tile not in self._tiles:
            raise InvariantBroken(f"partition {self._partition}: {tile.path} of a signed size is missing")
        return self._tiles[tile]
