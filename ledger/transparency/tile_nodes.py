"""The nodes of a tile: its hashes, and above them, level by level, the roots over 2, 4, … of them."""

from __future__ import annotations

from ledger.transparency.failures import Malformed
from ledger.transparency.tree_hash import HASH_BYTES, parents


class TileNodes:
    """A tile's hashes at height 0, and the nodes over them: a level is hashed when it is first asked for, and kept.

    A proof takes several nodes of a tile: level by level they cost 255 hashes together, however many are taken.
    """

    __slots__ = ("_levels",)

    def __init__(self, hashes: bytes) -> None:
        """`hashes` stand one after the other, as the tile is stored."""
        self._levels = [hashes]

    @property
    def hashes(self) -> bytes:
        """The tile itself."""
        return self._levels[0]

    def node(self, height: int, place: int) -> bytes:
        """The root over the 2^height hashes from place · 2^height on. Raises Malformed for a tile of fewer hashes."""
        levels = self._levels
        while len(levels) <= height:
            levels.append(parents(levels[-1]))
        found = levels[height][place * HASH_BYTES : (place + 1) * HASH_BYTES]
        if len(found) != HASH_BYTES:
            least = (place + 1) << height
            raise Malformed("hash tile", f"it must have {least} hashes or more, not {len(levels[0]) // HASH_BYTES}")
        return found
