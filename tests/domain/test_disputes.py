"""Who may contest hours, what that stops, and who may end it how."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember, EndAppointment
from ledger.domain.attendance import Attendance, CheckIn, CorrectAttendance, WithdrawAttendance
from ledger.domain.attendance_events import DisputeResolved, HoursDisputed, HoursReleased, Resolution
from ledger.domain.claims import ClaimHours, ConfirmAttendance
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.group_attendance import RecordGroupAttendance
from ledger.domain.verification import AdjustHours, DeclineHours, ReverseHours, VerifyHours
from ledger.domain.world import Command
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
    programme,
    served,
)

FIRST, SECOND = f"{ANA}/attendances/1", f"{ANA}/attendances/2"
HEADS = f"{MORNING}/groupAttendances/1"
JUDGE = "staff/green-judge"
HOUR = 3600
DAY = "2026-11-20"
CONTEST = DisputeHours(FIRST, "NOT_THERE")


def resolve(resolution: Resolution, release_withheld: bool = False) -> ResolveDispute:
    return ResolveDispute(FIRST, resolution, "LOOKED_INTO", release_withheld)


def attended() -> Scenario:
    """Ana's four hours of the morning; the garden's organisation has a second verifier, who takes no part."""
    return programme().given(
        AppointMember(f"{GREEN}/appointments/judge", JUDGE, "verifier", at("2020-01-01 00:00")),
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
    )


def disputed() -> Scenario:
    """Three of the four hours were verified; then Ana contests them."""
    scenario = attended().given(VerifyHours(FIRST, 3 * HOUR), actor=GREEN_VERIFIER)
    return scenario.given(CONTEST, actor=ANA)


def state_of(scenario: Scenario, name: str = FIRST) -> str:
    state = scenario.state(name)
    assert isinstance(state, Attendance)
    return state.state


# Contesting


@pytest.mark.parametrize("resolution", ["UPHELD", "REJECTED"])
def test_the_end_of_a_dispute_links_to_its_beginning(resolution: Resolution):
    scenario = disputed()
    begun = scenario.ledger.events[-1].event_id
    scenario.when(resolve(resolution), actor=JUDGE).then_recorded(DisputeResolved)
    assert scenario.events[0].corrects == begun


def test_the_person_contests_without_any_appointment():
    scenario = attended().when(CONTEST, actor=ANA).then_recorded(HoursDisputed, appointment=None, reason="NOT_THERE")
    assert scenario.entries() == [(DAY, "attended", "disputed", 4 * HOUR, None)]
    assert scenario.counted() == [(at("2026-11-20 05:00"), at("2026-11-20 09:00"))]
    assert state_of(scenario) == "disputed"


def test_any_member_of_the_organisation_contests():
    for actor, appointment in ((COORDINATOR, "coordinator"), (GREEN_VERIFIER, "verifier")):
        scenario = attended().when(CONTEST, actor=actor)
        scenario.then_recorded(HoursDisputed, appointment=f"{GREEN}/appointments/{appointment}")


@pytest.mark.parametrize("actor", [BEN, CARE_VERIFIER, "staff/nobody"])
def test_nobody_else_contests(actor: str):
    attended().when(CONTEST, actor=actor).then_refused("NOT_CONCERNED", actor=actor, organization=GREEN)


def test_a_former_member_contests_no_more():
    scenario = attended().given(EndAppointment(f"{GREEN}/appointments/coordinator"))
    scenario.when(CONTEST, actor=COORDINATOR).then_refused("NOT_CONCERNED")


def test_claimed_attended_and_verified_hours_are_contested_alike():
    claims = ClaimHours(SECOND, MORNING, ANA, at("2026-11-19 05:00"), at("2026-11-19 06:00"))
    scenario = attended().given(claims, actor=ANA).given(DisputeHours(SECOND, "NOT_THERE"), actor=COORDINATOR)
    assert scenario.seconds(SECOND) == {"disputed": HOUR}
    scenario = disputed()
    assert scenario.seconds(FIRST) == {"disputed": 3 * HOUR, "reversed": HOUR}


def test_withheld_hours_alone_can_be_contested_and_reversed_ones_cannot():
    long = served(SECOND, MORNING, "2026-11-17 05:00", "2026-11-18 06:00")
    scenario = attended().given(long).when(DisputeHours(SECOND, "WITHHELD_WRONGLY"), actor=ANA)
    scenario.then_recorded(HoursDisputed, entries=())
    assert (state_of(scenario, SECOND), scenario.seconds(SECOND)) == ("disputed", {"withheld": 25 * HOUR})
    scenario = attended().given(DeclineHours(FIRST, "NOT_SEEN"), actor=GREEN_VERIFIER)
    scenario.when(CONTEST, actor=ANA).then_refused("NOTHING_TO_DISPUTE")


def test_what_has_no_hours_cannot_be_contested():
    scenario = attended().given(WithdrawAttendance(FIRST))
    scenario.when(CONTEST, actor=ANA).then_refused("ATTENDANCE_WITHDRAWN")
    scenario.given(CheckIn(SECOND, MORNING, ANA, at("2026-11-20 05:00"), "qr"))
    scenario.when(DisputeHours(SECOND, "NOT_THERE"), actor=ANA).then_refused("ATTENDANCE_NOT_RECORDED")
    scenario.when(DisputeHours(f"{ANA}/attendances/none", "NOT_THERE"), actor=ANA).then_refused("NOT_FOUND")


def test_a_head_count_is_neither_contested_nor_adjusted():
    scenario = attended().given(RecordGroupAttendance(HEADS, MORNING, 6))
    for command in (
        DisputeHours(HEADS, "NOT_THERE"),
        ResolveDispute(HEADS, "UPHELD", "NOT_THERE"),
        AdjustHours(HEADS, 1, "TOO_LONG"),
    ):
        scenario.when(command).then_refused("NOT_A_PERSON", attendance=HEADS)


# While it lasts


@pytest.mark.parametrize(
    ("command", "actor"),
    [
        (VerifyHours(FIRST), GREEN_VERIFIER),
        (DeclineHours(FIRST, "NOT_SEEN"), GREEN_VERIFIER),
        (ReverseHours(FIRST, "NOT_SEEN"), GREEN_VERIFIER),
        (AdjustHours(FIRST, 1, "TOO_LONG"), GREEN_VERIFIER),
        (CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 06:00")), COORDINATOR),
        (WithdrawAttendance(FIRST), COORDINATOR),
        (ConfirmAttendance(FIRST), ANA),
        (CONTEST, COORDINATOR),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_else_happens_to_contested_hours(command: Command, actor: str):
    disputed().when(command, actor=actor).then_refused("HOURS_DISPUTED", attendance=FIRST)


def test_contested_hours_still_take_the_person_s_time():
    scenario = disputed().given(served(SECOND, NOON, "2026-11-20 07:00", "2026-11-20 12:00"))
    assert scenario.seconds(SECOND) == {"attended": 4 * HOUR, "withheld": HOUR}


# Who ends it


def test_whoever_served_submitted_disputed_or_verified_does_not_decide():
    scenario = disputed()
    scenario.given(AppointMember(f"{GREEN}/appointments/ana", ANA, "verifier", at("2020-01-01 00:00")))
    scenario.given(AppointMember(f"{GREEN}/appointments/both", COORDINATOR, "verifier", at("2020-01-01 00:00")))
    scenario.when(resolve("UPHELD"), actor=ANA).then_refused("VERIFIER_SERVED")
    scenario.when(resolve("UPHELD"), actor=COORDINATOR).then_refused("VERIFIER_SUBMITTED")
    scenario.when(resolve("UPHELD"), actor=GREEN_VERIFIER).then_refused("VERIFIER_VERIFIED")
    scenario.when(resolve("UPHELD"), actor=CARE_VERIFIER).then_refused("NOT_A_VERIFIER")
    contested = attended().given(CONTEST, actor=GREEN_VERIFIER)
    contested.when(resolve("UPHELD"), actor=GREEN_VERIFIER).then_refused("VERIFIER_DISPUTED")


def test_there_must_be_a_dispute():
    attended().when(resolve("REJECTED"), actor=JUDGE).then_refused("NOT_DISPUTED", attendance=FIRST)


# How it ends


def test_a_dispute_upheld_reverses_the_hours_and_frees_their_time():
    scenario = disputed().given(served(SECOND, NOON, "2026-11-20 07:00", "2026-11-20 12:00"))
    scenario.when(resolve("UPHELD"), actor=JUDGE)
    scenario.then_recorded(DisputeResolved, HoursReleased, attendance_state="reversed")
    assert scenario.entries() == [(DAY, "disputed", "reversed", 3 * HOUR, "LOOKED_INTO")]
    assert (scenario.seconds(FIRST), scenario.seconds(SECOND)) == ({"reversed": 4 * HOUR}, {"attended": 5 * HOUR})
    assert (scenario.counted(), state_of(scenario)) == ([], "reversed")


def test_a_dispute_rejected_leaves_everything_as_it_was():
    scenario = disputed()
    scenario.when(resolve("REJECTED"), actor=JUDGE).then_recorded(
        DisputeResolved, attendance_state="verified", appointment=f"{GREEN}/appointments/judge"
    )
    assert scenario.entries() == [(DAY, "disputed", "verified", 3 * HOUR, None)]
    assert (scenario.seconds(FIRST), state_of(scenario)) == ({"verified": 3 * HOUR, "reversed": HOUR}, "verified")
    scenario.when(ReverseHours(FIRST, "MISTAKEN"), actor=GREEN_VERIFIER)
    assert scenario.seconds(FIRST) == {"reversed": 4 * HOUR}


def test_what_was_verified_and_what_waited_go_back_each_to_its_own_class():
    scenario = attended().given(served(SECOND, NOON, "2026-11-20 04:00", "2026-11-20 06:00"))
    scenario.given(VerifyHours(SECOND), actor=CARE_VERIFIER)
    scenario.given(CorrectAttendance(FIRST, at("2026-11-20 06:00"), at("2026-11-20 09:00")), actor=COORDINATOR)
    assert scenario.seconds(SECOND) == {"verified": HOUR, "attended": HOUR}
    scenario.given(DisputeHours(SECOND, "NOT_THERE"), actor=ANA)
    assert scenario.seconds(SECOND) == {"disputed": 2 * HOUR}
    scenario.given(AppointMember("organizations/care/appointments/judge", JUDGE, "verifier", at("2020-01-01 00:00")))
    scenario.when(ResolveDispute(SECOND, "REJECTED", "SEEN"), actor=JUDGE).then_recorded(DisputeResolved)
    assert scenario.seconds(SECOND) == {"verified": HOUR, "attended": HOUR}
    scenario.when(VerifyHours(SECOND), actor=CARE_VERIFIER)
    assert scenario.seconds(SECOND) == {"verified": 2 * HOUR}


@pytest.mark.parametrize(("resolution", "left"), [("REJECTED", "claimed"), ("UPHELD", "reversed")])
def test_a_contested_claim_is_a_claim_again_or_reversed(resolution: Resolution, left: str):
    scenario = programme().given(
        AppointMember(f"{GREEN}/appointments/judge", JUDGE, "verifier", at("2020-01-01 00:00"))
    )
    scenario.given(ClaimHours(FIRST, MORNING, ANA, at("2026-11-20 05:00"), at("2026-11-20 09:00")), actor=ANA)
    scenario.given(CONTEST, actor=COORDINATOR)
    scenario.when(resolve(resolution), actor=JUDGE).then_recorded(DisputeResolved, attendance_state=left)
    assert (scenario.seconds(FIRST), state_of(scenario)) == ({left: 4 * HOUR}, left)


def test_time_that_became_free_while_hours_were_contested_counts_at_last():
    scenario = programme().given(
        AppointMember(f"{GREEN}/appointments/judge", JUDGE, "verifier", at("2020-01-01 00:00")),
        served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"),
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
    )
    scenario.given(CONTEST, actor=ANA)
    scenario.when(WithdrawAttendance(SECOND)).then_recorded("attendance-withdrawn")
    assert scenario.seconds(FIRST) == {"disputed": 3 * HOUR, "withheld": HOUR}
    scenario.when(resolve("REJECTED"), actor=JUDGE).then_recorded(DisputeResolved, withheld_reason=None)
    assert scenario.entries() == [
        (DAY, "disputed", "attended", 3 * HOUR, None),
        (DAY, "withheld", "attended", HOUR, None),
    ]
    assert scenario.seconds(FIRST) == {"attended": 4 * HOUR}


def long_and_contested() -> Scenario:
    """25 hours over two dates, withheld whole; one hour of them is taken by another attendance."""
    scenario = attended().given(
        served(SECOND, MORNING, "2026-11-17 05:00", "2026-11-18 06:00"),
        served(f"{ANA}/attendances/3", NOON, "2026-11-18 05:00", "2026-11-18 06:00"),
    )
    return scenario.given(DisputeHours(SECOND, "WITHHELD_WRONGLY"), actor=ANA)


@pytest.mark.parametrize("resolution", ["UPHELD", "REJECTED"])
def test_a_verifier_releases_what_a_rule_withheld_but_no_second_twice(resolution: Resolution):
    scenario = long_and_contested()
    scenario.when(ResolveDispute(SECOND, resolution, "SEEN_THERE", release_withheld=True), actor=JUDGE)
    scenario.then_recorded(DisputeResolved, attendance_state="recorded", withheld_reason="OVERLAP")
    assert scenario.seconds(SECOND) == {"attended": 24 * HOUR, "withheld": HOUR}
    if resolution == "REJECTED":
        scenario.when(WithdrawAttendance(f"{ANA}/attendances/3"))
        assert scenario.seconds(SECOND) == {"attended": 24 * HOUR, "withheld": HOUR}, "25 hours are above the cap"


def test_without_that_word_nothing_withheld_is_released():
    scenario = long_and_contested().when(ResolveDispute(SECOND, "REJECTED", "SEEN_THERE"), actor=JUDGE)
    scenario.then_recorded(DisputeResolved, entries=(), withheld_reason="DURATION_ABOVE_CAP")
    assert (state_of(scenario, SECOND), scenario.seconds(SECOND)) == ("recorded", {"withheld": 25 * HOUR})


def test_no_date_gets_more_than_its_24_hours_by_a_release():
    scenario = attended().given(served(SECOND, MORNING, "2026-11-16 20:00", "2026-11-18 22:00"))
    scenario.given(DisputeHours(SECOND, "WITHHELD_WRONGLY"), actor=ANA)
    scenario.given(served(f"{ANA}/attendances/3", NOON, "2026-11-17 05:00", "2026-11-17 06:00"))
    scenario.when(ResolveDispute(SECOND, "REJECTED", "SEEN_THERE", release_withheld=True), actor=JUDGE)
    assert scenario.seconds(SECOND) == {"attended": 49 * HOUR, "withheld": HOUR}


def test_contested_again_after_it_was_resolved():
    scenario = disputed().given(resolve("REJECTED"), actor=JUDGE).given(CONTEST, actor=COORDINATOR)
    scenario.when(resolve("UPHELD"), actor=JUDGE).then_recorded(DisputeResolved, attendance_state="reversed")
