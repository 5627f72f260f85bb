"""What is withheld by caps and by the service itself, in which order it is told, and how it is released."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ledger.domain.amendment import WithdrawAttendance
from ledger.domain.attendance import CheckIn, CheckOut, RecordAttendance
from ledger.domain.attendance_events import AttendanceRecorded, AttendanceWithdrawn, HoursReleased
from ledger.domain.attendance_state import Attendance
from ledger.domain.group_attendance import RecordGroupAttendance
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity, UpdateOpportunity
from ledger.domain.organization import ReinstateOrganization, SuspendOrganization
from ledger.domain.reassessment import ReassessHours
from ledger.domain.shift import OpenShift
from ledger.domain.values import LocalizedText
from ledger.domain.verification import DeclineHours, ReverseHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.policies import with_rules
from tests.domain.programme import (
    ANA,
    BEN,
    CARE,
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

HOUR = 3600
A1, A2, A3, A4 = (f"{ANA}/attendances/{number}" for number in range(1, 5))
COURT, DUTY = "opportunities/court", "opportunities/court/shifts/duty"


def reason_of(scenario: Scenario, name: str) -> tuple[str, ...]:
    known = scenario.state(name)
    assert isinstance(known, Attendance)
    return known.withheld_reasons


# A calendar date


def test_a_date_holds_no_more_than_its_cap_over_all_organizations():
    scenario = with_rules(programme(), day_seconds_max=8 * HOUR)
    scenario.given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 10:00"))
    scenario.when(served(A2, NOON, "2026-11-20 10:00", "2026-11-20 13:01"))
    scenario.then_recorded(AttendanceRecorded, counted=(), withheld_reason="DURATION_ABOVE_CAP")
    scenario.when(served(A3, NOON, "2026-11-20 10:00", "2026-11-20 13:00"))
    assert scenario.seconds(A3) == {"attended": 3 * HOUR}
    scenario.when(served(A4, NOON, "2026-11-21 10:00", "2026-11-21 13:00"))
    assert scenario.seconds(A4) == {"attended": 3 * HOUR}


def test_one_attendance_alone_can_pass_a_date_s_cap():
    scenario = with_rules(programme(), day_seconds_max=8 * HOUR)
    scenario.when(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 13:01"))
    assert scenario.seconds(A1) == {"withheld": 8 * HOUR + 60}


def test_24_hours_of_a_date_are_never_passed_whatever_the_policy_says():
    scenario = with_rules(programme(), day_seconds_max=100 * HOUR, attendance_seconds_max=100 * HOUR)
    scenario.when(served(A1, MORNING, "2026-11-18 21:00", "2026-11-20 21:00"))
    assert scenario.seconds(A1) == {"attended": 48 * HOUR}
    london = f"{GARDEN}/shifts/london"
    scenario.given(OpenShift(london, at("2026-10-24 12:00"), at("2026-10-25 12:00"), "Europe/London", None, 5, PLACE))
    with_rules(scenario, date(2026, 10, 1), day_seconds_max=100 * HOUR, attendance_seconds_max=100 * HOUR)
    scenario.when(served(A2, london, "2026-10-24 23:00", "2026-10-26 00:00"))  # all 25 hours of that date
    assert scenario.seconds(A2) == {"withheld": 25 * HOUR}


def test_an_attendance_above_its_own_cap_is_withheld_whole():
    scenario = with_rules(programme(), attendance_seconds_max=4 * HOUR)
    scenario.when(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
    scenario.when(served(A2, NOON, "2026-11-20 10:00", "2026-11-20 14:01"))
    assert scenario.seconds(A2) == {"withheld": 4 * HOUR + 60}
    scenario.when(RecordGroupAttendance(f"{MORNING}/groupAttendances/1", MORNING, 2, 8 * HOUR + 1))
    assert scenario.entries()[0][4] == "DURATION_ABOVE_CAP"


# A calendar year


def year_of_ten_hours() -> Scenario:
    """At most ten hours a year; Ana has served nine of them in 2026, in two organisations."""
    scenario = with_rules(programme(), date(2020, 1, 1), year_seconds_max=10 * HOUR)
    return scenario.given(
        served(A1, MORNING, "2026-01-01 05:00", "2026-01-01 10:00"),
        served(A2, NOON, "2026-06-01 05:00", "2026-06-01 09:00"),
    )


def test_what_would_pass_a_year_s_cap_is_withheld_whole():
    scenario = year_of_ten_hours()
    scenario.when(served(A3, MORNING, "2026-11-20 05:00", "2026-11-20 06:01"))
    scenario.then_recorded(AttendanceRecorded, counted=(), withheld_reason="YEAR_ABOVE_CAP")
    assert [reason for *_, reason in scenario.entries()] == ["YEAR_ABOVE_CAP"]
    scenario.when(served(A4, MORNING, "2026-11-20 05:00", "2026-11-20 06:00"))
    assert scenario.seconds(A4) == {"attended": HOUR}


def test_a_year_is_that_of_the_place():
    """In Riyadh the new year begins at 21:00 UTC: one hour of this presence lies in each year."""
    scenario = with_rules(programme(), date(2020, 1, 1), year_seconds_max=10 * HOUR)
    scenario.given(served(A1, MORNING, "2025-02-01 05:00", "2025-02-01 14:00"))
    scenario.when(served(A2, MORNING, "2025-12-31 20:00", "2025-12-31 22:00"))
    assert scenario.seconds(A2) == {"attended": 2 * HOUR}
    scenario.when(served(A3, MORNING, "2025-12-31 19:00", "2025-12-31 20:00"))
    assert scenario.seconds(A3) == {"withheld": HOUR}
    scenario.when(served(A4, MORNING, "2026-03-01 05:00", "2026-03-01 14:00"))
    assert scenario.seconds(A4) == {"attended": 9 * HOUR}


@pytest.mark.parametrize(
    "time_zone",
    [
        *(f"Etc/GMT{offset:+}" for offset in range(-14, 12)),  # POSIX signs: UTC+14 to UTC-11
        "Pacific/Chatham",
        "Asia/Kathmandu",
        "America/St_Johns",
    ],
)
def test_a_year_ends_at_the_place_s_midnight_from_utc_minus_11_to_plus_14(time_zone):
    """Two hours before and two after: whatever the offset, each year has two of its three."""
    midnight = datetime(2026, 1, 1, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
    abroad = f"{GARDEN}/shifts/abroad"
    two_hours = timedelta(hours=2)
    scenario = programme().given(
        OpenShift(abroad, midnight - two_hours, midnight + two_hours, time_zone, None, 5, PLACE)
    )
    with_rules(scenario, date(2020, 1, 1), year_seconds_max=3 * HOUR)
    scenario.when(RecordAttendance(A1, abroad, ANA, midnight - two_hours, midnight + two_hours))
    assert scenario.entries() == [
        ("2025-12-31", "outside", "attended", 2 * HOUR, None),
        ("2026-01-01", "outside", "attended", 2 * HOUR, None),
    ]
    for name, before, seconds in ((A2, 5, HOUR + 1), (A3, 5, HOUR), (A4, -4, HOUR)):
        begins = midnight - timedelta(hours=before)
        scenario.when(RecordAttendance(name, abroad, ANA, begins, begins + timedelta(seconds=seconds)))
        assert scenario.seconds(name) == {"withheld" if name == A2 else "attended": seconds}


def test_who_waits_for_a_year_is_released_when_time_of_the_year_is_freed():
    scenario = year_of_ten_hours().given(
        served(A3, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(A4, MORNING, "2026-11-21 05:00", "2026-11-21 10:00"),
    )
    assert [reason_of(scenario, name) for name in (A3, A4)] == [("YEAR_ABOVE_CAP",)] * 2
    scenario.when(WithdrawAttendance(A1))
    scenario.then_recorded(AttendanceWithdrawn, HoursReleased)
    released = scenario.events[1]
    assert (released.stream, released.policy) == (A3, "policies/standard/versions/2")
    assert isinstance(released.data, HoursReleased)
    assert (released.data.reason, released.data.withheld_reason) == ("YEAR_WITHIN_CAP", None)
    assert scenario.seconds(A3) == {"attended": 4 * HOUR}
    assert scenario.seconds(A4) == {"withheld": 5 * HOUR}
    scenario.given(VerifyHours(A3), actor=GREEN_VERIFIER)
    scenario.when(ReverseHours(A3, "FORGED_LIST"), actor=GREEN_VERIFIER)
    assert [recorded.stream for recorded in scenario.events] == [A3, A4]
    assert scenario.seconds(A4) == {"attended": 5 * HOUR}


def test_time_freed_in_another_year_releases_nobody():
    scenario = year_of_ten_hours().given(
        served(A3, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(A4, MORNING, "2025-06-01 05:00", "2025-06-01 09:00"),
    )
    scenario.when(WithdrawAttendance(A4)).then_recorded(AttendanceWithdrawn)


# What the service itself was


def compulsory(scenario: Scenario) -> Scenario:
    details = OpportunityDetails(title=LocalizedText(en="Service"), compulsory_service=True)
    return scenario.given(
        PublishOpportunity(COURT, GREEN, details), shift(DUTY, "2026-11-20 05:00", "2026-11-20 09:00")
    )


def test_compulsory_service_counts_unless_the_policy_says_otherwise():
    scenario = compulsory(programme()).given(served(A1, DUTY, "2026-11-20 05:00", "2026-11-20 09:00"))
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
    with_rules(scenario, compulsory_service_counts=False)
    scenario.when(served(A2, DUTY, "2026-11-21 05:00", "2026-11-21 09:00"))
    scenario.then_recorded(AttendanceRecorded, counted=(), withheld_reason="COMPULSORY_SERVICE")
    scenario.when(RecordGroupAttendance(f"{DUTY}/groupAttendances/1", DUTY, 3, 7200))
    assert scenario.entries() == [("2026-11-20", "outside", "withheld", 7200, "COMPULSORY_SERVICE")]
    scenario.when(served(A3, MORNING, "2026-11-22 05:00", "2026-11-22 09:00"))
    assert scenario.seconds(A3) == {"attended": 4 * HOUR}


def suspended() -> Scenario:
    """Green was suspended on 20 November from 06:00 to 07:00 UTC."""
    return (
        programme()
        .given(SuspendOrganization(GREEN, "INQUIRY"), now=at("2026-11-20 06:00"))
        .given(ReinstateOrganization(GREEN), now=at("2026-11-20 07:00"))
    )


@pytest.mark.parametrize(
    ("start", "end", "withheld"),
    [
        ("05:00", "06:00", False),
        ("05:00", "06:01", True),
        ("06:10", "06:20", True),
        ("06:59", "08:00", True),
        ("07:00", "08:00", False),
    ],
)
def test_hours_served_while_the_organization_was_suspended_are_withheld(start, end, withheld):
    scenario = suspended().when(served(A1, MORNING, f"2026-11-20 {start}", f"2026-11-20 {end}"))
    assert reason_of(scenario, A1) == (("ORGANIZATION_SUSPENDED",) if withheld else ())
    assert scenario.seconds(A1).keys() == {"withheld" if withheld else "attended"}


def test_another_organization_s_hours_count_meanwhile_and_so_do_later_ones():
    scenario = suspended().given(served(A1, NOON, "2026-11-20 06:00", "2026-11-20 07:00"))
    assert scenario.seconds(A1) == {"attended": HOUR}
    scenario.given(SuspendOrganization(GREEN, "INQUIRY"), now=at("2026-11-22 06:00"))
    scenario.when(served(A2, MORNING, "2026-11-22 05:00", "2026-11-22 09:00"), now=at("2026-11-22 10:00"))
    assert reason_of(scenario, A2) == ("ORGANIZATION_SUSPENDED",)
    scenario.when(RecordGroupAttendance(f"{MORNING}/groupAttendances/1", MORNING, 2, 7200))
    assert scenario.entries()[0][4] == "ORGANIZATION_SUSPENDED"  # its shift was on the 20th


def test_a_check_out_while_suspended_is_withheld_too():
    scenario = programme().given(CheckIn(A1, MORNING, ANA, at("2026-11-20 05:00"), "qr"))
    scenario.given(SuspendOrganization(GREEN, "INQUIRY"), now=at("2026-11-20 06:00"))
    scenario.when(CheckOut(A1, at("2026-11-20 08:00"), "qr"), now=at("2026-11-20 08:00"))
    assert scenario.seconds(A1) == {"withheld": 3 * HOUR}


def test_a_ground_that_cannot_end_releases_nothing():
    scenario = suspended().given(
        served(A1, NOON, "2026-11-20 05:00", "2026-11-20 07:00"),
        served(A2, MORNING, "2026-11-20 06:00", "2026-11-20 08:00"),
    )
    assert reason_of(scenario, A2) == ("ORGANIZATION_SUSPENDED",)
    scenario.when(WithdrawAttendance(A1)).then_recorded(AttendanceWithdrawn)
    scenario.when(ReassessHours(A2)).then_refused("NOTHING_TO_RELEASE", policy="policies/standard/versions/1")


def test_of_several_grounds_the_first_in_the_fixed_order_is_told():
    rules = {"attendance_seconds_max": HOUR, "year_seconds_max": HOUR, "compulsory_service_counts": False}
    scenario = with_rules(compulsory(suspended()), **rules)
    scenario.given(served(A1, DUTY, "2026-11-20 05:00", "2026-11-20 07:00"))
    assert reason_of(scenario, A1) == ("ORGANIZATION_SUSPENDED",)
    scenario.given(served(A2, DUTY, "2026-11-20 08:00", "2026-11-20 10:00"))
    assert reason_of(scenario, A2) == ("COMPULSORY_SERVICE",)
    scenario.given(served(A3, MORNING, "2026-11-20 08:00", "2026-11-20 10:00"))
    assert reason_of(scenario, A3) == ("DURATION_ABOVE_CAP",)
    scenario.given(served(A4, MORNING, "2026-11-20 08:00", "2026-11-20 09:00"))
    scenario.given(served(f"{ANA}/attendances/5", NOON, "2026-11-20 08:30", "2026-11-20 09:30"))
    assert reason_of(scenario, f"{ANA}/attendances/5") == ("YEAR_ABOVE_CAP",)
    scenario.given(served(f"{ANA}/attendances/6", NOON, "2026-11-20 08:30", "2026-11-20 09:00"))
    assert reason_of(scenario, f"{ANA}/attendances/6") == ("OVERLAP",)


# A later version acts when somebody asks


def test_withheld_time_that_a_later_version_lets_count_is_released_by_asking():
    scenario = with_rules(programme(), date(2020, 1, 1), attendance_seconds_max=2 * HOUR)
    scenario.given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(ReassessHours(A1)).then_refused("NOTHING_TO_RELEASE", policy="policies/standard/versions/2")
    with_rules(scenario, date(2026, 1, 1), attendance_seconds_max=8 * HOUR)
    assert scenario.seconds(A1) == {"withheld": 4 * HOUR}
    scenario.when(ReassessHours(A1), actor="staff/anybody")
    scenario.then_recorded(HoursReleased, reason="POLICY_CHANGED", withheld_reason=None)
    assert scenario.events[0].policy == "policies/standard/versions/3"
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
    scenario.when(ReassessHours(A1)).then_refused("NOTHING_TO_RELEASE")
    scenario.given(VerifyHours(A1), actor=GREEN_VERIFIER)
    assert scenario.seconds(A1) == {"verified": 4 * HOUR}


def test_only_what_is_free_is_released_and_the_rest_waits_as_an_overlap():
    scenario = with_rules(programme(), attendance_seconds_max=2 * HOUR)
    scenario.given(
        served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(A2, NOON, "2026-11-20 08:00", "2026-11-20 10:00"),
    )
    with_rules(scenario, attendance_seconds_max=4 * HOUR)
    scenario.when(ReassessHours(A1)).then_recorded(HoursReleased, withheld_reason="OVERLAP")
    assert scenario.seconds(A1) == {"attended": 3 * HOUR, "withheld": HOUR}
    scenario.when(WithdrawAttendance(A2)).then_recorded(AttendanceWithdrawn, HoursReleased)
    assert scenario.events[1].policy == "policies/standard/versions/3"
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}


def test_a_version_for_other_dates_releases_nothing():
    scenario = with_rules(programme(), attendance_seconds_max=2 * HOUR)
    scenario.given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    with_rules(scenario, date(2026, 11, 21), attendance_seconds_max=8 * HOUR)
    scenario.when(ReassessHours(A1)).then_refused("NOTHING_TO_RELEASE", policy="policies/standard/versions/2")


def test_what_waits_is_judged_by_the_version_it_was_decided_under():
    """Freed time releases by the old caps; the new ones act only when somebody asks."""
    scenario = with_rules(programme(), day_seconds_max=6 * HOUR)
    scenario.given(
        served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(A2, NOON, "2026-11-20 10:00", "2026-11-20 14:00"),
        served(A3, NOON, "2026-11-20 15:00", "2026-11-20 16:00"),
    )
    with_rules(scenario, day_seconds_max=12 * HOUR)
    scenario.when(WithdrawAttendance(A3)).then_recorded(AttendanceWithdrawn)
    scenario.when(ReassessHours(A2)).then_recorded(HoursReleased, reason="POLICY_CHANGED")
    assert scenario.seconds(A2) == {"attended": 4 * HOUR}


def test_service_that_turns_out_not_to_be_compulsory_can_be_released():
    scenario = with_rules(compulsory(programme()), compulsory_service_counts=False)
    scenario.given(served(A1, DUTY, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(ReassessHours(A1)).then_refused("NOTHING_TO_RELEASE")
    freed = OpportunityDetails(title=LocalizedText(en="Service"))
    scenario.given(UpdateOpportunity(COURT, freed, ("compulsory_service",)))
    scenario.when(ReassessHours(A1)).then_recorded(HoursReleased, reason="GROUND_ENDED")
    assert scenario.events[0].policy == "policies/standard/versions/2"


@pytest.mark.parametrize("ended", ["declined", "reversed", "withdrawn"])
def test_what_somebody_ended_is_not_released_by_a_policy(ended):
    scenario = with_rules(programme(), attendance_seconds_max=2 * HOUR)
    scenario.given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    if ended == "declined":
        scenario.given(DeclineHours(A1, "NOT_SEEN"), actor=GREEN_VERIFIER)
    elif ended == "withdrawn":
        scenario.given(WithdrawAttendance(A1))
    else:
        scenario.given(served(A2, MORNING, "2026-11-21 05:00", "2026-11-21 07:00"))
        scenario.given(VerifyHours(A2), ReverseHours(A2, "NOT_SEEN"), actor=GREEN_VERIFIER)
    with_rules(scenario, attendance_seconds_max=8 * HOUR)
    expected = "ATTENDANCE_WITHDRAWN" if ended == "withdrawn" else "NOTHING_TO_RELEASE"
    scenario.when(ReassessHours(A2 if ended == "reversed" else A1)).then_refused(expected)


def test_who_is_still_there_and_who_is_not_a_person_is_not_reassessed():
    scenario = programme().given(CheckIn(A1, MORNING, ANA, at("2026-11-20 05:00"), "qr"))
    scenario.when(ReassessHours(A1)).then_refused("ATTENDANCE_NOT_RECORDED")
    scenario.when(ReassessHours(A2)).then_refused("NOT_FOUND")
    scenario.when(ReassessHours(f"{MORNING}/groupAttendances/1")).then_refused("HEAD_COUNT_NOT_REASSESSED")


def test_a_year_of_many_attendances_is_capped_to_the_second():
    scenario = with_rules(programme(), date(2020, 1, 1), year_seconds_max=100 * HOUR)
    start = at("2026-02-01 05:00")
    for number in range(60):
        name, begins = f"{BEN}/attendances/{number}", start + timedelta(days=number)
        scenario.given(RecordAttendance(name, MORNING, BEN, begins, begins + timedelta(hours=2)))
    counted = sum(scenario.seconds(f"{BEN}/attendances/{number}").get("attended", 0) for number in range(60))
    assert counted == 100 * HOUR
    assert scenario.seconds(f"{BEN}/attendances/59") == {"withheld": 2 * HOUR}
    scenario.given(WithdrawAttendance(f"{BEN}/attendances/0"))
    assert scenario.seconds(f"{BEN}/attendances/50") == {"attended": 2 * HOUR}
    assert scenario.seconds(f"{BEN}/attendances/51") == {"withheld": 2 * HOUR}


def test_organizations_that_were_never_suspended_cost_nothing_to_know():
    scenario = programme().given(served(A1, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    known = scenario.state(CARE)
    assert known is not None
    assert getattr(known, "suspensions", None) == ()
