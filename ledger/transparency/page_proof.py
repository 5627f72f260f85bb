"""A page's proof: that several leaves, next to each other or not, are in a tree; one proof for all of them.

It is the RFC's recursion itself (RFC 6962 section 2.1): where a subtree holds none of the page's leaves its root is
given, from left to right, and everything else is computed. So events that stand side by side share nearly all of their
proof, and what is given follows from size and positions alone: no bit of the proof says which hash belongs where.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ledger.transparency.failures import OutOfTree, ProofRejected
from ledger.transparency.line_grammar import SIZE_MAX
from ledger.transparency.proof_ranges import Leaves, left_count
from ledger.transparency.tree_hash import HASH_BYTES, node_hash

_FORM = "form of the page's proof"


def page_ranges(indexes: Sequence[int], size: int) -> list[Leaves]:
    """The largest subtrees that hold none of these leaves, from left to right.

    Raises:
        OutOfTree: there is no leaf, they do not ascend, or the tree has not all of them.
    """
    need_page(indexes, size)
    return list(_without(indexes, 0, len(indexes), Leaves(0, size)))


def root_of_page(indexes: Sequence[int], leaf_hashes: Sequence[bytes], size: int, hashes: Sequence[bytes]) -> bytes:
    """The root that these leaves and a proof's hashes lead to; `leaf_hashes` belong to `indexes`, one by one.

    Raises:
        OutOfTree: as `page_ranges` does.
        ProofRejected: a hash is too many, missing, or has not 32 bytes.
    """
    need_page(indexes, size)
    if any(len(one) != HASH_BYTES for one in (*hashes, *leaf_hashes)) or len(leaf_hashes) != len(indexes):
        raise ProofRejected(_FORM, f"there must be a hash for each leaf, and every hash must have {HASH_BYTES} bytes")
    left = iter(hashes)

    def root(first: int, last: int, leaves: Leaves) -> bytes:
        if first == last:
            given = next(left, None)
            if given is None:
                raise ProofRejected(_FORM, f"it must have more hashes than {len(hashes)}")
            return given
        if leaves.end - leaves.start == 1:
            return leaf_hashes[first]
        middle, at = _halves(indexes, first, last, leaves)
        # Left before right: the hashes are used up in their order.
        before = root(first, at, Leaves(leaves.start, middle))
        return node_hash(before, root(at, last, Leaves(middle, leaves.end)))

    computed = root(0, len(indexes), Leaves(0, size))
    if next(left, None) is not None:
        raise ProofRejected(_FORM, f"it must have fewer hashes than {len(hashes)}")
    return computed


def need_page(indexes: Sequence[int], size: int) -> None:
    """Raise OutOfTree unless these are one or more ascending leaves of a tree of this size."""
    if not indexes or not 0 <= indexes[0] <= indexes[-1] < size <= SIZE_MAX:
        raise OutOfTree(f"a page's leaves must be one or more of 0 to {size - 1}")
    if any(after <= before for before, after in pairwise(indexes)):
        raise OutOfTree("a page's leaves must ascend")


def _without(indexes: Sequence[int], first: int, last: int, leaves: Leaves) -> Iterator[Leaves]:
    """Of the page's leaves, those from `first` on, before `last`, lie in this subtree."""
    if first == last:
        yield leaves
    elif leaves.end - leaves.start > 1:
        middle, at = _halves(indexes, first, last, leaves)
        yield from _without(indexes, first, at, Leaves(leaves.start, middle))
        yield from _without(indexes, at, last, Leaves(middle, leaves.end))


def _halves(indexes: Sequence[int], first: int, last: int, leaves: Leaves) -> tuple[int, int]:
    """Where the right subtree begins, and which of the page's leaves is the first in it."""
    middle = leaves.start + left_count(leaves.end - leaves.start)
    return middle, bisect_left(indexes, middle, first, last)
