"""Which subtrees a proof consists of (RFC 6962 sections 2.1.1 and 2.1.2), and which tiles their hashes come from.

A range is a pair (first leaf, leaf after the last); every range here is a subtree of the RFC's recursion.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ledger.transparency.failures import OutOfTree
from ledger.transparency.line_grammar import SIZE_MAX
from ledger.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, HashTile, width_at


class Leaves(NamedTuple):
    """The leaves from `start` on, before `end`."""

    start: int
    end: int


class NodePlace(NamedTuple):
    """Where the root of a perfect subtree is found: the node `place` at a height above the hashes of a tile."""

    level: int
    tile_index: int
    height: int
    place: int


def inclusion_ranges(index: int, size: int) -> list[Leaves]:
    """The subtrees beside the path of a leaf, its sibling first. Raises OutOfTree for an index the tree has not."""
    if not 0 <= index < size <= SIZE_MAX:
        raise OutOfTree(f"a tree of size {size} has no leaf {index}")
    ranges: list[Leaves] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + left_count(end - start)
        if index < middle:
            ranges.append(Leaves(middle, end))
            end = middle
        else:
            ranges.append(Leaves(start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, new_size: int) -> list[Leaves]:
    """The subtrees that show a tree to be the beginning of another; none from size 0 or between equal sizes.

    Raises OutOfTree if the new tree is smaller.
    """
    if not 0 <= old_size <= new_size <= SIZE_MAX:
        raise OutOfTree(f"a tree of size {old_size} is not the beginning of one of size {new_size}")
    if old_size in (0, new_size):
        return []
    ranges: list[Leaves] = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + left_count(end - start)
        if old_size <= middle:
            ranges.append(Leaves(middle, end))
            end = middle
        else:
            ranges.append(Leaves(start, middle))
            start = middle
    # From leaf 0 on this subtree is the old tree itself: the verifier knows its root.
    if start:
        ranges.append(Leaves(start, end))
    return ranges[::-1]


def places_of(leaves: Leaves) -> list[NodePlace]:
    """The perfect subtrees of a range, from left to right: one, or the falling run of them at a tree's right edge."""
    places: list[NodePlace] = []
    start, rest = leaves
    rest -= start
    while rest:
        height = rest.bit_length() - 1
        level, above = divmod(height, TILE_HEIGHT)
        tile_index, hash_in_tile = divmod(start >> (TILE_HEIGHT * level), TILE_WIDTH)
        places.append(NodePlace(level, tile_index, above, hash_in_tile >> above))
        start += 1 << height
        rest -= 1 << height
    return places


def tiles_of_ranges(ranges: Iterable[Leaves], stored_size: int) -> list[HashTile]:
    """The tiles that a proof of these subtrees needs, each once, in the order of paths, as wide as at `stored_size`."""
    needed = {place[:2] for leaves in ranges for place in places_of(leaves)}
    return [HashTile(level, index, width_at(level, index, stored_size)) for level, index in sorted(needed)]


def left_count(count: int) -> int:
    """How many of so many leaves the left subtree has: the largest power of two below (RFC 6962 section 2.1)."""
    return 1 << ((count - 1).bit_length() - 1)
