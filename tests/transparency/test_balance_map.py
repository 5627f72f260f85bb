"""The map's root is that of its set of leaves, whatever the order, the batches and the pages; broken pages are met."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.transparency.balance_map import MemoryNodeStore, PageBroken, updated
from ledger.transparency.failures import Malformed, OutOfTree
from ledger.transparency.known_pages import KnownPages
from ledger.transparency.map_hash import EMPTY, bit_of, inner_hash, leaf_hash, map_root
from ledger.transparency.map_page import LEAVES_MAX, NO_LEAVES, LeavesPage, parse_page, read_page
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


def built(leaves: Leaves, cuts: Sequence[int] = (), known: KnownPages | None = None) -> tuple[MemoryNodeStore, bytes]:
    """The map after batches that end at these places."""
    store, root, pairs = MemoryNodeStore(), EMPTY, list(leaves.items())
    for start, end in zip((0, *cuts), (*cuts, len(pairs)), strict=True):
        update = updated(store, root, dict(pairs[start:end]), None, known)
        store.write(update.pages)
        if known is not None:
            known.remember(update.pages, update.hashes)
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
    assert max(map(len, pages.values())) <= 2 + 128 + 64 * LEAVES_MAX
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


def flipped(page: bytes, bit: int) -> bytes:
    changed = bytearray(page)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_flipped_bit_of_a_page_is_met_or_has_no_meaning(seed, known):
    """Every page of a map that is read, changed in one bit: whoever builds on it or proves from it meets it."""
    chance, pages = random.Random(seed), KnownPages(held_bytes_max=0) if known else None
    leaves = random_leaves(chance, 400)
    store, root = built(leaves, known=pages)
    new = {key: chance.randbytes(32) for key in leaves}
    right = updated(store, root, new, None, pages).root
    for path, page in all_pages(store).items():
        for bit in chance.sample(range(8 * len(page)), 20):
            store.write({path: flipped(page, bit)})
            try:
                assert updated(store, root, new, None, pages).root == right
                assert page[:1] == b"S", "every byte of a page of leaves has a meaning"
                assert bit >> 3 in (1, 2), "only a mark that decides nothing here may change unseen"
            except PageBroken:
                pass
        store.write({path: page})


def test_what_is_known_of_a_page_is_of_that_page_alone(seed):
    """Pages of other places, of other times and of another map: known pages are no reason to take one for another."""
    chance, known = random.Random(seed), KnownPages(held_bytes_max=0)
    leaves = random_leaves(chance, 300)
    store, root = built(leaves, known=known)
    old = all_pages(store)
    later = {key: chance.randbytes(32) for key in leaves}
    update = updated(store, root, later, None, known)
    store.write(update.pages)
    known.remember(update.pages, update.hashes)
    forged = updated(MemoryNodeStore(), EMPTY, {**later, next(iter(later)): b"x" * 32})
    for path in old:
        other = chance.choice([name for name in old if name != path])
        for page in (old[path], forged.pages[path], update.pages[other]):
            if page != update.pages[path]:
                store.write({path: page})
                with pytest.raises(PageBroken):
                    updated(store, update.root, leaves, None, known)
        store.write({path: update.pages[path]})
    assert updated(store, update.root, leaves, None, known).root == root


def test_no_more_pages_are_known_than_allowed_and_the_rest_is_checked_in_full(seed):
    chance, known = random.Random(seed), KnownPages(held_bytes_max=0, digests_max=5)
    leaves = random_leaves(chance, 400)
    store, root = built(leaves, range(0, 400, 50), known=known)
    assert len(known._digests) == 5
    new = {key: chance.randbytes(32) for key in leaves}
    assert updated(store, root, new, None, known).root == naive.root(new)


def test_pages_that_are_held_are_not_read_and_those_let_go_are_known_by_their_digests(seed):
    """Whatever a table says meanwhile: what is written next follows from what this process itself has made."""
    chance, known = random.Random(seed), KnownPages()
    leaves = random_leaves(chance, 400)
    _, root = built(leaves, range(0, 400, 50), known=known)
    new = {key: chance.randbytes(32) for key in leaves}
    update = updated(MemoryNodeStore(), root, new, leaves, known)
    assert update.root == naive.root(new)
    known.remember(update.pages, update.hashes)
    few = KnownPages(held_bytes_max=5_000)
    few.remember(update.pages, update.hashes)
    assert 0 < few._held_bytes <= 5_000
    assert sum(len(page) for _, page in few._held.values()) == few._held_bytes
    assert all(few.knows(path, page, update.hashes[path]) for path, page in update.pages.items())
    assert not any(few.knows(path, page, b"x" * 32) for path, page in update.pages.items())


def test_whoever_writes_is_told_of_every_page_once(seed, monkeypatch):
    monkeypatch.setattr("ledger.transparency.balance_map.TOLD_TOGETHER", 7)
    chance, told = random.Random(seed), list[dict[str, bytes]]()
    leaves = random_leaves(chance, 600)
    update = updated(MemoryNodeStore(), EMPTY, leaves, told=lambda pages: told.append(dict(pages)))
    assert len(told) > 3
    assert sum(map(len, told)) == len(update.pages)
    assert {path: page for pages in told for path, page in pages.items()} == update.pages


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


def leaves_page(*leaves: tuple[bytes, bytes]) -> LeavesPage:
    return NO_LEAVES.merged(4, leaves)


ONE, TWO = b"\x61" + bytes(31), b"\x62" + bytes(31)
GOOD = leaves_page((ONE, b"1" * 32), (TWO, b"2" * 32))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00", b"X" + bytes(600), b"S" + bytes(513), b"S" + bytes(515), b"L" + bytes(128), b"L" + bytes(129 + 63),
     b"L" + bytes(129 + 65)],
)  # fmt: skip
def test_what_is_no_page_is_refused(raw):
    with pytest.raises(Malformed):
        parse_page(raw)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (replace(GOOD, leaves=GOOD.leaves[64:] + GOOD.leaves[:64]), "ascend"),
        (replace(GOOD, leaves=GOOD.leaves[:64] * 2), "ascend"),
        (leaves_page((b"\x71" + bytes(31), b"v" * 32)), "begin with '6'"),
        (replace(GOOD, quarters=NO_LEAVES.quarters), "quarters"),
        (replace(GOOD, quarters=replace(GOOD.quarters, rising=0)), "quarters"),
        (replace(GOOD, quarters=replace(GOOD.quarters, rising=GOOD.quarters.rising | 16)), "quarters"),
    ],
)
def test_leaves_in_another_order_place_or_quarter_are_refused(page, says):
    assert read_page("6", GOOD.to_bytes()) == GOOD
    with pytest.raises(Malformed, match=says):
        read_page("6", page.to_bytes())


@given(LEAVES, KEYS)
@settings(deadline=None)
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
