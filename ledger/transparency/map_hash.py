"""The hash form of the balance map: public, and independent of how nodes are stored.

A binary trie over keys of 256 bits, bit 0 being the most significant; bit i decides at depth i, 0 to the left.

    leaf                    SHA-256(0x10 || key || value)
    inner                   SHA-256(0x11 || left || right)
    empty subtree           32 zero bytes
    subtree with one leaf   is that leaf, at whatever depth

So the root depends on the set of leaves alone. Along the bits of one key a root leads to one end only, be it made with
malice: no key has two values under one root, and none is both there and not there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

HASH_BYTES: Final = 32
KEY_BITS: Final = 256
EMPTY: Final = bytes(HASH_BYTES)

Subtree: TypeAlias = tuple[bytes, bool]
"""A subtree's hash, and whether it rises: with at most one leaf it is the same hash one level up, beside nothing."""
NOTHING: Final[Subtree] = (EMPTY, True)

LEAF: Final = b"\x10"
"""Before key and value of a leaf."""
_INNER: Final = b"\x11"


def leaf_hash(key: bytes, value: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(LEAF + key + value).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees with two leaves or more together."""
    return sha256(_INNER + left + right).digest()


def bit_of(key: bytes, depth: int) -> int:
    """The bit that decides at `depth`: 0 goes left."""
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


def join(left: Subtree, right: Subtree) -> Subtree:
    """The subtree over two."""
    if right[1] and left[0] == EMPTY:
        return right
    if left[1] and right[0] == EMPTY:
        return left
    return sha256(_INNER + left[0] + right[0]).digest(), False


def fold(subtrees: Sequence[Subtree]) -> Subtree:
    """The subtree over 2^k neighbours of the same depth."""
    level = subtrees
    while len(level) > 1:
        level = [join(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def fold_full(hashes: bytes) -> bytes:
    """The same when none of the 2^k neighbours rises, given as their hashes, one after the other."""
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(_INNER + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return hashes


def numbers_of(keys: Iterable[bytes]) -> list[int]:
    """Keys as numbers, for `subtree_of`."""
    return [int.from_bytes(key, "big") for key in keys]


def subtree_of(keys: Sequence[int], hashes: Sequence[bytes], depth: int) -> Subtree:
    """The subtree at `depth` over these leaves: ascending keys that agree in the bits before, and their leaf hashes."""
    if len(keys) < 2:
        return (hashes[0], True) if keys else NOTHING
    return _root(keys, hashes, 0, len(keys), KEY_BITS - 1 - depth), False


def map_root(leaves: Mapping[bytes, bytes]) -> bytes:
    """The root over all leaves, key → value, computed at once. Enough for whoever has them all, as an auditor does."""
    keys = sorted(leaves)
    return subtree_of(numbers_of(keys), [leaf_hash(key, leaves[key]) for key in keys], 0)[0]


def _root(keys: Sequence[int], hashes: Sequence[bytes], start: int, end: int, shift: int) -> bytes:
    """The hash over leaves start..end (two or more); `shift` is the deciding bit, 0 the least significant."""
    turns = keys[start] ^ keys[end - 1]
    if not turns >> shift:
        # All go the same way as far as their first difference: hashed beside nothing, from there up to here.
        below = turns.bit_length() - 1
        found, sides = _root(keys, hashes, start, end, below), keys[start] >> below + 1
        for _ in range(shift - below):
            found = sha256(_INNER + (EMPTY + found if sides & 1 else found + EMPTY)).digest()
            sides >>= 1
        return found
    if end - start == 2:
        return sha256(_INNER + hashes[start] + hashes[start + 1]).digest()
    middle = bisect_left(keys, (keys[start] >> shift | 1) << shift, start, end)
    left = hashes[start] if middle - start == 1 else _root(keys, hashes, start, middle, shift - 1)
    right = hashes[middle] if end - middle == 1 else _root(keys, hashes, middle, end, shift - 1)
    return sha256(_INNER + left + right).digest()
