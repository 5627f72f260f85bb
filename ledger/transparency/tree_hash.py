"""Hashes of the Merkle tree (RFC 6962 section 2.1, the same in RFC 9162 section 2.1.1), computed level by level.

A level is a byte string of hashes, one after the other, as a tile is: half a million leaves a second pass through it
in plain Python, where a call a node would take three times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Final, Protocol, Self

from ledger.transparency.failures import Malformed

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""


class _HashState(Protocol):
    """What hashlib gives: a hash under way."""

    def copy(self) -> Self: ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


_PAIR_BYTES: Final = 2 * HASH_BYTES
# Without these prefixes a node could be shown as a leaf: an event of 64 bytes that nobody recorded.
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
# The state behind a prefix is copied for each hash: a fifth quicker than hashing prefix and entry as one new string.
_BEHIND_LEAF: Final[_HashState] = sha256(_LEAF)
_BEHIND_NODE: Final[_HashState] = sha256(_NODE)
_pairs: Final = Struct(f"{_PAIR_BYTES}s").iter_unpack


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry): the entry is the stored bytes of an event, never a re-encoding."""
    return sha256(_LEAF + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The leaf hash of each entry, in order."""
    return _hash_each(_BEHIND_LEAF, entries)


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(_NODE + left + right).digest()


def joined(hashes: Sequence[bytes]) -> bytes:
    """The hashes as one level. Raises Malformed if one of them has not 32 bytes."""
    if set(map(len, hashes)) - {HASH_BYTES}:
        raise Malformed("hashes", f"each must have {HASH_BYTES} bytes")
    return b"".join(hashes)


def parents(level: bytes) -> bytes:
    """The level above: a node for each pair of hashes. A last hash without a partner is left out."""
    whole = level[: len(level) // _PAIR_BYTES * _PAIR_BYTES]
    return b"".join(_hash_each(_BEHIND_NODE, [pair for (pair,) in _pairs(whole)]))


def _hash_each(behind_prefix: _HashState, inputs: Iterable[bytes]) -> list[bytes]:
    hashes: list[bytes] = []
    for each in inputs:
        state = behind_prefix.copy()
        state.update(each)
        hashes.append(state.digest())
    return hashes


def perfect_root(level: bytes) -> bytes:
    """The root over 2^k hashes. Raises Malformed for another number of them."""
    count, rest = divmod(len(level), HASH_BYTES)
    if rest or count < 1 or count & (count - 1):
        raise Malformed("perfect subtree", f"it must have 2^k hashes of {HASH_BYTES} bytes, not {len(level)} bytes")
    while len(level) > HASH_BYTES:
        level = parents(level)
    return level


def fold_right(nodes: Iterable[bytes]) -> bytes:
    """The root over perfect subtrees that stand side by side, given from right to left; EMPTY_ROOT over none."""
    root = b""
    for node in nodes:
        root = node_hash(node, root) if root else node
    return root or EMPTY_ROOT


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes. Raises Malformed as `joined` does."""
    return Frontier().extended(hashes).root()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree as far as its future roots depend on it: the roots of its perfect subtrees, largest first.

    Enough to follow a log to its end without keeping it: an auditor's memory of it is at most 63 hashes.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Raises Malformed when the number of nodes does not fit the size."""
        if self.size < 0 or len(self.nodes) != self.size.bit_count():
            raise Malformed("frontier", f"a tree of size {self.size} has not {len(self.nodes)} perfect subtrees")

    def extended(self, hashes: Sequence[bytes]) -> Frontier:
        """The frontier after these leaf hashes."""
        level, size = joined(hashes), self.size
        old, new = list(self.nodes), list[bytes]()
        while level or size:
            if size & 1:
                level = old.pop() + level
            if len(level) % _PAIR_BYTES:
                new.append(level[-HASH_BYTES:])
            level, size = parents(level), size >> 1
        return Frontier(self.size + len(hashes), tuple(reversed(new)))

    def root(self) -> bytes:
        """The root of the tree."""
        return fold_right(reversed(self.nodes))
