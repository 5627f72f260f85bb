"""Checking that a leaf is in a tree (RFC 9162 section 2.1.3.2). Only checking: proofs are made in `tile_tree`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.transparency.failures import ProofRejected
from ledger.transparency.tree_hash import HASH_BYTES, node_hash

_FORM: Final = "form of the proof"
_RFC: Final = "RFC 9162 2.1.3.2 step"


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the leaf is the one at `index` of the tree with this size and root.

    Raises:
        ProofRejected: it is not, or the proof does not show it; names the RFC's step.
    """
    if any(len(part) != HASH_BYTES for part in (leaf_hash, root, *proof)):
        raise ProofRejected(_FORM, f"every hash must have {HASH_BYTES} bytes")
    if not 0 <= index < size:
        raise ProofRejected(f"{_RFC} 1", f"index {index} must be below the tree's size {size}")
    # Where the path stands at the present level, and where the tree's last node does.
    at, last = index, size - 1
    computed = leaf_hash
    for hash_number, sibling in enumerate(proof):
        if last == 0:
            raise ProofRejected(f"{_RFC} 4", f"the proof must have {hash_number} hashes, not {len(proof)}")
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            # A last node without a partner rises unhashed to the level where it has one.
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofRejected(f"{_RFC} 5", f"the proof must have more hashes than {len(proof)}")
    if computed != root:
        raise ProofRejected(f"{_RFC} 5", f"the path must lead to root {root.hex()}, not {computed.hex()}")
