"""Who may confirm hours, and what verifying, declining and reversing move."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.appointing import AppointMember, EndAppointment
from ledger.domain.attendance import Attendance, CheckIn, CheckOut, CorrectAttendance
from ledger.domain.attendance_events import HoursDeclined, HoursReleased, HoursReversed, HoursVerified
from ledger.domain.group_attendance import CorrectGroupAttendance, GroupAttendance, RecordGroupAttendance
from ledger.domain.group_attendance_state import GroupHoursDeclined, GroupHoursReversed, GroupHoursVerified
from ledger.domain.organization import (
    AccreditOrganization,
    RegisterOrganization,
    ReinstateOrganization,
    SuspendOrganization,
)
from ledger.domain.values import LocalizedText
from ledger.domain.verification import DeclineHours, ReverseHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import (
    ANA,
    BEN,
    CARE_VERIFIER,
    COORDINATOR,
    GREEN,
    GREEN_VERIFIER,
    MORNING,
    NOON,
    at,
    opportunity,
    programme,
    served,
    shift,
)

FIRST, SECOND = f"{ANA}/attendances/1", f"{ANA}/attendances/2"
HEADS = f"{MORNING}/groupAttendances/1"
HOUR = 3600
JUDGEMENTS = (VerifyHours(FIRST), DeclineHours(FIRST, "NOT_SEEN"), ReverseHours(FIRST, "NOT_SEEN"))


def attended() -> Scenario:
    """Ana's four hours of the morning wait for verification; the verifier of the garden's organisation acts."""
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.actor = GREEN_VERIFIER
    return scenario


def counted_heads() -> Scenario:
    scenario = programme().given(RecordGroupAttendance(HEADS, MORNING, 6, 6 * HOUR))
    scenario.actor = GREEN_VERIFIER
    return scenario


def state_of(scenario: Scenario, name: str) -> str:
    state = scenario.state(name)
    assert isinstance(state, Attendance | GroupAttendance)
    return state.state


# Who may


def test_a_verifier_of_the_organisation_verifies_and_the_appointment_is_told():
    scenario = attended().when(VerifyHours(FIRST))
    scenario.then_recorded(HoursVerified, appointment=f"{GREEN}/appointments/verifier", verified_seconds=4 * HOUR)
    assert scenario.events[0].policy == "policies/standard/versions/1"


@pytest.mark.parametrize("judgement", JUDGEMENTS)
def test_nobody_judges_their_own_hours(judgement: VerifyHours):
    scenario = attended().given(
        AppointMember(f"{GREEN}/appointments/ana", ANA, "verifier", at("2020-01-01 00:00")),
    )
    scenario.when(judgement, actor=ANA).then_refused("VERIFIER_SERVED")


@pytest.mark.parametrize("judgement", JUDGEMENTS)
def test_whoever_recorded_does_not_judge(judgement: VerifyHours):
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"), actor=GREEN_VERIFIER)
    scenario.when(judgement, actor=GREEN_VERIFIER).then_refused("VERIFIER_SUBMITTED")


def test_checking_somebody_in_or_out_is_submitting():
    for checks_in, checks_out in ((GREEN_VERIFIER, COORDINATOR), (COORDINATOR, GREEN_VERIFIER)):
        scenario = programme()
        scenario.given(CheckIn(FIRST, MORNING, ANA, at("2026-11-20 05:00"), "coordinator"), actor=checks_in)
        scenario.given(CheckOut(FIRST, at("2026-11-20 09:00"), "coordinator"), actor=checks_out)
        scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_refused("VERIFIER_SUBMITTED")


def test_correcting_is_submitting():
    scenario = attended().given(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:00")))
    scenario.when(VerifyHours(FIRST)).then_refused("VERIFIER_SUBMITTED")
    group = counted_heads().given(CorrectGroupAttendance(HEADS, 5))
    group.when(VerifyHours(HEADS)).then_refused("VERIFIER_SUBMITTED")


def test_whoever_recorded_does_not_verify_after_another_corrected_either():
    scenario = programme().given(
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        RecordGroupAttendance(HEADS, MORNING, 6),
        actor=GREEN_VERIFIER,
    )
    scenario.given(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:00")))
    scenario.given(CorrectGroupAttendance(HEADS, 5))
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_refused("VERIFIER_SUBMITTED")
    scenario.when(VerifyHours(HEADS), actor=GREEN_VERIFIER).then_refused("VERIFIER_SUBMITTED")


@pytest.mark.parametrize("judgement", JUDGEMENTS)
@pytest.mark.parametrize("actor", ["staff/nobody", CARE_VERIFIER, BEN])
def test_only_verifiers_of_this_organisation_judge(judgement: VerifyHours, actor: str):
    attended().when(judgement, actor=actor).then_refused("NOT_A_VERIFIER", actor=actor, organization=GREEN)


def test_a_coordinator_does_not_verify():
    scenario = programme().given(
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"), actor="staff/someone-else"
    )
    scenario.when(VerifyHours(FIRST), actor=COORDINATOR).then_refused("NOT_A_VERIFIER")


def test_an_appointment_counts_from_its_first_to_before_its_last_moment():
    name = f"{GREEN}/appointments/substitute"
    begins, ends = at("2026-11-24 00:00"), at("2026-11-25 00:00")
    scenario = attended().given(AppointMember(name, "staff/substitute", "verifier", begins, ends))
    for moment in (at("2026-11-23 23:59"), ends):
        scenario.when(VerifyHours(FIRST), actor="staff/substitute", now=moment).then_refused("NOT_A_VERIFIER")
    scenario.when(VerifyHours(FIRST), actor="staff/substitute", now=begins).then_recorded(HoursVerified)


def test_an_ended_appointment_counts_no_more():
    scenario = attended().given(EndAppointment(f"{GREEN}/appointments/verifier"))
    scenario.when(VerifyHours(FIRST)).then_refused("NOT_A_VERIFIER")


def test_verifying_needs_an_accreditation_in_force():
    last_day = at("2030-12-31 23:59")
    attended().when(VerifyHours(FIRST), now=last_day).then_recorded(HoursVerified)
    scenario = attended().when(VerifyHours(FIRST), now=at("2031-01-01 00:00"))
    scenario.then_refused("ORGANIZATION_NOT_ACCREDITED", organization=GREEN)


def test_an_organisation_never_accredited_cannot_verify():
    fresh, offered = "organizations/fresh", "opportunities/fresh"
    scenario = programme().given(
        RegisterOrganization(fresh, LocalizedText(en="fresh")),
        AppointMember(f"{fresh}/appointments/v", "staff/v", "verifier", at("2020-01-01 00:00")),
        opportunity(offered, fresh),
        shift(f"{offered}/shifts/s", "2026-11-20 05:00", "2026-11-20 09:00"),
        served(FIRST, f"{offered}/shifts/s", "2026-11-20 05:00", "2026-11-20 09:00"),
    )
    scenario.when(VerifyHours(FIRST), actor="staff/v").then_refused("ORGANIZATION_NOT_ACCREDITED")
    scenario.given(AccreditOrganization(fresh, None))
    scenario.when(VerifyHours(FIRST), actor="staff/v").then_recorded(HoursVerified)


def test_a_suspended_organisation_declines_but_does_not_verify():
    scenario = attended().given(SuspendOrganization(GREEN, "INQUIRY"))
    scenario.when(VerifyHours(FIRST)).then_refused("ORGANIZATION_SUSPENDED")
    scenario.given(ReinstateOrganization(GREEN)).when(VerifyHours(FIRST)).then_recorded(HoursVerified)
    attended().given(SuspendOrganization(GREEN, "INQUIRY")).when(DeclineHours(FIRST, "NOT_SEEN")).then_recorded(
        HoursDeclined
    )


# Verifying


def test_verifying_moves_attended_seconds_to_verified():
    scenario = attended().when(VerifyHours(FIRST))
    assert scenario.entries() == [("2026-11-20", "attended", "verified", 4 * HOUR, None)]
    assert state_of(scenario, FIRST) == "verified"


def test_what_is_not_confirmed_is_reversed_and_the_last_seconds_are_dropped():
    scenario = attended().when(VerifyHours(FIRST, 3 * HOUR))
    scenario.then_recorded(HoursVerified, verified_seconds=3 * HOUR)
    assert scenario.entries() == [
        ("2026-11-20", "attended", "verified", 3 * HOUR, None),
        ("2026-11-20", "attended", "reversed", HOUR, "NOT_CONFIRMED"),
    ]
    assert scenario.counted() == [(at("2026-11-20 05:00"), at("2026-11-20 08:00"))]
    assert state_of(scenario, FIRST) == "verified"


def test_across_midnight_the_first_date_is_confirmed_first():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-19 20:00", "2026-11-19 23:00"))
    scenario.when(VerifyHours(FIRST, 2 * HOUR), actor=GREEN_VERIFIER)
    assert scenario.entries() == [
        ("2026-11-19", "attended", "verified", HOUR, None),
        ("2026-11-20", "attended", "verified", HOUR, None),
        ("2026-11-20", "attended", "reversed", HOUR, "NOT_CONFIRMED"),
    ]


def test_time_not_confirmed_is_free_for_another_attendance():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.when(VerifyHours(FIRST, 3 * HOUR)).then_recorded(HoursVerified, HoursReleased)
    assert scenario.seconds(SECOND) == {"attended": 4 * HOUR}


def test_withheld_seconds_are_not_verified():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.when(VerifyHours(SECOND), actor=CARE_VERIFIER).then_recorded(HoursVerified, verified_seconds=3 * HOUR)
    assert scenario.seconds(SECOND) == {"verified": 3 * HOUR, "withheld": HOUR}


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (4 * HOUR + 1, "VERIFIED_ABOVE_ATTENDED"),
        (0, "DURATION_OUT_OF_RANGE"),
        (-1, "DURATION_OUT_OF_RANGE"),
    ],
)
def test_as_much_as_was_attended_can_be_verified(seconds: int, reason: str):
    attended().when(VerifyHours(FIRST, seconds)).then_refused(reason)


def test_hours_are_verified_once():
    attended().given(VerifyHours(FIRST)).when(VerifyHours(FIRST)).then_refused("NOTHING_TO_VERIFY", attendance=FIRST)


@pytest.mark.parametrize("judgement", JUDGEMENTS)
def test_who_is_still_there_has_no_hours_to_judge(judgement: VerifyHours):
    scenario = programme().when(judgement, actor=GREEN_VERIFIER).then_refused("NOT_FOUND", name=FIRST)
    scenario.given(CheckIn(FIRST, MORNING, ANA, at("2026-11-20 05:00"), "qr"))
    scenario.when(judgement, actor=GREEN_VERIFIER).then_refused("ATTENDANCE_NOT_RECORDED", attendance=FIRST)


# Declining and reversing


def test_declining_reverses_what_waits_with_its_reason():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.when(DeclineHours(SECOND, "NOT_SEEN"), actor=CARE_VERIFIER)
    scenario.then_recorded(HoursDeclined, reason="NOT_SEEN", counted=())
    assert scenario.entries() == [
        ("2026-11-20", "attended", "reversed", 3 * HOUR, "NOT_SEEN"),
        ("2026-11-20", "withheld", "reversed", HOUR, "NOT_SEEN"),
    ]
    assert state_of(scenario, SECOND) == "declined"


def test_there_must_be_something_to_decline():
    attended().given(VerifyHours(FIRST)).when(DeclineHours(FIRST, "NOT_SEEN")).then_refused("NOTHING_TO_DECLINE")
    attended().given(DeclineHours(FIRST, "NOT_SEEN")).when(VerifyHours(FIRST)).then_refused("NOTHING_TO_VERIFY")


def test_declining_what_was_released_later_leaves_what_was_verified():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.given(VerifyHours(SECOND), actor=CARE_VERIFIER).given(DeclineHours(FIRST, "NOT_SEEN"))
    scenario.when(DeclineHours(SECOND, "LEFT_EARLY"), actor=CARE_VERIFIER).then_recorded(HoursDeclined)
    assert scenario.seconds(SECOND) == {"verified": 3 * HOUR, "reversed": HOUR}
    assert state_of(scenario, SECOND) == "verified"


def test_reversing_takes_a_verification_back():
    scenario = attended().when(ReverseHours(FIRST, "NOT_SEEN")).then_refused("NOTHING_TO_REVERSE")
    scenario.given(VerifyHours(FIRST)).when(ReverseHours(FIRST, "FORGED_LIST"))
    scenario.then_recorded(HoursReversed, reason="FORGED_LIST", counted=())
    assert scenario.entries() == [("2026-11-20", "verified", "reversed", 4 * HOUR, "FORGED_LIST")]
    assert state_of(scenario, FIRST) == "reversed"


def test_the_time_of_a_verification_taken_back_is_free_for_another_attendance():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.given(VerifyHours(FIRST)).when(ReverseHours(FIRST, "FORGED_LIST"))
    scenario.then_recorded(HoursReversed, HoursReleased)
    assert scenario.seconds(SECOND) == {"attended": 4 * HOUR}


def test_reversing_leaves_what_still_waits():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.given(VerifyHours(SECOND), actor=CARE_VERIFIER).given(DeclineHours(FIRST, "NOT_SEEN"))
    scenario.when(ReverseHours(SECOND, "FORGED_LIST"), actor=CARE_VERIFIER)
    assert scenario.counted() == [(at("2026-11-20 08:00"), at("2026-11-20 09:00"))]
    assert scenario.seconds(SECOND) == {"attended": HOUR, "reversed": 3 * HOUR}
    assert state_of(scenario, SECOND) == "recorded"


# Groups


def test_a_groups_hours_are_verified_in_part():
    scenario = counted_heads().when(VerifyHours(HEADS, 5 * HOUR))
    scenario.then_recorded(GroupHoursVerified, verified_seconds=5 * HOUR)
    assert scenario.entries() == [
        ("2026-11-20", "attended", "verified", 5 * HOUR, None),
        ("2026-11-20", "attended", "reversed", HOUR, "NOT_CONFIRMED"),
    ]
    scenario.when(VerifyHours(HEADS)).then_refused("NOTHING_TO_VERIFY")


def test_a_groups_hours_are_declined_or_reversed():
    scenario = counted_heads().when(DeclineHours(HEADS, "NOT_SEEN")).then_recorded(GroupHoursDeclined)
    assert (state_of(scenario, HEADS), scenario.seconds(HEADS)) == ("declined", {"reversed": 6 * HOUR})
    scenario = counted_heads().given(VerifyHours(HEADS))
    verified = scenario.ledger.events[-1].event_id
    scenario.when(ReverseHours(HEADS, "FORGED_LIST")).then_recorded(GroupHoursReversed)
    assert scenario.events[0].corrects == verified
    assert (state_of(scenario, HEADS), scenario.seconds(HEADS)) == ("reversed", {"reversed": 6 * HOUR})


def test_a_groups_submitter_does_not_verify():
    scenario = programme().given(RecordGroupAttendance(HEADS, MORNING, 6), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(HEADS), actor=GREEN_VERIFIER).then_refused("VERIFIER_SUBMITTED")


def test_the_last_day_of_an_accreditation_is_a_day_of_utc():
    scenario = attended().given(AccreditOrganization(GREEN, date(2026, 11, 23)))
    scenario.when(VerifyHours(FIRST), now=at("2026-11-24 00:00")).then_refused("ORGANIZATION_NOT_ACCREDITED")
