"""Pages of the balance map: some levels of it in one row, so that a batch reads and writes few rows.

How nodes are stored is private and may change; roots and proofs don't depend on it. A page lies at a path: the first
bits of its keys, four to a hexadecimal digit; the page of all keys has the path "". A path with up to LEAVES_MAX leaves
below it is one page of leaves; with more it is a page of its 16 subtrees, each of them a page again unless it is empty.
So which pages there are depends on the set of leaves alone.

    page of leaves     0x4c || (key 32 || value 32), ascending by key
    page of subtrees   0x53 || 16 bits, the first the highest: the subtree has at most one leaf || 16 hashes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import KEY_BYTES
from ledger.transparency.map_hash import (
    EMPTY,
    HASH_BYTES,
    KEY_BITS,
    Subtree,
    fold,
    fold_full,
    leaf_hash,
    numbers_of,
    subtree_of,
)

LEVELS: Final = 4
"""Of the trie in a page of subtrees: one hexadecimal digit of the path."""
WIDTH: Final = 1 << LEVELS
LEAVES_MAX: Final = 32
"""In a page of leaves: at most 2,049 bytes, which PostgreSQL keeps in the row itself."""

_FORM: Final = "map page"
_LEAVES: Final = 0x4C
_SUBTREES: Final = 0x53
_LEAF_BYTES: Final = 2 * HASH_BYTES
_SUBTREES_BYTES: Final = 3 + WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class LeavesPage:
    """All leaves below a path, ascending by key."""

    values: dict[bytes, bytes]
    hashes: dict[bytes, bytes]
    """Leaf hashes by key. Made anew at every reading: a stored one would not show that a key beside it was changed."""
    numbers: list[int]
    """The keys as numbers."""

    def to_bytes(self) -> bytes:
        """What is stored."""
        return b"".join((b"%c" % _LEAVES, *(key + value for key, value in self.values.items())))

    def subtree(self, path: str) -> Subtree:
        """What the page at `path` is in the map."""
        return subtree_of(self.numbers, list(self.hashes.values()), len(path) * LEVELS)

    def merged(self, changed: dict[bytes, bytes]) -> LeavesPage:
        """The page with these leaves, key → value, added or changed. It may be too full to be stored."""
        values = self.values | changed
        hashes = self.hashes | {key: leaf_hash(key, value) for key, value in changed.items()}
        if len(values) == len(self.values):
            return LeavesPage(values, hashes, self.numbers)
        return LeavesPage(dict(sorted(values.items())), dict(sorted(hashes.items())), numbers_of(sorted(values)))


NO_LEAVES: Final = LeavesPage({}, {}, [])


@dataclass(frozen=True, slots=True)
class SubtreesPage:
    """The 16 subtrees below a path, as they are stored."""

    rising: int
    """16 bits, the first subtree's the highest: it rises (`map_hash.Subtree`)."""
    hashes: bytes

    def to_bytes(self) -> bytes:
        """What is stored."""
        return b"%c%b%b" % (_SUBTREES, self.rising.to_bytes(2, "big"), self.hashes)

    def subtree(self, path: str) -> Subtree:
        """What the page at `path` is in the map."""
        if self.rising:
            return fold(self.subtrees())
        return fold_full(self.hashes), False

    def subtrees(self) -> list[Subtree]:
        """Each subtree, from the left."""
        return [(self.hash_at(at), bool(self.rising >> (WIDTH - 1 - at) & 1)) for at in range(WIDTH)]

    def hash_at(self, at: int) -> bytes:
        """The hash of one subtree."""
        return self.hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]

    def replaced(self, changed: Mapping[int, Subtree]) -> SubtreesPage:
        """The page with some of its subtrees, by their number from the left, changed."""
        rising, hashes = self.rising, bytearray(self.hashes)
        for at, (changed_hash, rises) in changed.items():
            hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES] = changed_hash
            bit = 1 << (WIDTH - 1 - at)
            rising = rising | bit if rises else rising & ~bit
        return SubtreesPage(rising, bytes(hashes))


EMPTY_SUBTREES: Final = SubtreesPage((1 << WIDTH) - 1, EMPTY * WIDTH)

Page: TypeAlias = LeavesPage | SubtreesPage


def read_page(path: str, stored: bytes) -> Page:
    """The page at `path` from what is stored. Raises Malformed."""
    kind = stored[0] if stored else None
    if kind == _LEAVES and len(stored) % _LEAF_BYTES == 1:
        return _read_leaves(path, stored)
    if kind == _SUBTREES and len(stored) == _SUBTREES_BYTES:
        return SubtreesPage(int.from_bytes(stored[1:3], "big"), stored[3:])
    raise Malformed(_FORM, f"it must be leaves or {WIDTH} subtrees, not {stored[:1].hex()} and {len(stored)} bytes")


def _read_leaves(path: str, stored: bytes) -> LeavesPage:
    starts = range(1, len(stored), _LEAF_BYTES)
    leaves = {stored[at : at + KEY_BYTES]: stored[at + KEY_BYTES : at + _LEAF_BYTES] for at in starts}
    numbers, shift = numbers_of(leaves), KEY_BITS - len(path) * LEVELS
    # Ascending and of this path: otherwise hashing would go by bits that the keys do not have.
    if len(numbers) < len(starts) or numbers != sorted(numbers):
        raise Malformed(_FORM, "its keys must ascend")
    if numbers and not numbers[0] >> shift == numbers[-1] >> shift == int(path or "0", 16):
        raise Malformed(_FORM, f"its keys must begin with {path!r}")
    return LeavesPage(leaves, {key: leaf_hash(key, value) for key, value in leaves.items()}, numbers)
