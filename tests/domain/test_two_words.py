"""What must be said before hours are verified: the person's confirmation, the first of two verifiers' word."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember
from ledger.domain.attendance import CorrectAttendance
from ledger.domain.attendance_events import HoursVerified, VerificationBegun
from ledger.domain.claims import ClaimHours, ConfirmAttendance
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.group_attendance import RecordGroupAttendance
from ledger.domain.group_attendance_state import GroupHoursVerified
from ledger.domain.verification import DeclineHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.policies import with_rules
from tests.domain.programme import ANA, COORDINATOR, GREEN, GREEN_VERIFIER, MORNING, at, programme, served

FIRST, SECOND = f"{ANA}/attendances/1", f"{ANA}/attendances/2"
HEADS = f"{MORNING}/groupAttendances/1"
OTHER, JUDGE = "staff/green-other", "staff/green-judge"
HOUR = 3600
DAY = at("2026-11-20 00:00").date()


def attended(**rules: object) -> Scenario:
    """Ana's four hours of the morning, under rules; three verifiers."""
    return with_rules(programme(), DAY, **rules).given(
        AppointMember(f"{GREEN}/appointments/other", OTHER, "verifier", at("2020-01-01 00:00")),
        AppointMember(f"{GREEN}/appointments/judge", JUDGE, "verifier", at("2020-01-01 00:00")),
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
    )


def long() -> Scenario:
    return attended(two_verifiers_above_seconds=3 * HOUR)


def test_the_first_verifier_begins_and_the_second_completes():
    scenario = long().when(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.then_recorded(VerificationBegun, verified_seconds=4 * HOUR, appointment=f"{GREEN}/appointments/verifier")
    assert scenario.seconds(FIRST) == {"attended": 4 * HOUR}
    scenario.when(VerifyHours(FIRST), actor=OTHER)
    scenario.then_recorded(HoursVerified, verified_seconds=4 * HOUR, appointment=f"{GREEN}/appointments/other")
    assert scenario.seconds(FIRST) == {"verified": 4 * HOUR}


def test_one_verifier_s_word_counts_once():
    scenario = long().given(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(FIRST, 4 * HOUR), actor=GREEN_VERIFIER)
    scenario.then_refused("SECOND_VERIFIER_NEEDED", verified_seconds=str(4 * HOUR))


def test_another_number_begins_anew():
    scenario = long().given(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(FIRST, 3 * HOUR), actor=OTHER).then_recorded(VerificationBegun)
    scenario.when(VerifyHours(FIRST, 3 * HOUR), actor=OTHER).then_refused("SECOND_VERIFIER_NEEDED")
    scenario.when(VerifyHours(FIRST, 3 * HOUR), actor=GREEN_VERIFIER).then_recorded(HoursVerified)
    assert scenario.seconds(FIRST) == {"verified": 3 * HOUR, "reversed": HOUR}


def test_whoever_began_may_think_again():
    scenario = long().given(VerifyHours(FIRST), VerifyHours(FIRST, HOUR), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(FIRST), actor=OTHER).then_recorded(VerificationBegun)


def test_as_long_as_the_rule_says_one_verifier_is_enough():
    attended(two_verifiers_above_seconds=4 * HOUR).when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_recorded(
        HoursVerified
    )


def test_both_words_need_the_right_to_say_them():
    scenario = long().given(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(FIRST), actor=COORDINATOR).then_refused("VERIFIER_SUBMITTED")
    scenario.when(VerifyHours(FIRST), actor="staff/nobody").then_refused("NOT_A_VERIFIER")


@pytest.mark.parametrize(
    "between",
    [
        CorrectAttendance(FIRST, at("2026-11-20 04:00"), at("2026-11-20 08:00")),
        DisputeHours(FIRST, "NOT_THERE"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_correction_or_a_dispute_makes_the_first_word_void(between: CorrectAttendance | DisputeHours):
    scenario = long().given(VerifyHours(FIRST), actor=GREEN_VERIFIER).given(between)
    if isinstance(between, DisputeHours):
        scenario.when(ResolveDispute(FIRST, "REJECTED", "SEEN"), actor=GREEN_VERIFIER).then_refused("VERIFIER_VERIFIED")
        scenario.given(ResolveDispute(FIRST, "REJECTED", "SEEN"), actor=JUDGE)
    scenario.when(VerifyHours(FIRST), actor=OTHER).then_recorded(VerificationBegun)


def test_a_rule_of_other_dates_asks_nothing():
    scenario = long().given(served(SECOND, MORNING, "2026-11-18 05:00", "2026-11-18 10:00"))
    scenario.when(VerifyHours(SECOND), actor=GREEN_VERIFIER).then_recorded(HoursVerified)


def test_a_rule_that_came_later_asks_who_verifies_later():
    scenario = attended().when(VerifyHours(FIRST, HOUR), actor=GREEN_VERIFIER).then_recorded(HoursVerified)
    scenario = with_rules(attended(), DAY, two_verifiers_above_seconds=0)
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_recorded(VerificationBegun)


def test_declining_needs_no_second_word():
    scenario = long().given(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.when(DeclineHours(FIRST, "NOT_SEEN"), actor=OTHER).then_recorded("hours-declined")


def test_a_head_count_needs_neither_word():
    scenario = attended(two_verifiers_above_seconds=0, confirmation_required=True)
    scenario.given(RecordGroupAttendance(HEADS, MORNING, 6))
    scenario.when(VerifyHours(HEADS), actor=GREEN_VERIFIER).then_recorded(GroupHoursVerified)


def test_the_person_confirms_before_a_verifier_does():
    scenario = attended(confirmation_required=True)
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_refused(
        "CONFIRMATION_MISSING", volunteer=ANA, attendance=FIRST
    )
    scenario.given(ConfirmAttendance(FIRST), actor=ANA)
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_recorded(HoursVerified)


def test_a_correction_makes_the_confirmation_void():
    scenario = attended(confirmation_required=True).given(ConfirmAttendance(FIRST), actor=ANA)
    scenario.given(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:00")))
    scenario.when(VerifyHours(FIRST), actor=GREEN_VERIFIER).then_refused("CONFIRMATION_MISSING")


@pytest.mark.parametrize(("actor", "refused"), [(ANA, False), ("staff/helpdesk", True)])
def test_a_claim_of_one_s_own_is_its_confirmation(actor: str, refused: bool):
    scenario = attended(confirmation_required=True)
    claims = ClaimHours(SECOND, MORNING, ANA, at("2026-11-20 10:00"), at("2026-11-20 11:00"))
    scenario.given(claims, actor=actor).when(VerifyHours(SECOND), actor=GREEN_VERIFIER)
    if refused:
        scenario.then_refused("CONFIRMATION_MISSING")
    else:
        scenario.then_recorded(HoursVerified)
