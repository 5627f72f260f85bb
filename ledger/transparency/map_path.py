"""The way from the root along the bits of a key, to its leaf or to where it would be, read from pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.transparency.balance_map import ROOT_PATH, PageReader, read_checked
from ledger.transparency.holder_key import KEY_BYTES
from ledger.transparency.map_hash import EMPTY, Subtree, bit_of, fold, leaf_hash, numbers_of, subtree_of
from ledger.transparency.map_page import LEVELS, LeavesPage, Page, SubtreesPage

CHECKED_PAGES_MAX: Final = 1_024
"""Remembered, with some 2 KB each."""


@dataclass(frozen=True, slots=True)
class MapPath:
    """Where the way along a key ends, and what it passes."""

    siblings: tuple[bytes, ...]
    """At each depth from the root's two subtrees down: the hash of the subtree that the key does not go into."""
    end: tuple[bytes, bytes] | None
    """Key and value of the one leaf at the end; None: there is none."""


def map_path(store: PageReader, root: bytes, key: bytes) -> MapPath:
    """The way along `key` in the map with this root.

    Raises:
        PageBroken: a stored page is not the one the root was made from.
    """
    digits = key.hex()
    held = store.pages([digits[:count] for count in range(2 * KEY_BYTES + 1)])
    siblings: list[bytes] = []
    path, expected = ROOT_PATH, root
    while True:
        page = _checked(path, held.get(path), expected)
        if isinstance(page, LeavesPage):
            return _end_in_leaves(page, len(path) * LEVELS, key, siblings)
        passed, subtree, number = _through_subtrees(page, int(digits[len(path)], 16))
        siblings += passed
        if subtree == EMPTY:
            return MapPath(tuple(siblings), None)
        path, expected = f"{path}{number:x}", subtree
        if path not in held:
            # The way ends at the only leaf of a wider subtree, and that leaf's page lies beside the key's own pages.
            held = store.pages([path])


@lru_cache(CHECKED_PAGES_MAX)
def _checked(path: str, stored: bytes | None, expected: bytes) -> Page:
    """As `read_checked`. The pages near the root lie on everybody's way: until one changes, it is hashed once."""
    return read_checked(path, stored, expected)


@lru_cache(CHECKED_PAGES_MAX)
def _through_subtrees(page: SubtreesPage, digit: int) -> tuple[tuple[bytes, ...], bytes, int]:
    """Walk through a page along a digit of a key: the siblings passed, and the hash and number of the subtree to go
    on with. EMPTY: the way ends here, at nothing."""
    level: list[Subtree] = page.below.all()
    first, siblings = 0, list[bytes]()
    for at in range(LEVELS - 1, -1, -1):
        whole, rises = fold(level)
        if rises:
            only = next((number for number, part in enumerate(level, first) if part[0] != EMPTY), first)
            return tuple(siblings), whole, only
        half = len(level) // 2
        left, right = level[:half], level[half:]
        if digit >> at & 1:
            level, other, first = right, left, first + half
        else:
            level, other = left, right
        siblings.append(fold(other)[0])
    return tuple(siblings), level[0][0], first


def _end_in_leaves(page: LeavesPage, depth: int, key: bytes, siblings: list[bytes]) -> MapPath:
    keys, values = page.keys(), page.values()
    numbers, hashes = numbers_of(keys), list(map(leaf_hash, keys, values))
    # A page whose only leaf rose to where the way stopped has no further turn; its depth does not matter.
    while len(keys) > 1:
        middle = next((at for at, leaf in enumerate(keys) if bit_of(leaf, depth)), len(keys))
        near, far = slice(0, middle), slice(middle, None)
        if bit_of(key, depth):
            near, far = far, near
        depth += 1
        siblings.append(subtree_of(numbers[far], hashes[far], depth)[0])
        keys, values, numbers, hashes = keys[near], values[near], numbers[near], hashes[near]
    return MapPath(tuple(siblings), (keys[0], values[0]) if keys else None)
