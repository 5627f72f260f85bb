"""Pages of the map as they are stored: four levels of the trie to a row, or up to 32 leaves.

Private: roots and proofs don't depend on it. A page is named by its path, the hexadecimal digits that all keys below it
begin with; the pages of a map follow from its set of leaves alone.

    page of leaves     0x4c || rising 1 || 4 hashes || (key 32 || value 32), ascending by key
    page of subtrees   0x53 || rising 2 || 16 hashes

`rising` has a bit for each hash behind it, the first the highest: that subtree has at most one leaf. The four hashes of
a page of leaves are its quarters, by the next two bits of the keys: a changed leaf costs the hashing of a quarter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import KEY_BYTES
from ledger.transparency.map_hash import (
    EMPTY,
    HASH_BYTES,
    KEY_BITS,
    LEAF,
    NOTHING,
    Subtree,
    fold,
    fold_full,
    numbers_of,
    subtree_of,
)

LEVELS: Final = 4
"""Of the trie in a page of subtrees: one hexadecimal digit of the path."""
WIDTH: Final = 1 << LEVELS
LEAVES_MAX: Final = 32
"""In a page of leaves: at most 2,178 bytes, three to a block of PostgreSQL when all are full."""

Leaves: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Key and value, ascending by key."""

_FORM: Final = "map page"
_LEAVES: Final = 0x4C
_SUBTREES: Final = 0x53
_QUARTERS: Final = 4
_LEAF_BYTES: Final = KEY_BYTES + HASH_BYTES
_LEAVES_START: Final = 2 + _QUARTERS * HASH_BYTES
_SUBTREES_BYTES: Final = 3 + WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Neighbours:
    """2^k subtrees side by side, as they are stored."""

    rising: int
    """A bit each, the first subtree's the highest: it rises (`map_hash.Subtree`)."""
    hashes: bytes

    def subtree(self) -> Subtree:
        """The subtree over them."""
        if self.rising:
            return fold(self.all())
        return fold_full(self.hashes), False

    def all(self) -> list[Subtree]:
        """Each subtree, from the left."""
        last = len(self.hashes) // HASH_BYTES - 1
        return [(self.hash_at(at), bool(self.rising >> (last - at) & 1)) for at in range(last + 1)]

    def hash_at(self, at: int) -> bytes:
        """The hash of one subtree."""
        return self.hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]

    def replaced(self, changed: Mapping[int, Subtree]) -> Neighbours:
        """The same with some of them, by their number from the left, changed."""
        rising, hashes, last = self.rising, bytearray(self.hashes), len(self.hashes) // HASH_BYTES - 1
        for at, (changed_hash, rises) in changed.items():
            hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES] = changed_hash
            bit = 1 << (last - at)
            rising = rising | bit if rises else rising & ~bit
        return Neighbours(rising, bytes(hashes))


@dataclass(frozen=True, slots=True)
class SubtreesPage:
    """The 16 subtrees below a path."""

    below: Neighbours

    def to_bytes(self) -> bytes:
        """What is stored."""
        return b"%c%b%b" % (_SUBTREES, self.below.rising.to_bytes(2, "big"), self.below.hashes)

    def subtree(self) -> Subtree:
        """What the page is in the map."""
        return self.below.subtree()


EMPTY_SUBTREES: Final = SubtreesPage(Neighbours((1 << WIDTH) - 1, EMPTY * WIDTH))


@dataclass(frozen=True, slots=True)
class LeavesPage:
    """All leaves below a path, ascending by key."""

    quarters: Neighbours
    leaves: bytes
    """Key and value, one after the other. Leaf hashes are made of both: a stored one would not show a changed key."""

    @property
    def count(self) -> int:
        """How many leaves there are."""
        return len(self.leaves) // _LEAF_BYTES

    def to_bytes(self) -> bytes:
        """What is stored."""
        return b"%c%c%b%b" % (_LEAVES, self.quarters.rising, self.quarters.hashes, self.leaves)

    def subtree(self) -> Subtree:
        """What the page is in the map."""
        return self.quarters.subtree()

    def keys(self) -> list[bytes]:
        """Of each leaf."""
        return [self.leaves[at : at + KEY_BYTES] for at in range(0, len(self.leaves), _LEAF_BYTES)]

    def values(self) -> list[bytes]:
        """Of each key."""
        return [self.leaves[at : at + HASH_BYTES] for at in range(KEY_BYTES, len(self.leaves), _LEAF_BYTES)]

    def value_of(self, key: bytes) -> bytes | None:
        """The value of a key; None: it has no leaf here."""
        start = _start_of(self.leaves, key)
        return None if start < 0 else self.leaves[start + KEY_BYTES : start + _LEAF_BYTES]

    def merged(self, depth: int, changed: Leaves) -> LeavesPage:
        """The page at `depth` with these leaves added or changed. It may be too full to be stored."""
        leaves = self._with_one(*changed[0]) if len(changed) == 1 else None
        if leaves is None:
            every = dict(zip(self.keys(), self.values(), strict=True)) | dict(changed)
            leaves = b"".join([key + every[key] for key in sorted(every)])
        new = LeavesPage(self.quarters, leaves)
        touched = {_quarter_of(key, depth) for key, _ in changed}
        return LeavesPage(self.quarters.replaced({at: new.quarter(depth, at) for at in touched}), leaves)

    def _with_one(self, key: bytes, value: bytes) -> bytes | None:
        """The leaves with another value for a key that is there, as nearly all changes are; None: it is not."""
        start = _start_of(self.leaves, key)
        if start < 0:
            return None
        return b"%b%b%b" % (self.leaves[: start + KEY_BYTES], value, self.leaves[start + _LEAF_BYTES :])

    def quarter(self, depth: int, quarter: int) -> Subtree:
        """The subtree of those leaves whose keys go on, at `depth`, with the two bits of `quarter`; hashed anew."""
        start, end = self._bounds(depth, quarter)
        whole = self.leaves
        leaves = [whole[at : at + _LEAF_BYTES] for at in range(start * _LEAF_BYTES, end * _LEAF_BYTES, _LEAF_BYTES)]
        hashes = [sha256(LEAF + leaf).digest() for leaf in leaves]
        if len(leaves) < 2:
            return (hashes[0], True) if hashes else NOTHING
        return subtree_of([int.from_bytes(leaf[:KEY_BYTES], "big") for leaf in leaves], hashes, depth + 2)

    def _bounds(self, depth: int, quarter: int) -> tuple[int, int]:
        if len(self.leaves) <= _LEAF_BYTES:
            return 0, sum(_quarter_of(key, depth) == quarter for key in self.keys())
        # The byte that decides, of each key: it ascends, since all bits before it are the same.
        deciding, unit = self.leaves[depth >> 3 :: _LEAF_BYTES], 1 << 6 - (depth & 7)
        low = (deciding[0] & ~(unit * _QUARTERS - 1)) + quarter * unit
        return bisect_left(deciding, low), bisect_left(deciding, low + unit)


NO_LEAVES: Final = LeavesPage(Neighbours((1 << _QUARTERS) - 1, EMPTY * _QUARTERS), b"")

Page: TypeAlias = LeavesPage | SubtreesPage


def parse_page(stored: bytes) -> Page:
    """A page from what is stored, by its form alone: for whoever knows it to be right. Raises Malformed."""
    kind = stored[0] if stored else None
    if kind == _LEAVES and len(stored) >= _LEAVES_START and (len(stored) - _LEAVES_START) % _LEAF_BYTES == 0:
        return LeavesPage(Neighbours(stored[1], stored[2:_LEAVES_START]), stored[_LEAVES_START:])
    if kind == _SUBTREES and len(stored) == _SUBTREES_BYTES:
        return SubtreesPage(Neighbours(int.from_bytes(stored[1:3], "big"), stored[3:]))
    raise Malformed(_FORM, f"it must be leaves or {WIDTH} subtrees, not {stored[:1].hex()} and {len(stored)} bytes")


def read_page(path: str, stored: bytes) -> Page:
    """The page at `path` from what is stored, once all that can be seen in it alone is right. Raises Malformed."""
    page = parse_page(stored)
    if isinstance(page, LeavesPage):
        depth, numbers = len(path) * LEVELS, numbers_of(page.keys())
        # Ascending and of this path: otherwise hashing would go by bits that the keys do not have.
        if numbers != sorted(set(numbers)):
            raise Malformed(_FORM, "its keys must ascend")
        shift = KEY_BITS - depth
        if numbers and not numbers[0] >> shift == numbers[-1] >> shift == int(path or "0", 16):
            raise Malformed(_FORM, f"its keys must begin with {path!r}")
        right = [page.quarter(depth, at) for at in range(_QUARTERS)]
        if page.quarters.rising >> _QUARTERS or right != page.quarters.all():
            raise Malformed(_FORM, "its quarters must be those of its leaves")
    return page


def _start_of(leaves: bytes, key: bytes) -> int:
    """Where a key's leaf begins; below 0: there is none."""
    start = leaves.find(key)
    while start >= 0 and start % _LEAF_BYTES:  # found across a leaf's bounds, or as a value: no key
        start = leaves.find(key, start + 1)
    return start


def _quarter_of(key: bytes, depth: int) -> int:
    # Depth is a multiple of four: both bits stand in one byte. Behind the last one there is a single leaf at most.
    return key[depth >> 3] >> (6 - (depth & 7)) & 3 if depth < KEY_BITS else 0
