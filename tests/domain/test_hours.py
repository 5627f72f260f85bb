"""The arithmetic of hours: whole seconds, calendar dates of a zone, spans, and double entry."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.hours import (
    apply_entries,
    entries_between,
    first_seconds,
    from_epoch,
    joined,
    most_seconds_within,
    seconds_by_date,
    subtract,
    to_epoch,
    total_seconds,
)
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Account, Entry
from tests.domain.programme import at

DAY, NEXT_DAY = date(2026, 11, 20), date(2026, 11, 21)
ZONES = ("Asia/Riyadh", "Europe/London", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe")
LONDON = ZoneInfo("Europe/London")

spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=6
)
movable = tuple(account for account in Account if account not in (Account.OUTSIDE, Account.REVERSED))
allocations = st.dictionaries(
    st.tuples(st.sampled_from((DAY, NEXT_DAY)), st.sampled_from(movable)), st.integers(1, 100), max_size=6
)


def covered(of: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> set[int]:
    return {second for start, end in of for second in range(start, end)}


# Spans


@given(spans, spans)
def test_what_is_left_of_spans_is_what_nothing_takes(whole, taken):
    left = subtract(joined(whole), taken)
    assert covered(left) == covered(whole) - covered(taken)
    assert total_seconds(left) == len(covered(left))


@given(spans)
def test_joined_spans_cover_the_same_time_in_order_with_gaps_between(whole):
    parts = joined(whole)
    assert covered(parts) == covered(whole)
    assert all(before[1] < after[0] for before, after in pairwise(parts))


@given(spans, st.integers(0, 100))
def test_the_first_seconds_are_the_earliest(whole, seconds):
    parts = joined(whole)
    kept = first_seconds(parts, seconds)
    assert sorted(covered(kept)) == sorted(covered(parts))[:seconds]


@given(spans, st.integers(1, 40))
def test_the_fullest_window_is_as_full_as_the_fullest_of_all(whole, window_seconds):
    parts = joined(whole)
    seconds = covered(parts)
    naive = max(len(seconds & set(range(begin, begin + window_seconds))) for begin in range(-1, 90))
    assert most_seconds_within(parts, window_seconds) == naive


# Calendar dates


@given(
    st.sampled_from(ZONES),
    st.datetimes(at("2011-12-01 00:00").replace(tzinfo=None), at("2026-12-01 00:00").replace(tzinfo=None)),
    st.integers(1, 100_000),
)
def test_seconds_stand_on_the_date_the_clock_shows(zone_name, begin, seconds):
    zone = ZoneInfo(zone_name)
    start = to_epoch(begin.replace(tzinfo=zone))
    by_date = seconds_by_date([(start, start + seconds)], zone)
    assert sum(by_date.values()) == seconds
    assert min(by_date) == from_epoch(start).astimezone(zone).date()
    assert max(by_date) == from_epoch(start + seconds - 1).astimezone(zone).date()
    for moment in range(start, start + seconds, 7_777):
        assert by_date[from_epoch(moment).astimezone(zone).date()] > 0


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-29 00:00", "2026-03-29 23:00", {date(2026, 3, 29): 23}),
        ("2026-10-24 23:00", "2026-10-26 00:00", {date(2026, 10, 25): 25}),
        ("2026-03-28 23:00", "2026-03-29 02:00", {date(2026, 3, 28): 1, date(2026, 3, 29): 2}),
        ("2026-10-25 00:30", "2026-10-25 01:30", {date(2026, 10, 25): 1}),
    ],
)
def test_a_date_has_23_or_25_hours_when_clocks_change(start, end, hours):
    by_date = seconds_by_date([(to_epoch(at(start)), to_epoch(at(end)))], LONDON)
    assert by_date == {day: count * 3600 for day, count in hours.items()}


def test_a_date_that_a_zone_left_out_holds_nothing():
    apia = ZoneInfo("Pacific/Apia")
    begin = datetime(2011, 12, 29, 12, tzinfo=apia)
    start = to_epoch(begin)
    assert seconds_by_date([(start, start + 86_400)], apia) == {date(2011, 12, 29): 43_200, date(2011, 12, 31): 43_200}


def test_a_fraction_of_a_second_does_not_count():
    assert to_epoch(at("2026-11-20 05:00") + timedelta(microseconds=999_999)) == to_epoch(at("2026-11-20 05:00"))


# Double entry


@given(allocations, allocations)
def test_entries_bring_the_accounts_from_what_is_to_what_should_be(current, target):
    entries = entries_between(current, target, reversed_reason="CORRECTED")
    after = apply_entries(current, entries)
    assert {key: seconds for key, seconds in after.items() if key[1] is not Account.REVERSED} == target
    outside = sum(entry.seconds for entry in entries if entry.from_class is Account.OUTSIDE)
    assert sum(after.values()) == sum(current.values()) + outside


@given(allocations, allocations)
def test_no_second_moves_that_could_stay(current, target):
    entries = entries_between(current, target)
    for key, seconds in current.items():
        kept = min(seconds, target.get(key, 0))
        gone = sum(entry.seconds for entry in entries if (entry.service_date, entry.from_class) == key)
        assert gone == seconds - kept
    assert all(entry.from_class is not Account.REVERSED for entry in entries)
    assert entries_between(target, target) == ()


def test_reasons_stand_where_they_explain():
    current = {(DAY, Account.ATTENDED): 10}
    target = {(DAY, Account.WITHHELD): 4}
    entries = entries_between(current, target, withheld_reason="OVERLAP", reversed_reason="CORRECTED")
    assert [(entry.to_class, entry.seconds, entry.reason) for entry in entries] == [
        (Account.WITHHELD, 4, "OVERLAP"),
        (Account.REVERSED, 6, "CORRECTED"),
    ]


def test_no_account_falls_below_zero():
    entry = Entry(service_date=DAY, from_class=Account.ATTENDED, to_class=Account.VERIFIED, seconds=11)
    with pytest.raises(InvariantBroken, match="-1 seconds"):
        apply_entries({(DAY, Account.ATTENDED): 10}, [entry])
