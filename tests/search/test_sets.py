"""Sets of numbers: their bytes, and what is joined, met and counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.refusals import InvariantBroken
from ledger.search.sets import CHUNK_NUMBERS, bits_of, by_how_many, has, joined, met, packed, size, unpacked, without

NUMBERS = st.sets(st.integers(0, CHUNK_NUMBERS - 1), max_size=50)


def bits(numbers: set[int]) -> int:
    return sum(1 << number for number in numbers)


@given(NUMBERS)
def test_bytes_hold_the_numbers_and_one_set_has_one_form(numbers):
    stored = packed(bits(numbers))
    assert unpacked(stored) == bits(numbers)
    assert list(bits_of(unpacked(stored))) == sorted(numbers)


def test_few_are_a_list_and_many_a_bitmap():
    assert packed(1 << 9_000) == b"\x00" + (9_000).to_bytes(2, "big")
    everything = (1 << CHUNK_NUMBERS) - 1
    assert packed(everything) == b"\x01" + b"\xff" * (CHUNK_NUMBERS // 8)
    assert unpacked(packed(everything)) == everything


@pytest.mark.parametrize("wrong", [b"", b"\x02", b"\x00\x01", b"\x00\xff\xff", b"\x01" + bytes(4097)])
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
