"""The map's root is that of its set of leaves, whatever the order, the batches and the pages; broken pages are met."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.balance_map import MemoryNodeStore, PageBroken, updated
from ledger.transparency.failures import Malformed, OutOfTree
from ledger.transparency.map_hash import EMPTY, bit_of, inner_hash, leaf_hash, map_root
from ledger.transparency.map_page import LEAVES_MAX, read_page
from ledger.transparency.map_path import map_path
from tests.transparency import naive_balances as naive

Leaves = dict[bytes, bytes]
BASES = (bytes(32), b"\xff" * 32, bytes(range(32)))


def close_key(base: bytes, flipped: Sequence[int]) -> bytes:
    """A key that leaves the way of `base` at a chosen depth: hashes would never be so near each other."""
    key = int.from_bytes(base, "big")
    for depth in flipped:
        key ^= 1 << (255 - depth)
    return key.to_bytes(32, "big")


KEYS = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.builds(close_key, st.sampled_from(BASES), st.lists(st.integers(0, 255), max_size=3)),
)
VALUES = st.integers(0, 2**256 - 1).map(lambda number: number.to_bytes(32, "big"))
LEAVES = st.dictionaries(KEYS, VALUES, max_size=40)


def random_leaves(chance: random.Random, count: int) -> Leaves:
    """Half of them crowded in one corner, so that pages split several times."""
    crowded = [b"\xab\xcd\xef" + chance.randbytes(29) for _ in range(count // 2)]
    return {
        key: chance.randbytes(32) for key in [*crowded, *(chance.randbytes(32) for _ in range(count - len(crowded)))]
    }


def built(leaves: Leaves, cuts: Sequence[int] = ()) -> tuple[MemoryNodeStore, bytes]:
    """The map after batches that end at these places."""
    store, root, pairs = MemoryNodeStore(), EMPTY, list(leaves.items())
    for start, end in zip((0, *cuts), (*cuts, len(pairs)), strict=True):
        update = updated(store, root, dict(pairs[start:end]))
        store.write(update.pages)
        root = update.root
    return store, root


def all_pages(store: MemoryNodeStore) -> Mapping[str, bytes]:
    return dict(store._pages)


@given(LEAVES)
def test_the_root_is_that_of_the_naive_recursion(leaves):
    assert map_root(leaves) == naive.root(leaves) == built(leaves)[1]


@given(LEAVES, st.randoms(), st.lists(st.integers(0, 40), max_size=6))
def test_neither_order_nor_batches_matter(leaves, chance, cuts):
    pairs = list(leaves.items())
    chance.shuffle(pairs)
    store, root = built(dict(pairs), sorted(min(cut, len(pairs)) for cut in cuts))
    whole, root_at_once = built(leaves)
    assert root == root_at_once
    assert all_pages(store) == all_pages(whole)


@given(LEAVES, LEAVES)
def test_a_changed_leaf_takes_the_place_of_the_old_one(first, second):
    store, root = built(first)
    assert updated(store, root, second).root == naive.root({**first, **second})


def test_maps_of_many_pages_equal_the_naive_recursion(seed):
    chance = random.Random(seed)
    leaves = random_leaves(chance, 3_000)
    store, root = built(leaves, sorted(chance.sample(range(3_000), 5)))
    assert root == naive.root(leaves) == map_root(leaves)
    pages = all_pages(store)
    assert pages == all_pages(built(leaves)[0])
    assert max(map(len, pages.values())) <= 1 + 64 * LEAVES_MAX
    assert max(map(len, pages)) > 4
    for path, page in pages.items():
        assert read_page(path, page).to_bytes() == page


def test_a_few_leaves_by_hand():
    left, right, beside = b"\x00" * 32, b"\x80" * 32, b"\x40" + bytes(31)
    a, b, c = (leaf_hash(key, b"v" * 32) for key in (left, right, beside))
    assert map_root({}) == EMPTY
    assert map_root({right: b"v" * 32}) == b
    assert map_root({left: b"v" * 32, right: b"v" * 32}) == inner_hash(a, b)
    assert map_root({left: b"v" * 32, right: b"v" * 32, beside: b"v" * 32}) == inner_hash(inner_hash(a, c), b)
    assert map_root({left: b"v" * 32, beside: b"v" * 32}) == inner_hash(inner_hash(a, c), EMPTY)


class CountingStore(MemoryNodeStore):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Sequence[str]] = []

    def pages(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        self.asked.append(paths)
        return super().pages(paths)


def test_a_batch_reads_once_a_level_and_each_page_once(seed):
    chance, store = random.Random(seed), CountingStore()
    leaves = {chance.randbytes(32): bytes(32) for _ in range(5_000)}
    update = updated(store, EMPTY, leaves)
    store.write(update.pages)
    store.asked.clear()
    changed = updated(store, update.root, dict.fromkeys(chance.sample(list(leaves), 100), b"v" * 32))
    assert len(store.asked) <= 5
    asked = [path for paths in store.asked for path in paths]
    assert sorted(asked) == sorted(set(asked)) == sorted(changed.pages)


def test_no_change_is_no_change():
    store, root = built({b"k" * 32: b"v" * 32})
    update = updated(store, root, {})
    assert update.root == root
    assert not update.pages


@pytest.mark.parametrize("wrong", [{b"k" * 31: b"v" * 32}, {b"k" * 32: b"v" * 33}])
def test_keys_and_values_have_32_bytes(wrong):
    with pytest.raises(OutOfTree):
        updated(MemoryNodeStore(), EMPTY, wrong)


def test_a_flipped_bit_of_a_page_is_met_or_has_no_meaning(seed):
    """Every page of a map, changed in one bit: whoever builds on it or proves from it meets it."""
    chance = random.Random(seed)
    leaves = random_leaves(chance, 400)
    store, root = built(leaves)
    new = {key: chance.randbytes(32) for key in leaves}
    right = updated(store, root, new).root
    for path, page in all_pages(store).items():
        for bit in chance.sample(range(8 * len(page)), 20):
            flipped = bytearray(page)
            flipped[bit >> 3] ^= 1 << (bit & 7)
            store.write({path: bytes(flipped)})
            try:
                assert updated(store, root, new).root == right
                assert bit >> 3 in (1, 2), "only a mark that decides nothing here may change unseen"
            except PageBroken:
                pass
        store.write({path: page})


def test_a_page_that_is_missing_old_or_elsewhere_is_met(seed):
    chance = random.Random(seed)
    leaves = random_leaves(chance, 400)
    store, root = built(leaves)
    old = all_pages(store)
    new = {key: chance.randbytes(32) for key in leaves}
    update = updated(store, root, new)
    for path, page in old.items():
        store.write({**update.pages, path: page})
        with pytest.raises(PageBroken):
            updated(store, update.root, leaves)
    store.write(update.pages)
    for path in old:
        store._pages.pop(path)
        with pytest.raises(PageBroken):
            updated(store, update.root, leaves)
        store.write(update.pages)
        store.write({path: update.pages[chance.choice([other for other in old if other != path])]})
        with pytest.raises(PageBroken):
            updated(store, update.root, leaves)
        store.write(update.pages)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00", b"L" + b"k" * 63, b"S" + bytes(513), b"L" + (b"k" * 32 + b"v" * 32) * 2,
     b"L" + b"b" * 32 + b"v" * 32 + b"a" * 32 + b"v" * 32, b"L" + b"\x01" * 64],
)  # fmt: skip
def test_what_is_no_page_is_refused(raw):
    with pytest.raises(Malformed):
        read_page("6", raw)


@given(LEAVES, KEYS)
def test_the_way_along_any_key_is_that_of_the_naive_recursion(leaves, key):
    store, root = built(leaves)
    for wanted in (key, *list(leaves)[:3]):
        way = map_path(store, root, wanted)
        siblings, end = naive.siblings(leaves, wanted)
        assert list(way.siblings) == siblings
        assert way.end == next(iter(end.items()), None)


def test_ways_in_maps_of_many_pages(seed):
    chance = random.Random(seed)
    leaves = random_leaves(chance, 300)
    store, root = built(leaves)
    near = [close_key(key, [chance.randrange(40)]) for key in chance.sample(list(leaves), 20)]
    for key in (*near, *chance.sample(list(leaves), 20)):
        way = map_path(store, root, key)
        siblings, end = naive.siblings(leaves, key)
        assert list(way.siblings) == siblings
        assert way.end == next(iter(end.items()), None)


def test_bits_count_from_the_most_significant():
    assert [bit_of(b"\xa0" + bytes(30) + b"\x01", depth) for depth in (0, 1, 2, 254, 255)] == [1, 0, 1, 0, 1]
