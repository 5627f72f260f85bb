"""Which attendances follow a live session: one for each time somebody was there, in an order that repeats."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.live.live_hours import attendances

SHIFT = "opportunities/o/shifts/s"
SESSION = f"{SHIFT}/liveSessions/l"
SPANS = {"volunteers/ben": [(1_000, 1_600)], "volunteers/ana": [(100, 400), (900, 1_200)]}


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def test_one_for_each_time_they_were_there():
    told = [(one.volunteer, one.start, one.end) for one in attendances(SESSION, SPANS, "clock")]
    assert told == [
        ("volunteers/ana", at(100), at(400)),
        ("volunteers/ana", at(900), at(1_200)),
        ("volunteers/ben", at(1_000), at(1_600)),
    ]


def test_by_the_schedule_a_person_is_recorded_once():
    told = [(one.volunteer, one.start, one.end) for one in attendances(SESSION, SPANS, "schedule")]
    assert told == [("volunteers/ana", at(100), at(1_200)), ("volunteers/ben", at(1_000), at(1_600))]


def test_names_are_the_same_each_time_and_of_this_session_alone():
    names = [one.attendance for one in attendances(SESSION, SPANS, "clock")]
    assert names == [one.attendance for one in attendances(SESSION, dict(reversed(SPANS.items())), "clock")]
    assert not set(names) & {one.attendance for one in attendances(f"{SESSION}2", SPANS, "clock")}
    assert {one.shift for one in attendances(SESSION, SPANS, "clock")} == {SHIFT}
