"""Paths, widths and bundles are those of tlog-tiles, each in one spelling."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.failures import Malformed, OutOfTree
from ledger.transparency.tiles import (
    EntryBundle,
    HashTile,
    bundles_of_growth,
    decode_bundle,
    encode_bundle,
    parse_path,
    tiles_of_growth,
    width_at,
)

PATHS = [
    (HashTile(0, 0), "tile/0/000"),
    (HashTile(0, 0, 1), "tile/0/000.p/1"),
    (HashTile(1, 999, 255), "tile/1/999.p/255"),
    (HashTile(0, 1000), "tile/0/x001/000"),
    (HashTile(3, 1234067), "tile/3/x001/x234/067"),
    (HashTile(63, 5, 17), "tile/63/005.p/17"),
    (EntryBundle(1234067, 8), "tile/entries/x001/x234/067.p/8"),
    (EntryBundle(0), "tile/entries/000"),
]

NO_PATHS = [
    "",
    "checkpoint",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/00/000",
    "tile/01/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/x000/001",
    "tile/0/001/000",
    "tile/0/x001",
    "tile/0/x001/x000",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/999",
    "tile/0/000.p/",
    "tile/0/000.p/1/",
    "tile/0/000/",
    "/tile/0/000",
    "tile/0/000\n",
    "tile/0/٠٠٠",
    "tile/entry/000",
    "tile/entries/../000",
    "tile//000",
    "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    "tile/0/" + "x999/" * 40 + "999",
    "tile/0/000?x=1",
    "tile/0/000.P/1",
]


@pytest.mark.parametrize(("place", "path"), PATHS)
def test_paths(place, path):
    assert place.path == path
    assert parse_path(path) == place


@pytest.mark.parametrize("path", NO_PATHS)
def test_other_spellings_are_no_paths(path):
    with pytest.raises(Malformed, match="tile path"):
        parse_path(path)


@given(st.integers(0, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_every_tile_has_one_path(level, index, width):
    tile, bundle = HashTile(level, index, width), EntryBundle(index, width)
    assert parse_path(tile.path) == tile
    assert parse_path(bundle.path) == bundle


@given(st.text("tile/entris0123456789x.p", max_size=30))
def test_what_is_read_is_written_the_same(path):
    try:
        place = parse_path(path)
    except Malformed:
        return
    assert place.path == path


def test_the_specification_s_example_of_70_000_leaves():
    tiles = list(tiles_of_growth(0, 70_000))
    assert [tile for tile in tiles if tile.width < 256] == [
        HashTile(0, 273, 112),
        HashTile(1, 1, 17),
        HashTile(2, 0, 1),
    ]
    assert len(tiles) == 273 + 1 + 1 + 1 + 1


def test_a_log_of_256_has_a_partial_tile_above_and_no_empty_one():
    assert list(tiles_of_growth(0, 256)) == [HashTile(0, 0), HashTile(1, 0, 1)]
    assert not list(tiles_of_growth(0, 0))
    assert not list(bundles_of_growth(0, 0))


def test_growth_makes_only_what_changed():
    assert list(tiles_of_growth(255, 256)) == [HashTile(0, 0), HashTile(1, 0, 1)]
    assert list(tiles_of_growth(256, 257)) == [HashTile(0, 1, 1)]
    assert list(tiles_of_growth(257, 257)) == []
    assert list(bundles_of_growth(257, 600)) == [EntryBundle(1), EntryBundle(2, 88)]
    with pytest.raises(OutOfTree):
        list(tiles_of_growth(2, 1))
    with pytest.raises(OutOfTree):
        list(bundles_of_growth(-1, 1))


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=6))
def test_growing_in_steps_makes_every_tile_of_every_step(sizes):
    made: set[HashTile] = set()
    before = 0
    for size in sorted(sizes):
        made |= set(tiles_of_growth(before, size))
        before = size
        assert set(tiles_of_growth(0, size)) <= made


def test_widths():
    assert [width_at(0, index, 600) for index in range(4)] == [256, 256, 88, 0]
    assert [width_at(level, 0, 600) for level in range(3)] == [256, 2, 0]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_come_back(entries):
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


def test_a_bundle_s_bytes():
    assert encode_bundle([b"", b"ab"]) == b"\x00\x00\x00\x02ab"
    longest = [b"x" * 65_535]
    assert decode_bundle(encode_bundle(longest), 1) == longest


def test_what_fits_no_bundle():
    for entries in ([], [b""] * 257, [b"x" * 65_536]):
        with pytest.raises(Malformed, match="entry bundle"):
            encode_bundle(entries)


def test_cut_or_longer_bundles_are_refused(seed):
    chance = random.Random(seed)
    entries = [chance.randbytes(chance.randrange(40)) for _ in range(20)]
    data = encode_bundle(entries)
    for end in range(len(data)):
        with pytest.raises(Malformed, match="must end"):
            decode_bundle(data[:end], 20)
    for width in (19, 21):
        with pytest.raises(Malformed, match="must end"):
            decode_bundle(data, width)
    with pytest.raises(Malformed, match="must end"):
        decode_bundle(data + b"\0", 20)
