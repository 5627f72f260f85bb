"""Roots and proofs out of tiles are those of the RFC's recursion, at every size and between any two."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.transparency.consistency import verify_consistency
from ledger.transparency.failures import Malformed, OutOfTree, ProofRejected
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.proof_ranges import consistency_ranges, inclusion_ranges, tiles_of_ranges
from ledger.transparency.tile_tree import RightEdge, TileTree
from ledger.transparency.tiles import HashTile, tiles_of_growth
from ledger.transparency.tree_hash import leaf_hash, leaf_hashes, root_of
from tests.transparency.naive_tree import NaiveTree
from tests.transparency.sample_log import MemoryTiles, sample_entries

SIZES_MAX = 600
LARGE = 70_000


class Pair:
    """One list of entries, as a naive tree and as stored tiles of every size it had when it grew by one or by many."""

    def __init__(self, count: int, batch: int) -> None:
        self.entries = sample_entries(count)
        self.naive = NaiveTree(self.entries)
        self.tiles = MemoryTiles()
        hashes, edge = leaf_hashes(self.entries), RightEdge()
        for start in range(0, count, batch):
            growth = edge.grown(hashes[start : start + batch])
            named = {tile.path: tile.width for tile in tiles_of_growth(edge.size, growth.edge.size)}
            assert named == {path: len(data) // 32 for path, data in growth.tiles.items()}
            assert growth.root == growth.edge.root() == self.naive.root(growth.edge.size)
            self.tiles.stored.update(growth.tiles)
            edge = growth.edge
        self.edge = edge

    def check_inclusion(self, tree: TileTree, index: int, size: int) -> None:
        proof = tree.inclusion_proof(index, size)
        assert proof == self.naive.path(index, size)
        verify_inclusion(leaf_hash(self.entries[index]), index, size, proof, self.naive.root(size))

    def check_consistency(self, tree: TileTree, old: int, size: int) -> None:
        proof = tree.consistency_proof(old, size)
        assert proof == self.naive.proof(old, size)
        verify_consistency(old, self.naive.root(old), size, self.naive.root(size), proof)


@cache
def small() -> Pair:
    return Pair(SIZES_MAX, 1)


@cache
def large() -> Pair:
    return Pair(LARGE, 997)


def check_size(size: int, some: set[int]) -> None:
    """At this size, from its own tiles and from those of the grown log."""
    pair = small()
    for tree in (TileTree(pair.tiles, size), TileTree(pair.tiles, SIZES_MAX)):
        assert tree.root(size) == pair.naive.root(size)
        for number in some:
            if number < size:
                pair.check_inclusion(tree, number, size)
            if number <= size:
                pair.check_consistency(tree, number, size)


def test_every_size_up_to_600(seed):
    chance = random.Random(seed)
    for size in range(SIZES_MAX + 1):
        check_size(size, {0, size - 1, size, size & ~255, chance.randrange(size + 1)} - {-1})


@pytest.mark.proof
def test_every_size_up_to_600_at_every_fifth_place(seed):
    for size in range(SIZES_MAX + 1):
        check_size(size, set(range((seed + size) % 5, size + 1, 5)))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, LARGE), st.integers(0, LARGE), st.integers(0, LARGE))
def test_any_size_up_to_70_000(size, index, old):
    pair = large()
    tree = TileTree(pair.tiles, LARGE)
    pair.check_inclusion(tree, index % size, size)
    pair.check_consistency(tree, old % (size + 1), size)


def test_the_known_proofs_of_certificate_transparency():
    leaves = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    tiles = MemoryTiles()
    tiles.stored.update(RightEdge().grown(leaf_hashes(leaves)).tiles)
    tree = TileTree(tiles, 8)
    assert [part.hex() for part in tree.inclusion_proof(0, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [part.hex() for part in tree.consistency_proof(6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_a_tree_that_was_read_grows_like_one_that_was_kept():
    pair = large()
    edge = TileTree(pair.tiles, LARGE).right_edge()
    assert edge == pair.edge
    added = leaf_hashes(sample_entries(1_000, "more"))
    grown = edge.grown(added)
    assert grown.root == root_of(leaf_hashes(pair.entries) + added)
    assert edge.grown([]).tiles == {}
    assert edge.grown([]).edge == edge


@pytest.mark.parametrize("size", [1, 255, 300, 511, 512, 599])
def test_a_smaller_tree_is_read_from_wider_tiles(size):
    pair = Pair(SIZES_MAX, SIZES_MAX)
    tree = TileTree(pair.tiles, size)
    assert tree.root(size) == pair.naive.root(size)
    assert tree.right_edge() == small_edge(pair, size)


def small_edge(pair: Pair, size: int) -> RightEdge:
    return RightEdge().grown(leaf_hashes(pair.entries[:size])).edge


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_right_edges(size):
    hashes = [bytes(32)] * size
    edge = RightEdge().grown(hashes).edge
    assert edge.root() == root_of(hashes)
    with pytest.raises(Malformed, match="right edge"):
        RightEdge(size + 1, edge.rows)


def test_proofs_cost_the_logarithm():
    pair = large()
    for index, size in ((0, LARGE), (LARGE - 1, LARGE), (12_345, 54_321)):
        pair.tiles.reads = 0
        proof = TileTree(pair.tiles, LARGE).inclusion_proof(index, size)
        assert pair.tiles.reads <= 6
        assert len(proof) <= 17


@given(st.integers(1, 2**40), st.data())
def test_the_tiles_that_proofs_need_are_few_and_exist(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    for ranges in (inclusion_ranges(index, size), consistency_ranges(old, size)):
        needed = tiles_of_ranges(ranges, size)
        assert len(needed) <= 2 * -(-size.bit_length() // 8)
        for tile in needed:
            assert 1 <= tile.width <= 256
            assert (tile.index * 256 + tile.width) << (8 * tile.level) <= size


def test_no_proof_for_what_is_not_in_the_tree():
    tree = TileTree(small().tiles, 300)
    for ask in (
        lambda: tree.root(301),
        lambda: tree.root(-1),
        lambda: tree.leaf_hash(300),
        lambda: tree.leaf_hash(-1),
        lambda: tree.inclusion_proof(300, 300),
        lambda: tree.inclusion_proof(-1, 300),
        lambda: tree.inclusion_proof(0, 0),
        lambda: tree.inclusion_proof(0, 301),
        lambda: tree.consistency_proof(5, 4),
        lambda: tree.consistency_proof(-1, 4),
        lambda: tree.consistency_proof(4, 301),
    ):
        with pytest.raises(OutOfTree):
            ask()


def test_a_tile_of_another_length_is_refused_and_named():
    pair = Pair(300, 300)
    for wrong in (b"", bytes(31), bytes(43 * 32), bytes(44 * 32 + 1), bytes(257 * 32)):
        pair.tiles.stored[HashTile(0, 1, 44).path] = wrong
        with pytest.raises(Malformed, match=r"tile/0/001\.p/44"):
            TileTree(pair.tiles, 300).root(300)


def test_a_changed_tile_changes_the_root(seed):
    pair = Pair(300, 300)
    chance = random.Random(seed)
    data = bytearray(pair.tiles.stored["tile/0/001.p/44"])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    pair.tiles.stored["tile/0/001.p/44"] = bytes(data)
    assert TileTree(pair.tiles, 300).root(300) != pair.naive.root(300)
    with pytest.raises(ProofRejected):
        verify_consistency(
            256,
            pair.naive.root(256),
            300,
            pair.naive.root(300),
            TileTree(pair.tiles, 300).consistency_proof(256, 300),
        )
