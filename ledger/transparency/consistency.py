"""Checking that a tree is the beginning of another (RFC 9162 section 2.1.4.2). Only checking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.transparency.failures import ProofRejected
from ledger.transparency.tree_hash import EMPTY_ROOT, HASH_BYTES, node_hash

_FORM: Final = "form of the proof"
_RFC: Final = "RFC 9162 2.1.4.2 step"


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the old tree's leaves are the first leaves of the new tree, unchanged and in order.

    Every tree continues the empty one; between equal sizes the roots must be equal. In both cases the proof is empty.

    Raises:
        ProofRejected: they are not, or the proof does not show it; names the RFC's step.
    """
    if any(len(part) != HASH_BYTES for part in (old_root, new_root, *proof)):
        raise ProofRejected(_FORM, f"every hash must have {HASH_BYTES} bytes")
    if not 0 <= old_size <= new_size:
        raise ProofRejected(_FORM, f"a tree of size {new_size} must not be older than {old_size}")
    if old_size in (0, new_size):
        _verify_without_hashes(old_size, old_root, new_root, proof)
    else:
        _verify_by_hashes(old_size, old_root, new_size, new_root, proof)


def _verify_without_hashes(old_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofRejected(_FORM, f"the proof must be empty here, not {len(proof)} hashes")
    right = new_root if old_size else EMPTY_ROOT
    if old_root != right:
        raise ProofRejected(_FORM, f"the old root must be {right.hex()}, not {old_root.hex()}")


def _verify_by_hashes(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    if not proof:
        raise ProofRejected(f"{_RFC} 1", "the proof must not be empty")
    # A perfect old tree is a node of the new one, so the proof leaves out what the verifier has.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofRejected(f"{_RFC} 6", f"the proof must have fewer hashes than {len(proof)}")
        if at & 1 or at == last:
            old_computed, new_computed = node_hash(sibling, old_computed), node_hash(sibling, new_computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_computed = node_hash(new_computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofRejected(f"{_RFC} 7", f"the proof must have more hashes than {len(proof)}")
    if old_computed != old_root:
        raise ProofRejected(f"{_RFC} 7", f"the proof must lead to old root {old_root.hex()}, not {old_computed.hex()}")
    if new_computed != new_root:
        raise ProofRejected(f"{_RFC} 7", f"the proof must lead to new root {new_root.hex()}, not {new_computed.hex()}")
