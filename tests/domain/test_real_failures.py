"""Failures of real systems at counting hours, each with its project and issue: what happens here instead."""

from __future__ import annotations

from ledger.domain.attendance import CheckIn, CheckOut, RecordAttendance
from ledger.domain.attendance_events import AttendanceRecorded
from ledger.domain.verification import VerifyHours
from tests.domain.policies import with_rules
from tests.domain.programme import ANA, BEN, GARDEN, GREEN_VERIFIER, MORNING, NOON, at, programme, served, shift

HOUR = 3600
A1, A2, A3 = (f"{ANA}/attendances/{number}" for number in range(1, 4))


def test_double_click_records_once():
    """SalesforceFoundation/Volunteers-for-Salesforce #271: a double click recorded the hours twice.

    The same request is one result by its key; a second request for the same time counts no second of it.
    """
    scenario = programme().given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00")).then_refused("ALREADY_EXISTS")
    scenario.when(served(A2, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.then_recorded(AttendanceRecorded, counted=(), withheld_reason="OVERLAP")
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
    assert scenario.seconds(A2) == {"withheld": 4 * HOUR}


def test_83_hours_a_day_are_withheld():
    """benwbrum/fromthepage #3496: "83 hours per day" stood in a public report."""
    scenario = programme().when(served(A1, MORNING, "2026-11-16 05:00", "2026-11-19 16:00"))
    scenario.then_recorded(AttendanceRecorded, counted=(), withheld_reason="DURATION_ABOVE_CAP")
    assert scenario.seconds(A1) == {"withheld": 83 * HOUR}
    scenario.when(VerifyHours(A1), actor=GREEN_VERIFIER).then_refused("NOTHING_TO_VERIFY")


def test_83_hours_of_a_day_in_many_parts_are_withheld_above_24():
    """The same date in pieces, over two organisations and without an overlap: a date has 24 hours."""
    scenario = programme()
    for number in range(4):
        start = 8 * number
        place = MORNING if number % 2 else NOON
        day, hour = divmod(start + 21, 24)
        until_day, until_hour = divmod(start + 29, 24)
        scenario.given(
            served(
                f"{ANA}/attendances/{number}",
                place,
                f"2026-11-{19 + day} {hour:02}:00",
                f"2026-11-{19 + until_day} {until_hour:02}:00",
            )
        )
    of_the_20th = sum(
        entry.seconds
        for recorded in scenario.ledger.events
        if isinstance(recorded.data, AttendanceRecorded)
        for entry in recorded.data.entries
        if entry.service_date.isoformat() == "2026-11-20" and entry.to_class == "attended"
    )
    assert of_the_20th == 24 * HOUR


def test_shift_ending_at_midnight_has_no_negative_hours():
    """playasoft/volunteers #58: shifts that end at midnight had negative hours."""
    evening = f"{GARDEN}/shifts/evening"
    scenario = programme("schedule").given(shift(evening, "2026-11-20 17:00", "2026-11-20 21:00"))
    scenario.when(RecordAttendance(A1, evening, ANA))  # 20:00 to 24:00 in Riyadh
    assert scenario.entries() == [("2026-11-20", "outside", "attended", 4 * HOUR, None)]
    across = f"{GARDEN}/shifts/across"
    scenario.given(shift(across, "2026-11-21 20:00", "2026-11-21 22:00"))
    scenario.when(RecordAttendance(A2, across, ANA))
    assert scenario.entries() == [
        ("2026-11-21", "outside", "attended", HOUR, None),
        ("2026-11-22", "outside", "attended", HOUR, None),
    ]
    scenario.when(served(A3, evening, "2026-11-20 21:00", "2026-11-20 17:00")).then_refused("TIMES_REVERSED")


def test_unapproved_hours_are_not_in_the_verified_total():
    """navapbc/oscer #123: an approval check was removed, and unapproved hours joined the same total."""
    scenario = programme().given(
        served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 07:00"),
        served(A2, MORNING, "2026-11-20 07:00", "2026-11-20 09:00"),
    )
    scenario.given(VerifyHours(A1, 5400), actor=GREEN_VERIFIER)
    assert scenario.seconds(A1) == {"verified": 5400, "reversed": 1800}
    assert scenario.seconds(A2) == {"attended": 7200}


def test_two_true_equal_entries_are_both_kept():
    """navapbc/oscer #100: a second entry of the same person, category, hours and month was refused as a duplicate.

    Equal lengths at other times are two truths; the same time twice is one, whatever its length.
    """
    scenario = programme().given(
        served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 07:00"),
        served(A2, MORNING, "2026-11-20 07:00", "2026-11-20 09:00"),
        served(f"{BEN}/attendances/1", MORNING, "2026-11-20 05:00", "2026-11-20 07:00"),
    )
    for name in (A1, A2, f"{BEN}/attendances/1"):
        assert scenario.seconds(name) == {"attended": 7200}
    scenario.when(served(A3, NOON, "2026-11-20 06:00", "2026-11-20 08:30"))
    assert scenario.seconds(A3) == {"withheld": 9000}


def test_40_hours_59_minutes_of_one_date_are_withheld():
    """OneCommunityGlobal/HighestGoodNetworkApp #155: 40 h 59 min were accepted for one date."""
    scenario = programme().when(served(A1, MORNING, "2026-11-19 21:00", "2026-11-21 13:59"))
    scenario.then_recorded(AttendanceRecorded, counted=(), withheld_reason="DURATION_ABOVE_CAP")
    assert scenario.seconds(A1) == {"withheld": 40 * HOUR + 59 * 60}


def test_who_forgot_to_check_out_for_days_has_no_days_of_hours():
    """Behind many of them: a check-out that came a day late. With a policy for it, the shift's end counts."""
    scenario = with_rules(programme(), open_presence_seconds=2 * HOUR)
    scenario.given(CheckIn(A1, MORNING, ANA, at("2026-11-20 05:00"), "qr"))
    scenario.when(CheckOut(A1, at("2026-11-21 08:00"), "app"))
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
