"""What volunteers say of their own hours: claims, how they end, and confirmations."""

from __future__ import annotations

import pytest

from ledger.domain.attendance import Attendance, CorrectAttendance
from ledger.domain.attendance_events import (
    AttendanceConfirmed,
    AttendanceCorrected,
    AttendanceWithdrawn,
    HoursClaimed,
    HoursDeclined,
    HoursReleased,
    HoursVerified,
)
from ledger.domain.claims import ClaimHours, ConfirmAttendance, LapseClaim, WithdrawClaim
from ledger.domain.disputes import DisputeHours
from ledger.domain.verification import DeclineHours, ReverseHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.policies import with_rules
from tests.domain.programme import (
    ANA,
    BEN,
    CARE_VERIFIER,
    COORDINATOR,
    GREEN_VERIFIER,
    MORNING,
    NOON,
    at,
    programme,
    served,
)

FIRST, SECOND = f"{ANA}/attendances/1", f"{ANA}/attendances/2"
HOUR = 3600
NINE, FIVE = "2026-11-20 09:00", "2026-11-20 05:00"


def claim(name: str = FIRST, shift: str = MORNING, start: str = FIVE, end: str = NINE) -> ClaimHours:
    return ClaimHours(name, shift, name.split("/attendances/")[0], at(start), at(end))


def claimed() -> Scenario:
    """Ana claims the four hours of the morning herself."""
    return programme().given(claim(), actor=ANA)


def state_of(scenario: Scenario, name: str = FIRST) -> str:
    state = scenario.state(name)
    assert isinstance(state, Attendance)
    return state.state


def test_a_volunteer_claims_time_that_nobody_noted():
    scenario = programme().when(claim(), actor=ANA).then_recorded(HoursClaimed)
    assert scenario.entries() == [("2026-11-20", "outside", "claimed", 4 * HOUR, None)]
    assert scenario.counted() == [(at(FIVE), at(NINE))]
    assert (state_of(scenario), scenario.events[0].policy) == ("claimed", "policies/standard/versions/1")


def test_staff_claim_for_a_person_but_no_other_volunteer_does():
    programme().when(claim(), actor="staff/helpdesk").then_recorded(HoursClaimed)
    programme().when(claim(), actor=BEN).then_refused("CLAIM_FOR_ANOTHER", volunteer=ANA)
    claimed().when(WithdrawClaim(FIRST), actor=BEN).then_refused("CLAIM_FOR_ANOTHER", volunteer=ANA)


def test_staff_who_claimed_do_not_verify():
    scenario = programme().given(claim(), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_refused("VERIFIER_SUBMITTED")


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (claim(start=NINE, end=FIVE), "TIMES_REVERSED"),
        (claim(start="2026-10-01 05:00"), "DURATION_OUT_OF_RANGE"),
        (claim(start="2026-11-23 13:00", end="2026-11-23 14:00"), "SERVICE_IN_FUTURE"),
        (claim(shift=f"{MORNING}-none"), "NOT_FOUND"),
        (claim("volunteers/nobody/attendances/1"), "NOT_FOUND"),
    ],
)
def test_claims_that_cannot_be(wanted: ClaimHours, reason: str):
    programme().when(wanted, actor=wanted.volunteer).then_refused(reason)


def test_a_claim_has_a_name_of_its_own():
    claimed().when(claim(), actor=ANA).then_refused("ALREADY_EXISTS")


def test_a_schedule_credits_a_claim_as_it_credits_a_record():
    scenario = programme("schedule").given(claim(start="2026-11-20 05:30"), actor=ANA)
    assert scenario.seconds(FIRST) == {"claimed": 4 * HOUR}


def test_a_claim_takes_the_person_s_time_and_waits_for_time_that_is_taken():
    scenario = claimed().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    assert scenario.seconds(SECOND) == {"attended": 3 * HOUR, "withheld": HOUR}
    scenario = programme().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    scenario.given(claim(), actor=ANA)
    assert scenario.seconds(FIRST) == {"claimed": 3 * HOUR, "withheld": HOUR}


def test_more_than_a_day_is_withheld_whole():
    scenario = programme().given(claim(start="2026-11-19 05:00"), actor=ANA)
    assert scenario.seconds(FIRST) == {"withheld": 28 * HOUR}


def test_time_set_free_is_claimed_by_a_claim_and_attended_by_a_record():
    scenario = programme().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    scenario.given(claim(), actor=ANA)
    scenario.when(DeclineHours(SECOND, "NOT_SEEN"), actor=CARE_VERIFIER).then_recorded(HoursDeclined, HoursReleased)
    assert scenario.entries(1) == [("2026-11-20", "withheld", "claimed", HOUR, None)]
    assert (state_of(scenario), scenario.seconds(FIRST)) == ("claimed", {"claimed": 4 * HOUR})


def test_declining_a_claim_frees_its_time_for_the_attendance_that_waits():
    scenario = claimed().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    scenario.when(DeclineHours(FIRST, "NOT_SEEN"), actor=GREEN_VERIFIER).then_recorded(HoursDeclined, HoursReleased)
    assert scenario.entries() == [("2026-11-20", "claimed", "reversed", 4 * HOUR, "NOT_SEEN")]
    assert (scenario.seconds(FIRST), scenario.seconds(SECOND)) == ({"reversed": 4 * HOUR}, {"attended": 4 * HOUR})


def test_a_verifier_confirms_a_claim_in_whole_or_in_part():
    scenario = claimed().when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_recorded(HoursVerified)
    assert scenario.entries() == [("2026-11-20", "claimed", "verified", 4 * HOUR, None)]
    scenario = claimed().given(VerifyHours(FIRST, HOUR), actor=GREEN_VERIFIER)
    assert scenario.entries() == [
        ("2026-11-20", "claimed", "verified", HOUR, None),
        ("2026-11-20", "claimed", "reversed", 3 * HOUR, "NOT_CONFIRMED"),
    ]
    assert state_of(scenario) == "verified"
    scenario.when(ReverseHours(FIRST, "MISTAKEN"), actor=GREEN_VERIFIER)
    assert scenario.seconds(FIRST) == {"reversed": 4 * HOUR}


def test_a_correction_by_the_organisation_makes_a_claim_attended():
    corrects = CorrectAttendance(FIRST, at(FIVE), at("2026-11-20 08:00"))
    claimed().when(corrects, actor=ANA).then_refused("CLAIMANT_CORRECTS")
    scenario = claimed().when(corrects, actor=COORDINATOR).then_recorded(AttendanceCorrected)
    assert scenario.entries() == [
        ("2026-11-20", "claimed", "attended", 3 * HOUR, None),
        ("2026-11-20", "claimed", "reversed", HOUR, "CORRECTED"),
    ]
    assert state_of(scenario) == "recorded"


def test_a_claim_is_the_organisation_s_own_word_once_it_corrects_even_the_same_times():
    scenario = claimed().when(CorrectAttendance(FIRST, at(FIVE), at(NINE)), actor=COORDINATOR)
    scenario.then_recorded(AttendanceCorrected)
    assert scenario.seconds(FIRST) == {"attended": 4 * HOUR}


def test_a_claim_is_withdrawn_while_nobody_answered():
    scenario = claimed().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    scenario.when(WithdrawClaim(FIRST), actor=ANA).then_recorded(
        AttendanceWithdrawn, HoursReleased, reason="CLAIM_WITHDRAWN"
    )
    assert scenario.seconds(FIRST) == {"reversed": 4 * HOUR}
    assert scenario.entries() == [("2026-11-20", "claimed", "reversed", 4 * HOUR, "CLAIM_WITHDRAWN")]
    scenario.when(WithdrawClaim(FIRST), actor=ANA).then_refused("ATTENDANCE_WITHDRAWN")


def test_an_answered_claim_is_withdrawn_no_more():
    answers = (VerifyHours(FIRST), DeclineHours(FIRST, "NOT_SEEN"), CorrectAttendance(FIRST, at(FIVE), at(NINE)))
    for answer in answers:
        scenario = claimed().given(answer, actor=GREEN_VERIFIER)
        scenario.when(WithdrawClaim(FIRST), actor=ANA).then_refused("CLAIM_ANSWERED")
        scenario.later(days=99).when(LapseClaim(FIRST)).then_refused("CLAIM_ANSWERED")
    scenario = claimed().given(DisputeHours(FIRST, "NOT_THERE"), actor=COORDINATOR)
    scenario.when(WithdrawClaim(FIRST), actor=ANA).then_refused("HOURS_DISPUTED")
    recorded = programme().given(served(FIRST, MORNING, FIVE, NINE))
    recorded.when(WithdrawClaim(FIRST), actor=ANA).then_refused("CLAIM_ANSWERED")


def test_a_claim_lapses_when_its_days_are_over_and_not_a_moment_before():
    scenario = with_rules(claimed(), claim_lapses_after_days=30).later(days=29, hours=23, minutes=59)
    scenario.when(LapseClaim(FIRST)).then_refused("CLAIM_NOT_LAPSED")
    scenario.later(minutes=1).when(LapseClaim(FIRST)).then_recorded(AttendanceWithdrawn, reason="CLAIM_LAPSED")
    assert scenario.seconds(FIRST) == {"reversed": 4 * HOUR}


def test_without_a_rule_no_claim_lapses():
    scenario = with_rules(claimed(), at("2026-11-21 00:00").date(), claim_lapses_after_days=1).later(days=99)
    scenario.when(LapseClaim(FIRST)).then_refused("CLAIMS_DO_NOT_LAPSE", policy="policies/standard/versions/1")


def test_the_person_and_nobody_else_confirms_what_is_recorded():
    scenario = programme().given(served(FIRST, MORNING, FIVE, NINE))
    for actor in (BEN, COORDINATOR):
        scenario.when(ConfirmAttendance(FIRST), actor=actor).then_refused("NOT_YOURS_TO_CONFIRM", volunteer=ANA)
    scenario.when(ConfirmAttendance(FIRST), actor=ANA).then_recorded(AttendanceConfirmed)
    assert scenario.seconds(FIRST) == {"attended": 4 * HOUR}
    scenario.when(ConfirmAttendance(FIRST), actor=ANA).then_refused("NOTHING_CHANGES")


def test_what_a_correction_changed_is_to_be_confirmed_again():
    scenario = programme().given(served(FIRST, MORNING, FIVE, NINE)).given(ConfirmAttendance(FIRST), actor=ANA)
    scenario.given(CorrectAttendance(FIRST, at(FIVE), at("2026-11-20 08:00")))
    scenario.when(ConfirmAttendance(FIRST), actor=ANA).then_recorded(AttendanceConfirmed)


def test_whoever_claims_for_themselves_has_confirmed():
    claimed().when(ConfirmAttendance(FIRST), actor=ANA).then_refused("NOTHING_CHANGES")
    by_staff = programme().given(claim(), actor="staff/helpdesk")
    by_staff.when(ConfirmAttendance(FIRST), actor=ANA).then_recorded(AttendanceConfirmed)
