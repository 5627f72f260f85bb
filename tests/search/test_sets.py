"""Sets of numbers: their bytes, and what is joined, met and counted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.refusals import InvariantBroken
from ledger.search.sets import CHUNK_NUMBERS, bits_of, by_how_many, has, joined, met, packed, size, unpacked, without

NUMBERS = st.sets(st.integers(0, CHUNK_NUMBERS - 1), max_size=50)
DENSE = st.tuples(st.integers(1, CHUNK_NUMBERS), st.integers(1, 400), st.integers(0, 2**30)).map(
    lambda told: set(random.Random(told[2]).choices(range(told[0]), k=told[0] // told[1] + 1))
)


def bits(numbers: set[int]) -> int:
    return sum(1 << number for number in numbers)


@given(NUMBERS | DENSE)
def test_bytes_hold_the_numbers(numbers):
    stored = packed(bits(numbers))
    assert unpacked(stored) == bits(numbers)
    assert list(bits_of(unpacked(stored))) == sorted(numbers)


def test_few_are_a_list_and_many_a_bitmap():
    assert packed(1 << 9_000) == b"\x00" + (9_000).to_bytes(2, "big")
    half = sum(1 << number for number in range(0, CHUNK_NUMBERS, 2))
    assert packed(half) == b"\x01" + b"\x55" * (CHUNK_NUMBERS // 8)
    assert unpacked(packed(half)) == half


def test_near_ones_are_told_by_how_far_the_next_one_is():
    some = sum(1 << number for number in range(7, 3_000, 20))
    assert packed(some) == b"\x03" + bytes([7] + [20] * 149)
    far = some | 1 << 3_590  # 603 further: twice 255, and 93 more
    assert packed(far) == packed(some) + bytes([255, 255, 93])
    assert (unpacked(packed(some)), unpacked(packed(far))) == (some, far)


def test_almost_all_are_a_list_of_the_others():
    everything = (1 << CHUNK_NUMBERS) - 1
    assert packed(everything) == b"\x02" + (CHUNK_NUMBERS - 1).to_bytes(2, "big")
    assert packed(everything ^ 1 << 300) == b"\x02" + (CHUNK_NUMBERS - 1).to_bytes(2, "big") + (300).to_bytes(2, "big")
    for some in (everything, everything ^ 1 << 300, (1 << 9_000) - 1, (1 << 9_000) - 2):
        assert unpacked(packed(some)) == some


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x04",
        b"\x03" + bytes([254] * 200),
        b"\x02",
        b"\x00\x01",
        b"\x00\xff\xff",
        b"\x01" + bytes(4097),
        b"\x02\x80\x00",
        b"\x02\x00\x05\x00\x05",
    ],
)
def test_other_bytes_are_refused(wrong):
    with pytest.raises(InvariantBroken):
        unpacked(wrong)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_sets_are_joined_met_and_counted_as_sets_are(sets):
    stored = [{(0, 0): bits(one)} for one in sets]
    whole = set().union(*sets)
    assert size(joined(stored)) == len(whole)
    levels = by_how_many(stored, len(stored))
    for count, level in enumerate(levels, 1):
        assert set(bits_of(level.get((0, 0), 0))) == {n for n in whole if sum(n in one for one in sets) >= count}
    assert met(stored[0], stored[-1]).get((0, 0), 0) == bits(sets[0] & sets[-1])
    assert without(stored[0], stored[-1]).get((0, 0), 0) == bits(sets[0] - sets[-1])
    assert all(has(stored[0], (0, 0), n) for n in sets[0])
