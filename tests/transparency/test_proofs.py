"""Verifying inclusion and consistency: what fails names the step of the RFC."""

from __future__ import annotations

import pytest

from ledger.transparency.consistency import verify_consistency
from ledger.transparency.failures import ProofRejected
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.tree_hash import EMPTY_ROOT, leaf_hash
from tests.transparency.naive_tree import NaiveTree
from tests.transparency.sample_log import sample_entries

TREE = NaiveTree(sample_entries(20))
LEAF = leaf_hash(TREE.entries[5])
PATH = TREE.path(5, 13)
ROOT = TREE.root(13)
GROWTH = TREE.proof(6, 13)


def test_the_right_proof_holds():
    verify_inclusion(LEAF, 5, 13, PATH, ROOT)
    verify_inclusion(leaf_hash(TREE.entries[0]), 0, 1, [], TREE.root(1))
    verify_consistency(6, TREE.root(6), 13, ROOT, GROWTH)


@pytest.mark.parametrize(
    ("index", "size", "path", "step"),
    [
        (13, 13, PATH, "step 1"),
        (-1, 13, PATH, "step 1"),
        (0, 0, [], "step 1"),
        (5, 13, [*PATH, PATH[0]], "step 4"),
        (5, 13, PATH[:-1], "step 5"),
        (5, 13, [], "step 5"),
        (5, 13, PATH[::-1], "step 5"),
        (4, 13, PATH, "step 5"),
        (7, 13, PATH, "step 5"),
        (5, 13, [*PATH[:-1], PATH[-1][:31]], "form"),
    ],
)
def test_another_inclusion_is_rejected(index, size, path, step):
    with pytest.raises(ProofRejected, match=step):
        verify_inclusion(LEAF, index, size, path, ROOT)


def test_another_leaf_or_root_is_rejected():
    with pytest.raises(ProofRejected, match="must lead to root"):
        verify_inclusion(leaf_hash(TREE.entries[4]), 5, 13, PATH, ROOT)
    with pytest.raises(ProofRejected, match="must lead to root"):
        verify_inclusion(LEAF, 5, 13, PATH, TREE.root(12))
    with pytest.raises(ProofRejected, match="form"):
        verify_inclusion(LEAF[:-1], 5, 13, PATH, ROOT)


@pytest.mark.parametrize(
    ("old", "new", "path", "step"),
    [
        (6, 13, [], "step 1"),
        (6, 13, [*GROWTH, GROWTH[0]], "step 6"),
        (6, 13, GROWTH[:-1], "step 7"),
        (6, 13, GROWTH[::-1], "step 7"),
        (5, 13, GROWTH, "step 7"),
        (8, 13, GROWTH, "step"),
        (14, 13, GROWTH, "form"),
        (-1, 13, GROWTH, "form"),
        (6, 13, [GROWTH[0][:31], *GROWTH[1:]], "form"),
    ],
)
def test_another_growth_is_rejected(old, new, path, step):
    with pytest.raises(ProofRejected, match=step):
        verify_consistency(old, TREE.root(6), new, ROOT, path)


def test_the_root_of_a_smaller_tree_is_not_one_of_this_size():
    """Every hash fits: only the length of the proof shows that the size is another."""
    with pytest.raises(ProofRejected, match="more hashes"):
        verify_inclusion(LEAF, 0, 2, [], LEAF)
    with pytest.raises(ProofRejected, match="more hashes"):
        verify_inclusion(leaf_hash(TREE.entries[5]), 5, 20, TREE.path(5, 8), TREE.root(8))
    with pytest.raises(ProofRejected, match="more hashes"):
        verify_consistency(2, TREE.root(2), 8, TREE.root(4), TREE.proof(2, 4))


def test_which_of_the_two_roots_is_wrong():
    with pytest.raises(ProofRejected, match="old root"):
        verify_consistency(6, TREE.root(7), 13, ROOT, GROWTH)
    with pytest.raises(ProofRejected, match="new root"):
        verify_consistency(6, TREE.root(6), 13, TREE.root(12), GROWTH)


def test_from_the_empty_tree_and_between_equal_ones():
    verify_consistency(0, EMPTY_ROOT, 13, ROOT, [])
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    verify_consistency(13, ROOT, 13, ROOT, [])
    for old, old_root, new, new_root, path in (
        (0, ROOT, 13, ROOT, []),
        (0, EMPTY_ROOT, 13, ROOT, [ROOT]),
        (13, ROOT, 13, TREE.root(12), []),
        (13, ROOT, 13, ROOT, [ROOT]),
    ):
        with pytest.raises(ProofRejected, match="form"):
            verify_consistency(old, old_root, new, new_root, path)
