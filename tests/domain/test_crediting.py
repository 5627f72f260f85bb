"""What of a presence is credited: early, late, overstaying, forgotten, breaks, rounding. Raw evidence stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.attendance import CheckIn, CheckOut, CorrectAttendance, RecordAttendance
from ledger.domain.attendance_events import HoursDecided
from ledger.domain.attendance_state import Attendance
from ledger.domain.group_attendance import CorrectGroupAttendance, RecordGroupAttendance
from ledger.domain.group_attendance_state import GroupAttendance
from ledger.domain.opportunity import Crediting
from ledger.domain.policy import HoursRules
from ledger.domain.shift import OpenShift
from ledger.domain.verification import VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.policies import with_rules
from tests.domain.programme import ANA, BEN, GARDEN, GREEN_VERIFIER, MORNING, PLACE, at, programme, served

A1 = f"{ANA}/attendances/1"
GROUP = f"{MORNING}/groupAttendances/1"
QUARTER = 900


def credited(start: str, end: str, crediting: Crediting = "clock", /, **rules: object) -> tuple[str, str, int]:
    """From, until and seconds credited of a presence at the morning (05:00 to 09:00 UTC)."""
    scenario = with_rules(programme(crediting), **rules)
    scenario.when(served(A1, MORNING, f"2026-11-20 {start}", f"2026-11-20 {end}")).then_recorded("attendance-recorded")
    return span(scenario)


def span(scenario: Scenario) -> tuple[str, str, int]:
    decided = scenario.events[0].data
    assert isinstance(decided, HoursDecided)
    assert scenario.events[0].policy == "policies/standard/versions/2"
    seconds = sum(entry.seconds for entry in decided.entries)
    assert seconds == (decided.end - decided.start).total_seconds()
    return f"{decided.start:%H:%M}", f"{decided.end:%H:%M}", seconds


@pytest.mark.parametrize(
    ("start", "end", "rules", "expected"),
    [
        # Before the shift, at most so much.
        ("04:00", "09:00", {}, ("04:00", "09:00")),
        ("04:00", "09:00", {"early_seconds_credited_max": 900}, ("04:45", "09:00")),
        ("04:50", "09:00", {"early_seconds_credited_max": 900}, ("04:50", "09:00")),
        ("04:00", "09:00", {"early_seconds_credited_max": 0}, ("05:00", "09:00")),
        ("05:10", "09:00", {"early_seconds_credited_max": 0}, ("05:10", "09:00")),
        # Late, and forgiven up to the very second.
        ("05:10", "09:00", {"late_seconds_forgiven": 600}, ("05:00", "09:00")),
        ("05:11", "09:00", {"late_seconds_forgiven": 600}, ("05:11", "09:00")),
        ("04:50", "09:00", {"late_seconds_forgiven": 600}, ("04:50", "09:00")),
        # After the shift, at most so much; who leaves early is credited until then.
        ("05:00", "10:00", {"overstay_seconds_credited_max": 900}, ("05:00", "09:15")),
        ("05:00", "09:10", {"overstay_seconds_credited_max": 900}, ("05:00", "09:10")),
        ("05:00", "08:00", {"overstay_seconds_credited_max": 0}, ("05:00", "08:00")),
        # All of them.
        (
            "04:00",
            "10:00",
            {"early_seconds_credited_max": 60, "overstay_seconds_credited_max": 60},
            ("04:59", "09:01"),
        ),
        # A record is no check-out: nobody forgot it.
        ("05:00", "14:00", {"open_presence_seconds": 3600}, ("05:00", "14:00")),
    ],
)
def test_the_shift_s_times_bound_what_the_clock_credits(start, end, rules, expected):
    assert credited(start, end, **rules)[:2] == expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("03:00", "04:00"),  # gone before anything is credited
        ("10:00", "11:00"),  # came when nothing is any more
    ],
)
def test_a_presence_of_which_nothing_is_credited_is_kept_with_no_hours(start, end):
    rules = {"early_seconds_credited_max": 0, "overstay_seconds_credited_max": 0}
    scenario = with_rules(programme(), **rules).when(served(A1, MORNING, f"2026-11-20 {start}", f"2026-11-20 {end}"))
    scenario.then_recorded("attendance-recorded", entries=(), counted=(), withheld_reason=None)
    known = scenario.state(A1)
    assert isinstance(known, Attendance)
    assert (known.state, known.seconds, known.withheld, known.counted) == ("recorded", {}, (), ())
    assert known.served is not None
    assert (known.served.start, known.served.end) == (at(f"2026-11-20 {start}"), at(f"2026-11-20 {end}"))
    scenario.when(VerifyHours(A1), actor=GREEN_VERIFIER).then_refused("NOTHING_TO_VERIFY")
    scenario.when(CorrectAttendance(A1, at("2026-11-20 05:00"), at("2026-11-20 06:00")))
    scenario.then_recorded("attendance-corrected")
    assert scenario.seconds(A1) == {"attended": 3600}


@pytest.mark.parametrize(
    ("leaves", "until"),
    [("10:00", "10:00"), ("10:01", "09:00"), ("23:00", "09:00"), ("08:00", "08:00")],
)
def test_who_forgot_to_check_out_is_credited_until_the_shift_s_end(leaves, until):
    scenario = with_rules(programme(), open_presence_seconds=3600)
    scenario.given(CheckIn(A1, MORNING, ANA, at("2026-11-20 05:00"), "qr"))
    scenario.when(CheckOut(A1, at(f"2026-11-20 {leaves}"), "app"))
    assert span(scenario)[1] == until
    known = scenario.state(A1)
    assert isinstance(known, Attendance)
    assert (known.served is None) == (until == leaves)


@pytest.mark.parametrize(
    ("minutes", "credited_minutes"),
    [(359, 359), (360, 360), (361, 331), (480, 450)],
)
def test_who_serves_longer_had_a_break(minutes, credited_minutes):
    end = f"{at('2026-11-20 05:00') + timedelta(minutes=minutes):%H:%M}"
    _, _, seconds = credited("05:00", end, break_after_seconds=21_600, break_seconds=1800)
    assert seconds == credited_minutes * 60


@pytest.mark.parametrize(
    ("rounding", "lengths"),
    [
        ("down", {899: 0, 900: 900, 1799: 900, 1800: 1800}),
        ("nearest", {449: 0, 450: 900, 1349: 900, 1350: 1800}),
        ("up", {1: 900, 900: 900, 901: 1800}),
    ],
)
def test_the_credited_span_is_made_a_multiple_at_its_end(rounding, lengths):
    for length, expected in lengths.items():
        scenario = with_rules(programme(), rounding_seconds=QUARTER, rounding=rounding)
        start = at("2026-11-20 05:00")
        scenario.when(RecordAttendance(A1, MORNING, ANA, start, start + timedelta(seconds=length)))
        assert span(scenario)[2] == expected
        assert scenario.seconds(A1) == ({"attended": expected} if expected else {})


def test_half_of_an_odd_unit_goes_up():
    scenario = with_rules(programme(), rounding_seconds=7, rounding="nearest")
    start = at("2026-11-20 05:00")
    for number, (length, expected) in enumerate({3: 0, 4: 7, 10: 7, 11: 14}.items()):
        name = f"{BEN}/attendances/{number}"
        begins = start + timedelta(hours=number)
        scenario.when(RecordAttendance(name, MORNING, BEN, begins, begins + timedelta(seconds=length)))
        assert span(scenario)[2] == expected


def test_by_the_schedule_break_and_rounding_hold_too():
    rules = {"break_after_seconds": 3600, "break_seconds": 600, "rounding_seconds": QUARTER}
    assert credited("06:00", "06:30", "schedule", **rules) == ("05:00", "08:45", 13_500)
    untouched = {"early_seconds_credited_max": 0, "late_seconds_forgiven": 60, "overstay_seconds_credited_max": 0}
    assert credited("04:00", "10:00", "schedule", **untouched) == ("05:00", "09:00", 14_400)


def test_a_shift_with_a_date_alone_has_no_times_to_bound_anything():
    day = f"{GARDEN}/shifts/day"
    scenario = programme().given(OpenShift(day, None, None, "Asia/Riyadh", date(2026, 11, 20), 5, PLACE))
    with_rules(scenario, early_seconds_credited_max=0, overstay_seconds_credited_max=0)
    scenario.when(served(A1, day, "2026-11-20 03:00", "2026-11-20 12:00"))
    assert span(scenario) == ("03:00", "12:00", 32_400)


def test_the_version_is_that_of_the_date_at_the_place():
    """21:00 UTC on 31 October is 1 November in Riyadh already."""
    scenario = with_rules(programme(), rounding_seconds=3600)
    scenario.when(served(A1, MORNING, "2026-10-31 20:59", "2026-10-31 22:30"))
    assert scenario.events[0].policy == "policies/standard/versions/1"
    scenario.when(served(f"{BEN}/attendances/1", MORNING, "2026-10-31 21:00", "2026-10-31 22:30"))
    assert scenario.events[0].policy == "policies/standard/versions/2"
    assert scenario.seconds(f"{BEN}/attendances/1") == {"attended": 3600}


def test_a_later_version_touches_nothing_that_was_decided():
    scenario = programme().given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 06:40"))
    before = [recorded.data.to_json() for recorded in scenario.ledger.events]
    with_rules(scenario, rounding_seconds=3600)
    assert [recorded.data.to_json() for recorded in scenario.ledger.events][: len(before)] == before
    assert scenario.seconds(A1) == {"attended": 6000}
    scenario.when(CorrectAttendance(A1, at("2026-11-20 05:00"), at("2026-11-20 06:45")))
    assert scenario.events[0].policy == "policies/standard/versions/2"
    assert scenario.seconds(A1) == {"attended": 3600, "reversed": 2400}


@pytest.mark.parametrize(
    ("heads", "seconds", "rules", "attended"),
    [
        (6, 72_000, {"rounding_seconds": 900}, 6 * 11_700),
        (6, 72_000, {"rounding_seconds": 900, "rounding": "up"}, 6 * 12_600),
        (7, 72_001, {}, 72_001),
        (7, 72_001, {"rounding_seconds": 60, "rounding": "nearest"}, 7 * 10_260),
        (4, None, {"break_after_seconds": 7200, "break_seconds": 1800}, 4 * 12_600),
        (4, 4 * 7200, {"break_after_seconds": 7200, "break_seconds": 1800}, 4 * 7200),
        (10, 5000, {"rounding_seconds": 900}, 0),
    ],
)
def test_a_head_count_is_credited_by_what_each_served_on_average(heads, seconds, rules, attended):
    scenario = with_rules(programme(), **rules).when(RecordGroupAttendance(GROUP, MORNING, heads, seconds))
    scenario.then_recorded("group-attendance-recorded", attended_seconds=seconds or heads * 14_400)
    assert scenario.seconds(GROUP) == ({"attended": attended} if attended else {})
    assert scenario.events[0].policy == "policies/standard/versions/2"


def test_the_same_figures_of_a_head_count_can_be_decided_by_a_later_version():
    scenario = programme().given(RecordGroupAttendance(GROUP, MORNING, 6, 72_000))
    again = CorrectGroupAttendance(GROUP, 6, 72_000)
    scenario.when(again).then_refused("NOTHING_CHANGES")
    with_rules(scenario, rounding_seconds=900)
    scenario.when(again).then_recorded("group-attendance-corrected", attended_seconds=72_000)
    assert scenario.seconds(GROUP) == {"attended": 70_200, "reversed": 1800}
    scenario.when(again).then_refused("NOTHING_CHANGES")
    scenario.given(VerifyHours(GROUP), actor=GREEN_VERIFIER)
    with_rules(scenario, rounding_seconds=60)
    scenario.when(again).then_refused("NOTHING_CHANGES")
    known = scenario.state(GROUP)
    assert isinstance(known, GroupAttendance)
    assert known.policy == "policies/standard/versions/2"


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/London", "2026-03-28 22:00", "2026-03-29 10:00"),  # the hour that is lost
        ("Europe/London", "2026-10-24 22:00", "2026-10-25 10:00"),  # the hour that comes twice
        ("America/New_York", "2026-03-08 01:00", "2026-03-08 04:00"),
        ("America/New_York", "2026-10-31 23:00", "2026-11-01 03:00"),
        ("Asia/Riyadh", "2024-02-28 22:00", "2024-03-01 01:00"),  # over 29 February
        ("Europe/London", "2024-02-29 00:00", "2024-03-01 00:00"),
        ("Pacific/Midway", "2025-12-31 20:00", "2026-01-01 08:00"),  # UTC-11
        ("Pacific/Kiritimati", "2025-12-31 20:00", "2026-01-01 08:00"),  # UTC+14
        ("Asia/Kathmandu", "2025-12-31 23:59", "2026-01-01 00:01"),
    ],
)
def test_dates_of_service_are_those_of_the_calendar_at_the_place(zone, start, end):
    """Second by second beside zoneinfo, in steps of a minute: no code of the ledger takes part."""
    place = ZoneInfo(zone)
    begins, ends = (datetime.fromisoformat(text).replace(tzinfo=place).astimezone(UTC) for text in (start, end))
    by_date: dict[str, int] = {}
    moment = begins
    while moment < ends:
        day = moment.astimezone(place).date().isoformat()
        by_date[day] = by_date.get(day, 0) + 60
        moment += timedelta(minutes=1)
    shift = f"{GARDEN}/shifts/abroad"
    scenario = programme().given(OpenShift(shift, begins, ends, zone, None, 5, PLACE))
    scenario.when(RecordAttendance(A1, shift, ANA, begins, ends))
    if (ends - begins).total_seconds() > 86_400:
        assert [reason for *_, reason in scenario.entries()] == ["DURATION_ABOVE_CAP"] * len(by_date)
    assert {day: seconds for day, _, _, seconds, _ in scenario.entries()} == by_date


minutes = st.integers(min_value=0, max_value=600)


@given(
    came=st.integers(min_value=-180, max_value=500),
    stayed=st.integers(min_value=1, max_value=600),
    early=st.none() | minutes,
    forgiven=st.integers(min_value=0, max_value=120),
    overstay=st.none() | minutes,
    open_presence=st.none() | minutes,
    rest=st.none() | st.tuples(st.integers(min_value=1, max_value=480), st.integers(min_value=1, max_value=480)),
    unit=st.sampled_from([1, 60, 420, 900, 3600, 5400]),
    rounding=st.sampled_from(["down", "nearest", "up"]),
)
@settings(max_examples=300, deadline=None)
def test_what_is_credited_is_what_counting_the_minutes_gives(
    came, stayed, early, forgiven, overstay, open_presence, rest, unit, rounding
):
    """Minute by minute beside the rules' own arithmetic; the shift has 240 minutes, from minute 0."""
    left = came + stayed
    if open_presence is not None and left > 240 + open_presence:
        there = set(range(came, 240))
    else:
        there = {minute for minute in range(came, left) if overstay is None or minute < 240 + overstay}
    there = {minute for minute in there if early is None or minute >= -early}
    if there and 0 < came <= forgiven:
        there |= set(range(came))
    length = 60 * len(there)
    if rest is not None and length > 60 * rest[0]:
        length = max(0, length - 60 * min(rest))
    exact = Fraction(length, unit)
    multiples = {"down": floor(exact), "nearest": floor(exact + Fraction(1, 2)), "up": ceil(exact)}[rounding]

    rules = HoursRules(
        early_seconds_credited_max=None if early is None else 60 * early,
        late_seconds_forgiven=60 * forgiven,
        overstay_seconds_credited_max=None if overstay is None else 60 * overstay,
        open_presence_seconds=None if open_presence is None else 60 * open_presence,
        break_after_seconds=None if rest is None else 60 * rest[0],
        break_seconds=0 if rest is None else 60 * min(rest),
        rounding_seconds=unit,
        rounding=rounding,
    )
    scenario = with_rules(programme(), **rules.model_dump(exclude={"kind"}))
    opens = at("2026-11-20 05:00")
    scenario.given(CheckIn(A1, MORNING, ANA, opens + timedelta(minutes=came), "qr"))
    scenario.when(CheckOut(A1, opens + timedelta(minutes=left), "qr"))
    assert span(scenario)[2] == multiples * unit
    known = scenario.state(A1)
    assert isinstance(known, Attendance)
    if there and multiples:
        assert known.start == opens + timedelta(minutes=min(there))


def test_rules_that_change_nothing_credit_a_presence_as_it_was():
    assert HoursRules().credits_as_served
    assert not HoursRules(late_seconds_forgiven=1).credits_as_served
    assert not HoursRules(rounding_seconds=2).credits_as_served
    assert HoursRules(charter_required=True, year_seconds_max=1).credits_as_served
