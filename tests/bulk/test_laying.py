"""Durations on a person's day: exact, never twice, and where they were before."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bulk.laying import DayRow, day_span, laid

HOUR = 3600
DAY = (0, 24 * HOUR)
EIGHT = 8 * HOUR
ROWS = st.lists(st.integers(1, 14 * HOUR).map(DayRow), max_size=12)


@given(ROWS, st.integers(0, 24 * HOUR - 1))
def test_each_has_its_seconds_within_the_day_and_none_overlap(rows, begin):
    spans = laid(rows, DAY, begin)
    found = sorted(span for span in spans if span is not None)
    assert all(span is None or span[1] - span[0] == row.seconds for row, span in zip(rows, spans, strict=True))
    assert all(DAY[0] <= start < end <= DAY[1] for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_what_the_ledger_has_stays_whatever_is_added_and_in_whatever_order(rows, more, random):
    before = laid(rows, DAY, EIGHT)
    known = [DayRow(row.seconds, known=span) for row, span in zip(rows, before, strict=True) if span is not None]
    everything = [*known, *more]
    random.shuffle(everything)
    for row, span in zip(everything, laid(everything, DAY, EIGHT), strict=True):
        if row.known is not None:
            assert span == row.known


def test_new_rows_go_around_clock_times_and_past_midnight_into_the_first_gap():
    fixed = DayRow(2 * HOUR, fixed=(9 * HOUR, 11 * HOUR))
    spans = laid([DayRow(HOUR), fixed, DayRow(2 * HOUR), DayRow(12 * HOUR), DayRow(7 * HOUR)], DAY, EIGHT)
    assert spans == [
        (8 * HOUR, 9 * HOUR),
        fixed.fixed,
        (11 * HOUR, 13 * HOUR),
        None,
        (13 * HOUR, 20 * HOUR),
    ]


def test_one_that_grows_stays_where_it_begins_if_it_can():
    grows, beside = DayRow(2 * HOUR, known=(8 * HOUR, 9 * HOUR)), DayRow(HOUR, known=(10 * HOUR, 11 * HOUR))
    assert laid([DayRow(HOUR), grows, beside], DAY, EIGHT)[1] == (8 * HOUR, 10 * HOUR)
    beside = DayRow(HOUR, known=(9 * HOUR, 10 * HOUR))
    assert laid([DayRow(HOUR), grows, beside], DAY, EIGHT) == [
        (8 * HOUR, 9 * HOUR),
        (10 * HOUR, 12 * HOUR),
        beside.known,
    ]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_its_clocks_say(day, hours):
    start, end = day_span(date.fromisoformat(day), ZoneInfo("Europe/London"))
    assert end - start == hours * HOUR
    assert laid([DayRow(end - start), DayRow(1)], (start, end), start) == [(start, end), None]
