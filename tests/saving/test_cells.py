"""Texts are neutralised so that they can be taken back; hours are exact decimals, times and dates what they were."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.saving.cells import as_it_was, day_number, day_text, hours_text, moment_text, neutral
from tests.saving.hostile_texts import HOSTILE

STARTS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_like_a_formula_and_each_is_taken_back(text):
    assert not neutral(text).startswith(tuple(STARTS))
    assert as_it_was(neutral(text)) == text


@given(st.text(alphabet=f"'ab {STARTS}", max_size=6))
def test_every_text_is_taken_back(text):
    assert as_it_was(neutral(text)) == text
    assert not neutral(text).startswith(tuple(STARTS))


def test_one_apostrophe_is_added_and_only_where_something_would_be_computed():
    assert neutral("=1") == "'=1"
    assert neutral("'=1") == "''=1"
    assert neutral("'til") == "'til"
    assert as_it_was("'til") == "'til"
    assert as_it_was("") == ""


@given(st.integers(-(10**11), 10**11))
def test_hours_are_a_decimal_exact_or_to_nine_places(seconds):
    with localcontext() as context:
        context.prec = 60
        expected = (Decimal(seconds) / 3600).quantize(Decimal("1e-9"), ROUND_HALF_EVEN)
    assert Decimal(hours_text(seconds)) == expected
    assert "E" not in hours_text(seconds)


def test_hours_have_no_more_digits_than_they_need():
    assert [hours_text(seconds) for seconds in (0, 3600, 5400, -900, 1)] == ["0", "1", "1.5", "-0.25", "0.000277778"]


def test_times_and_dates():
    assert moment_text(0) == "1970-01-01T00:00:00Z"
    assert moment_text(1_795_410_000_123_456) == "2026-11-23T05:00:00.123456Z"
    assert moment_text(-1) == "1969-12-31T23:59:59.999999Z"
    for day in ("0001-01-01", "1969-12-31", "2026-02-28", "9999-12-31"):
        number = day_number(day)
        assert number is not None
        assert day_text(number) == day
    assert day_number("") is None
