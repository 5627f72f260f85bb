"""The hashes of the tree are RFC 6962's, and adding in batches gives the tree that adding at once gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.failures import Malformed
from ledger.transparency.tree_hash import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    leaf_hashes,
    node_hash,
    parents,
    perfect_root,
    root_of,
)
from tests.transparency.naive_tree import NaiveTree
from tests.transparency.sample_log import sample_entries

# The test vectors of Certificate Transparency: eight leaves, and the root over the first n of them.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_known_tree(size):
    assert root_of(leaf_hashes(LEAVES[:size])).hex() == ROOTS[size]
    assert NaiveTree(LEAVES).root(size).hex() == ROOTS[size]


def test_a_leaf_is_not_a_node_of_the_same_bytes():
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_the_empty_tree():
    assert root_of([]) == Frontier().root() == EMPTY_ROOT


@pytest.mark.parametrize("size", [*range(70), 255, 256, 257, 600])
def test_the_root_is_the_naive_one(size):
    entries = sample_entries(size)
    assert root_of(leaf_hashes(entries)) == NaiveTree(entries).root(size)


@given(st.lists(st.integers(0, 90), max_size=8))
def test_batches_of_any_sizes_give_the_same_tree(batches):
    leaves = leaf_hashes(sample_entries(sum(batches)))
    frontier, start = Frontier(), 0
    for count in batches:
        frontier = frontier.extended(leaves[start : start + count])
        start += count
        assert frontier.root() == root_of(leaves[:start])
    assert frontier == Frontier().extended(leaves)


def test_a_hash_of_another_length_is_refused():
    for hashes in ([b"short"], [bytes(32), bytes(31)], [bytes(31), bytes(33)]):
        with pytest.raises(Malformed, match="32 bytes"):
            root_of(hashes)


def test_a_frontier_that_does_not_fit_its_size_is_refused():
    with pytest.raises(Malformed, match="perfect subtrees"):
        Frontier(3, (bytes(32),))
    with pytest.raises(Malformed):
        Frontier(-1)


def test_levels():
    assert parents(b"") == b""
    assert parents(bytes(32)) == b""
    assert perfect_root(bytes(64)) == node_hash(bytes(32), bytes(32)) == parents(bytes(96))
    for wrong in (b"", bytes(96), bytes(33)):
        with pytest.raises(Malformed, match="perfect subtree"):
            perfect_root(wrong)
