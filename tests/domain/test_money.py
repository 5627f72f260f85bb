"""Money for hours: one rounding of the total, and parts that add up to it to the minor unit."""

from __future__ import annotations

import math
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.policy_rules import Rate, Rates
from ledger.valuation.money import Worth, WorthByCurrency, minor_units
from ledger.valuation.rated_periods import dates_of, rated_periods, whole_months

DAY = timedelta(days=1)
JANUARY, DECEMBER = date(2026, 1, 1), date(2026, 12, 31)


def rate(first: date, last: date | None = None, per_hour: int = 2_000, currency: str = "SAR") -> Rate:
    return Rate(
        from_date=first, until_date=last, currency=currency, minor_units_per_hour=per_hour, source="a synthetic rate"
    )


@given(st.lists(st.integers(-(10**15), 10**15), max_size=40))
def test_the_parts_are_the_total_and_each_is_less_than_one_unit_from_its_exact_value(unit_seconds):
    total, parts = minor_units([Worth(one) for one in unit_seconds])
    assert sum(parts) == total
    assert total == math.floor(Fraction(sum(unit_seconds), 3_600) + Fraction(1, 2))
    for one, part in zip(unit_seconds, parts, strict=True):
        assert abs(Fraction(one, 3_600) - part) < 1


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.randoms())
def test_no_order_of_the_groups_changes_the_total_and_who_lost_more_never_gets_less(unit_seconds, chance):
    total, parts = minor_units([Worth(one) for one in unit_seconds])
    shuffled = chance.sample(unit_seconds, len(unit_seconds))
    assert minor_units([Worth(one) for one in shuffled])[0] == total
    raised = [one % 3_600 for one, part in zip(unit_seconds, parts, strict=True) if part > one // 3_600]
    lowered = [one % 3_600 for one, part in zip(unit_seconds, parts, strict=True) if part == one // 3_600]
    assert not raised or not lowered or min(raised) >= max(lowered)


@pytest.mark.parametrize(
    ("unit_seconds", "total", "parts"),
    [
        ([], 0, []),
        ([1_799], 0, [0]),
        ([1_800], 1, [1]),  # half goes up
        ([-1_800], 0, [0]),
        ([1_200, 1_200, 1_200], 1, [1, 0, 0]),  # of equal ones the first
        ([3_599, 3_600, 3_601], 3, [1, 1, 1]),
        ([2_400, 2_400, 2_400], 2, [1, 1, 0]),
    ],
)
def test_examples_of_the_largest_remainder(unit_seconds, total, parts):
    assert minor_units([Worth(one) for one in unit_seconds]) == (total, parts)


def test_a_period_is_cut_where_a_rate_begins_or_has_ended():
    table = Rates(
        rates=(
            rate(date(2026, 3, 10), date(2026, 5, 31), 1_000),
            rate(date(2026, 6, 1), None, 1_500),
            rate(date(2026, 5, 1), None, 400, "USD"),
        )
    )
    cut = [
        (one.first.isoformat(), one.last.isoformat(), {name: of.minor_units_per_hour for name, of in one.rates.items()})
        for one in rated_periods(table, JANUARY, DECEMBER)
    ]
    assert cut == [
        ("2026-01-01", "2026-03-09", {}),
        ("2026-03-10", "2026-04-30", {"SAR": 1_000}),
        ("2026-05-01", "2026-05-31", {"SAR": 1_000, "USD": 400}),
        ("2026-06-01", "2026-12-31", {"SAR": 1_500, "USD": 400}),
    ]


def test_seconds_without_a_rate_are_told_apart_in_each_currency():
    table = Rates(rates=(rate(JANUARY, DECEMBER), rate(date(2026, 7, 1), None, 400, "USD")))
    periods = rated_periods(table, date.min, date.max)
    worth = WorthByCurrency(["SAR", "USD"])
    for period in periods:
        worth.count(10, period)
    sar, usd = worth.worths
    assert [(one.first, one.last) for one in periods] == [
        (date.min, date(2025, 12, 31)),
        (JANUARY, date(2026, 6, 30)),
        (date(2026, 7, 1), DECEMBER),
        (DECEMBER + DAY, date.max),
    ]
    assert (sar.unit_seconds, sar.unvalued_seconds) == (2 * 10 * 2_000, 2 * 10)
    assert (usd.unit_seconds, usd.unvalued_seconds) == (2 * 10 * 400, 2 * 10)


DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31)) | st.sampled_from([date.min, date.max])


@given(DAYS, DAYS, st.lists(DAYS.filter(lambda day: day not in (date.min, date.max)), max_size=5, unique=True))
def test_dates_are_cut_without_a_gap_and_whole_months_are_whole(one, other, changes):
    first, last = min(one, other), max(one, other)
    starts = sorted(changes)
    ends = [*(start - DAY for start in starts[1:]), None]
    table = Rates(rates=tuple(rate(start, end) for start, end in zip(starts, ends, strict=False)))
    periods = rated_periods(table, first, last)
    parts = dates_of(periods)
    spans = ([(one.first, one.last) for one in periods], [(one.first, one.last) for one in parts])
    for joined in spans:
        assert (joined[0][0], joined[-1][1]) == (first, last)
        assert all(before[1] + DAY == after[0] for before, after in pairwise(joined))
    for part in parts:
        assert periods[part.number].first <= part.first <= part.last <= periods[part.number].last
        assert part.whole_months == whole_months(part.first, part.last)
    assert all(sum(not part.whole_months for part in parts if part.number == n) <= 2 for n in range(len(periods)))
