"""Where two trees of one size first differ: from the highest tiles down to the leaf, at most two tiles a level."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ledger.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, HashTile, width_at
from ledger.transparency.tree_hash import HASH_BYTES

ReadTile: TypeAlias = Callable[[HashTile], bytes]


def first_different_leaf(size: int, one: ReadTile, other: ReadTile) -> int | None:
    """The index of the first leaf in which two trees differ; None if every tile looked at is the same."""
    levels = 0
    while size >> (TILE_HEIGHT * levels):
        levels += 1
    # The last tile of a level stands under no full tile above, and to the right of all that do.
    for level in range(levels - 1, -1, -1):
        index = size >> (TILE_HEIGHT * (level + 1))
        width = width_at(level, index, size)
        found = _different_hash(HashTile(level, index, width), one, other) if width else None
        while found is not None and level:
            level -= 1
            found = _different_hash(HashTile(level, found), one, other)
        if found is not None:
            return found
    return None


def _different_hash(tile: HashTile, one: ReadTile, other: ReadTile) -> int | None:
    """The index, in its level, of the first hash that differs."""
    ours, theirs = one(tile), other(tile)
    for at in range(tile.width):
        place = slice(at * HASH_BYTES, (at + 1) * HASH_BYTES)
        if ours[place] != theirs[place]:
            return tile.index * TILE_WIDTH + at
    return None
