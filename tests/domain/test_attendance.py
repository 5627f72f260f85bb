"""Checking in and out, recording, correcting and withdrawing one person's attendance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.domain.attendance import (
    Attendance,
    CheckIn,
    CheckOut,
    CorrectAttendance,
    RecordAttendance,
    WithdrawAttendance,
)
from ledger.domain.attendance_events import (
    AttendanceCorrected,
    AttendanceRecorded,
    AttendanceWithdrawn,
    VolunteerCheckedIn,
    VolunteerCheckedOut,
)
from ledger.domain.opportunity import CloseOpportunity, OpportunityDetails, UpdateOpportunity
from ledger.domain.refusals import InvariantBroken
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.shift import OpenShift
from ledger.domain.values import ImportedFrom, LocalizedText
from ledger.domain.verification import DeclineHours, ReverseHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import (
    ANA,
    BEN,
    CARE_VERIFIER,
    CLINIC,
    GARDEN,
    GREEN,
    GREEN_VERIFIER,
    MORNING,
    NOON,
    PLACE,
    at,
    programme,
    served,
    shift,
)

FIRST, SECOND, THIRD = f"{ANA}/attendances/1", f"{ANA}/attendances/2", f"{ANA}/attendances/3"
CAME, LEFT = at("2026-11-20 05:02"), at("2026-11-20 08:47")
HOUR = 3600


def checked_in(**terms) -> Scenario:
    return programme(**terms).given(CheckIn(FIRST, MORNING, ANA, CAME, "qr"))


def attendance(scenario: Scenario, name: str = FIRST) -> Attendance:
    state = scenario.state(name)
    assert isinstance(state, Attendance)
    return state


# Checking in


def test_a_registered_person_checks_in_and_no_hours_move_yet():
    scenario = programme().when(CheckIn(FIRST, MORNING, ANA, CAME, "qr"))
    scenario.then_recorded(VolunteerCheckedIn, organization=GREEN, at=CAME, method="qr", time_zone="Asia/Riyadh")
    assert attendance(scenario).state == "present"
    assert scenario.seconds(FIRST) == {}


def test_a_check_in_without_a_time_is_now_in_whole_seconds():
    scenario = programme()
    moment = scenario.now.replace(microsecond=999_999)
    scenario.when(CheckIn(FIRST, MORNING, ANA, None, "kiosk"), now=moment).then_recorded(
        VolunteerCheckedIn, at=scenario.now
    )


def test_checking_in_names_things_that_exist():
    unknown = "opportunities/garden/shifts/unknown"
    programme().when(CheckIn(FIRST, unknown, ANA, CAME, "qr")).then_refused("NOT_FOUND", name=unknown)
    stranger = "volunteers/stranger"
    command = CheckIn(f"{stranger}/attendances/1", MORNING, stranger, CAME, "qr")
    programme().when(command).then_refused("NOT_FOUND", name=stranger)


def test_checking_in_needs_a_registration_in_force():
    programme().when(CheckIn(f"{BEN}/attendances/1", NOON, BEN, CAME, "qr")).then_refused("NOT_REGISTERED")
    withdrawn = programme().given(WithdrawRegistration(f"{MORNING}/registrations/ana"))
    withdrawn.when(CheckIn(FIRST, MORNING, ANA, CAME, "qr")).then_refused("NOT_REGISTERED")


def test_nobody_checks_in_to_a_closed_opportunity():
    closed = programme().given(CloseOpportunity(GARDEN))
    closed.when(CheckIn(FIRST, MORNING, ANA, CAME, "qr")).then_refused("OPPORTUNITY_CLOSED")


def test_checking_in_ahead_of_the_ledgers_clock_is_refused_beyond_five_minutes():
    scenario = programme()
    ahead = scenario.now + timedelta(seconds=301)
    scenario.when(CheckIn(FIRST, MORNING, ANA, ahead, "app")).then_refused("SERVICE_IN_FUTURE")
    ahead -= timedelta(seconds=1)
    scenario.when(CheckIn(FIRST, MORNING, ANA, ahead, "app")).then_recorded(VolunteerCheckedIn, at=ahead)


def test_an_attendance_begins_once():
    checked_in().when(CheckIn(FIRST, MORNING, ANA, CAME, "qr")).then_refused("ALREADY_EXISTS", name=FIRST)


def test_nobody_is_in_two_places_until_a_day_has_passed():
    scenario = checked_in()
    second = CheckIn(SECOND, NOON, ANA, CAME + timedelta(hours=24), "qr")
    scenario.when(second).then_refused("ALREADY_CHECKED_IN", attendance=FIRST)
    scenario.when(CheckIn(SECOND, NOON, ANA, CAME + timedelta(hours=24, seconds=1), "qr"))
    scenario.then_recorded(VolunteerCheckedIn)


def test_a_check_in_withdrawn_does_not_stand_in_the_way():
    scenario = checked_in().given(WithdrawAttendance(FIRST))
    assert attendance(scenario).state == "withdrawn"
    scenario.when(CheckIn(SECOND, NOON, ANA, CAME, "qr")).then_recorded(VolunteerCheckedIn)


def test_an_attendance_belongs_to_who_came():
    with pytest.raises(InvariantBroken):
        programme().when(CheckIn(f"{BEN}/attendances/1", MORNING, ANA, CAME, "qr"))


# Checking out


def test_by_the_clock_the_time_between_check_in_and_check_out_counts():
    scenario = checked_in().when(CheckOut(FIRST, LEFT, "kiosk"))
    scenario.then_recorded(VolunteerCheckedOut, method="kiosk", start=CAME, end=LEFT, served=None)
    assert scenario.entries() == [("2026-11-20", "outside", "attended", 3 * HOUR + 45 * 60, None)]
    assert attendance(scenario).state == "recorded"
    assert attendance(scenario).policy == "policies/standard/versions/1"


def test_by_the_schedule_the_shift_counts_and_the_clock_is_kept():
    scenario = checked_in(crediting="schedule").when(CheckOut(FIRST, LEFT, "qr"))
    scenario.then_recorded(VolunteerCheckedOut, start=at("2026-11-20 05:00"), end=at("2026-11-20 09:00"))
    assert scenario.seconds(FIRST) == {"attended": 4 * HOUR}
    clocked = attendance(scenario).served
    assert clocked is not None
    assert (clocked.start, clocked.end) == (CAME, LEFT)


def test_by_the_schedule_a_shift_counts_once_it_has_begun():
    tomorrow = f"{GARDEN}/shifts/tomorrow"
    scenario = programme(crediting="schedule").given(
        shift(tomorrow, "2026-11-24 05:00", "2026-11-24 09:00"), RegisterForShift(tomorrow, ANA)
    )
    scenario.given(CheckIn(FIRST, tomorrow, ANA, scenario.now, "qr"))
    scenario.later(hours=1).when(CheckOut(FIRST, None, "qr")).then_refused("SERVICE_IN_FUTURE")
    scenario.later(hours=16, minutes=30).when(CheckOut(FIRST, None, "qr"))
    scenario.then_recorded(VolunteerCheckedOut, end=at("2026-11-24 09:00"))


def test_the_terms_are_those_at_check_in():
    details = OpportunityDetails(title=LocalizedText(en="Service"), crediting="schedule")
    scenario = checked_in().given(UpdateOpportunity(GARDEN, details, ("crediting",)))
    scenario.when(CheckOut(FIRST, LEFT, "qr")).then_recorded(VolunteerCheckedOut, crediting="clock", end=LEFT)


def test_whoever_leaves_has_come_before():
    scenario = checked_in()
    scenario.when(CheckOut(SECOND, LEFT, "qr")).then_refused("NOT_FOUND", name=SECOND)
    scenario.when(CheckOut(FIRST, CAME, "qr")).then_refused("TIMES_REVERSED")
    scenario.when(CheckOut(FIRST, scenario.now + timedelta(minutes=6), "qr")).then_refused("SERVICE_IN_FUTURE")
    scenario.given(CheckOut(FIRST, LEFT, "qr"))
    scenario.when(CheckOut(FIRST, LEFT, "qr")).then_refused("NOT_CHECKED_IN", attendance=FIRST)


def test_a_forgotten_check_out_is_withheld_whole():
    scenario = checked_in().when(CheckOut(FIRST, CAME + timedelta(hours=24, seconds=1), "qr"))
    scenario.then_recorded(VolunteerCheckedOut, withheld_reason="DURATION_ABOVE_CAP", counted=())
    assert scenario.seconds(FIRST) == {"withheld": 24 * HOUR + 1}


# Recording by the organisation


def test_the_organisation_records_without_a_registration():
    command = served(f"{BEN}/attendances/1", NOON, "2026-11-20 08:00", "2026-11-20 10:00")
    programme().when(command).then_recorded(AttendanceRecorded, source="native", flags=(), withheld_reason=None)


def test_a_record_without_times_is_the_shifts_schedule():
    scenario = programme().when(RecordAttendance(FIRST, MORNING, ANA))
    scenario.then_recorded(AttendanceRecorded, start=at("2026-11-20 05:00"), end=at("2026-11-20 09:00"))


def test_a_shift_known_by_its_date_needs_times():
    dated = f"{GARDEN}/shifts/dated"
    scenario = programme().given(OpenShift(dated, None, None, "Asia/Riyadh", at("2026-11-20 00:00").date(), 5, PLACE))
    scenario.when(RecordAttendance(FIRST, dated, ANA)).then_refused("SHIFT_HAS_NO_TIMES", shift=dated)
    scenario.when(served(FIRST, dated, "2026-11-20 05:00", "2026-11-20 06:00")).then_recorded(AttendanceRecorded)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ("2026-11-20 05:00", "2026-11-20 05:00", "TIMES_REVERSED"),
        ("2026-11-20 05:00", "2026-11-20 04:59", "TIMES_REVERSED"),
        ("2026-10-20 05:00", "2026-11-20 05:01", "DURATION_OUT_OF_RANGE"),
        ("2026-11-23 05:00", "2026-11-23 12:06", "SERVICE_IN_FUTURE"),
    ],
)
def test_times_that_cannot_be_are_refused(start: str, end: str, reason: str):
    programme().when(served(FIRST, MORNING, start, end)).then_refused(reason)


def test_the_same_attendance_is_recorded_once():
    command = served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 06:00")
    programme().given(command).when(command).then_refused("ALREADY_EXISTS", name=FIRST)


def test_a_migrated_record_says_where_it_comes_from_and_when_it_was_learnt():
    record = ImportedFrom(system="old-system", record_id="17")
    start, end = at("2026-11-20 05:00"), at("2026-11-20 06:00")
    learnt = at("2026-11-19 10:00")
    scenario = programme().when(RecordAttendance(FIRST, MORNING, ANA, start, end, record, learnt))
    scenario.then_recorded(AttendanceRecorded, source="migrated", imported_from=record, flags=("BEFORE_SERVICE_DATE",))
    assert scenario.events[0].source_time == learnt
    assert attendance(scenario).migrated


def test_a_presence_across_midnight_stands_on_both_dates_of_the_place():
    scenario = programme().when(served(FIRST, MORNING, "2026-11-19 20:00", "2026-11-19 22:30"))
    scenario.then_recorded(AttendanceRecorded)
    assert scenario.entries() == [
        ("2026-11-19", "outside", "attended", HOUR, None),
        ("2026-11-20", "outside", "attended", HOUR + HOUR // 2, None),
    ]


# What counts


def test_an_overlap_is_withheld_in_its_overlapping_part_across_organisations():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason="OVERLAP")
    assert scenario.counted() == [(at("2026-11-20 09:00"), at("2026-11-20 12:00"))]
    assert scenario.entries() == [
        ("2026-11-20", "outside", "attended", 3 * HOUR, None),
        ("2026-11-20", "outside", "withheld", HOUR, "OVERLAP"),
    ]


def test_presences_that_touch_do_not_overlap():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 08:00"))
    scenario.when(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 09:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason=None)


def test_another_persons_time_does_not_matter():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(served(f"{BEN}/attendances/1", MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason=None)


def test_exactly_24_hours_count_and_a_second_more_does_not():
    scenario = programme().when(served(FIRST, MORNING, "2026-11-19 21:00", "2026-11-20 21:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason=None)
    longer = RecordAttendance(FIRST, MORNING, ANA, at("2026-11-19 21:00"), at("2026-11-20 21:00:01"))
    programme().when(longer).then_recorded(AttendanceRecorded, withheld_reason="DURATION_ABOVE_CAP", counted=())


def test_a_date_of_25_hours_holds_24_at_most():
    # On 25 October 2026 London puts its clocks back: the date begins on 24 October 23:00 UTC and has 25 hours.
    autumn = f"{GARDEN}/shifts/autumn"
    scenario = programme().given(
        shift(autumn, "2026-10-24 23:00", "2026-10-26 00:00", "Europe/London"),
        served(FIRST, autumn, "2026-10-24 23:00", "2026-10-25 12:00"),
    )
    scenario.when(served(SECOND, autumn, "2026-10-25 12:00", "2026-10-26 00:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason="DURATION_ABOVE_CAP", counted=())
    scenario.when(served(THIRD, autumn, "2026-10-25 12:00", "2026-10-25 23:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason=None)


# Correcting


def test_a_correction_links_to_what_it_corrects_and_moves_only_the_difference():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    recorded = attendance(scenario).last_event_id
    scenario.when(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:00")))
    scenario.then_recorded(AttendanceCorrected, reason="CORRECTED", end=at("2026-11-20 08:00"))
    assert scenario.events[0].corrects == recorded
    assert scenario.entries() == [("2026-11-20", "attended", "reversed", HOUR, "CORRECTED")]
    scenario.when(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 10:00")))
    assert scenario.entries() == [("2026-11-20", "outside", "attended", 2 * HOUR, None)]
    assert scenario.seconds(FIRST) == {"attended": 5 * HOUR, "reversed": HOUR}


def test_what_was_verified_must_be_verified_again_after_a_correction():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.given(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.when(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:00")))
    assert scenario.entries() == [
        ("2026-11-20", "verified", "attended", 3 * HOUR, None),
        ("2026-11-20", "verified", "reversed", HOUR, "CORRECTED"),
    ]
    assert attendance(scenario).state == "recorded"


def test_a_correction_to_another_day_reverses_there_and_begins_here():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 06:00"))
    scenario.when(CorrectAttendance(FIRST, at("2026-11-21 05:00"), at("2026-11-21 06:00")))
    assert scenario.entries() == [
        ("2026-11-20", "attended", "reversed", HOUR, "CORRECTED"),
        ("2026-11-21", "outside", "attended", HOUR, None),
    ]


def test_by_the_schedule_a_correction_of_the_clock_moves_no_seconds():
    scenario = checked_in(crediting="schedule").given(CheckOut(FIRST, LEFT, "qr"))
    scenario.when(CorrectAttendance(FIRST, CAME, LEFT)).then_refused("NOTHING_CHANGES")
    scenario.when(CorrectAttendance(FIRST, CAME, LEFT + timedelta(minutes=5)))
    scenario.then_recorded(AttendanceCorrected, entries=(), end=at("2026-11-20 09:00"))


def test_a_correction_must_change_something():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    same = CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 09:00"))
    scenario.when(same).then_refused("NOTHING_CHANGES", name=FIRST)


@pytest.mark.parametrize("judgement", ["declined", "reversed"])
def test_what_was_judged_wrongly_can_be_corrected_and_is_attended_again(judgement: str):
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    if judgement == "declined":
        scenario.given(DeclineHours(FIRST, "NOT_SEEN"), actor=GREEN_VERIFIER)
    else:
        scenario.given(VerifyHours(FIRST), ReverseHours(FIRST, "NOT_SEEN"), actor=GREEN_VERIFIER)
    assert attendance(scenario).state == judgement
    scenario.when(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 09:00")))
    scenario.then_recorded(AttendanceCorrected)
    assert scenario.seconds(FIRST) == {"attended": 4 * HOUR, "reversed": 4 * HOUR}


def test_only_hours_can_be_corrected():
    times = at("2026-11-20 05:00"), at("2026-11-20 06:00")
    programme().when(CorrectAttendance(FIRST, *times)).then_refused("NOT_FOUND")
    checked_in().when(CorrectAttendance(FIRST, *times)).then_refused("ATTENDANCE_NOT_RECORDED")


# Withdrawing


def test_a_withdrawal_reverses_all_that_stands():
    scenario = programme().given(
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"),
    )
    scenario.given(VerifyHours(SECOND), actor=CARE_VERIFIER)
    scenario.when(WithdrawAttendance(SECOND, "ENTERED_TWICE"))
    scenario.then_recorded(AttendanceWithdrawn, reason="ENTERED_TWICE", counted=())
    assert scenario.entries() == [
        ("2026-11-20", "verified", "reversed", 3 * HOUR, "ENTERED_TWICE"),
        ("2026-11-20", "withheld", "reversed", HOUR, "ENTERED_TWICE"),
    ]


def test_withdrawn_stays_withdrawn():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.given(WithdrawAttendance(FIRST))
    scenario.when(WithdrawAttendance(FIRST)).then_refused("NOTHING_CHANGES")
    times = at("2026-11-20 05:00"), at("2026-11-20 06:00")
    scenario.when(CorrectAttendance(FIRST, *times)).then_refused("ATTENDANCE_WITHDRAWN")
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_refused("ATTENDANCE_WITHDRAWN")
    scenario.when(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00")).then_refused("ALREADY_EXISTS")


# Coming again


def test_registering_again_after_leaving_allows_checking_in():
    scenario = programme().given(WithdrawRegistration(f"{MORNING}/registrations/ana"), RegisterForShift(MORNING, ANA))
    scenario.when(CheckIn(FIRST, MORNING, ANA, CAME, "coordinator")).then_recorded(VolunteerCheckedIn)


def test_the_clinics_opportunity_is_the_one_recorded():
    scenario = programme().when(served(FIRST, NOON, "2026-11-20 08:00", "2026-11-20 09:00"))
    scenario.then_recorded(AttendanceRecorded, opportunity=CLINIC, holder=ANA, shift=NOON)
