"""Approval and absence: a member of the organisation decides, never the person concerned."""

from __future__ import annotations

from datetime import date

from ledger.domain.appointing import AppointMember, EndAppointment
from ledger.domain.approval import ApproveRegistration, DeclineRegistration, RecordAbsence
from ledger.domain.attendance import CheckIn, CheckOut, RecordAttendance, WithdrawAttendance
from ledger.domain.initiative import RegisterInitiative
from ledger.domain.opportunity import CloseOpportunity, OpportunityDetails, PublishOpportunity, SetRegistrationRules
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.registration_events import registration_name
from ledger.domain.shift_changes import CancelShift
from ledger.domain.values import LocalizedText
from tests.domain.given_when_then import Scenario
from tests.domain.programme import (
    ANA,
    BEN,
    CARE,
    CARE_VERIFIER,
    GARDEN,
    GREEN,
    GREEN_VERIFIER,
    at,
    opportunity,
    organization,
    programme,
    shift,
    volunteer,
)

MORNING = f"{GARDEN}/shifts/morning"
ANAS, BENS = registration_name(MORNING, ANA), registration_name(MORNING, BEN)
ASK, APPROVE = RegisterForShift(MORNING, ANA), ApproveRegistration(ANAS)
DURING = at("2026-11-20 06:00")


def asking(places: int = 1, waiting_places: int = 0) -> Scenario:
    """A shift whose organisation approves each registration."""
    return Scenario().given(
        *organization(GREEN),
        *organization(CARE),
        opportunity(GARDEN, GREEN),
        shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00", places=places),
        SetRegistrationRules(GARDEN, True, waiting_places),
        volunteer(ANA),
        volunteer(BEN),
    )


def test_a_request_takes_no_place_until_a_member_approves_it():
    scenario = asking().when(ASK).then_recorded("registration-requested", volunteer=ANA)
    assert scenario.ledger.places.get(MORNING, 0) == 0
    scenario.when(CheckIn(f"{ANA}/attendances/1", MORNING, ANA, None, "qr")).then_refused("NOT_REGISTERED")
    scenario.when(APPROVE, actor=GREEN_VERIFIER).then_recorded("registration-accepted", registration=ANAS)
    assert scenario.ledger.places[MORNING] == 1
    scenario.when(APPROVE).then_refused("NOT_REQUESTED", registration=ANAS)


def test_only_a_member_of_the_organisation_decides_and_nobody_about_themselves():
    scenario = asking().given(ASK)
    for decision in (APPROVE, DeclineRegistration(ANAS, "SKILLS_MISSING")):
        scenario.when(decision, actor=CARE_VERIFIER).then_refused("NOT_A_MEMBER", organization=GREEN)
        scenario.when(decision, actor="staff/nobody").then_refused("NOT_A_MEMBER")
    scenario.given(AppointMember(f"{GREEN}/appointments/ana", ANA, "coordinator"))
    scenario.when(APPROVE, actor=ANA).then_refused("OWN_REGISTRATION", actor=ANA)
    scenario.given(EndAppointment(f"{GREEN}/appointments/verifier"), now=at("2026-11-23 13:00"))
    scenario.when(APPROVE, actor=GREEN_VERIFIER, now=at("2026-11-23 14:00")).then_refused("NOT_A_MEMBER")


def test_for_an_initiative_those_decide_who_answer_for_it():
    friends = "initiatives/friends"
    scenario = Scenario().given(
        volunteer(ANA),
        volunteer(BEN),
        RegisterInitiative(friends, LocalizedText(en="Friends"), (BEN, ANA)),
        opportunity(GARDEN, friends),
        shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00"),
        SetRegistrationRules(GARDEN, True, 0),
        ASK,
    )
    scenario.when(APPROVE, actor="staff/coordinator").then_refused("NOT_A_MEMBER", organization=friends)
    scenario.when(APPROVE, actor=ANA).then_refused("OWN_REGISTRATION")
    scenario.when(APPROVE, actor=BEN).then_recorded("registration-accepted")


def test_a_declined_request_may_be_made_again():
    scenario = asking().given(ASK).when(DeclineRegistration(ANAS, "SKILLS_MISSING"))
    scenario.then_recorded("registration-declined", reason="SKILLS_MISSING")
    scenario.when(APPROVE).then_refused("NOT_REQUESTED")
    scenario.when(DeclineRegistration(ANAS, "SKILLS_MISSING")).then_refused("NOT_REQUESTED")
    scenario.when(WithdrawRegistration(ANAS)).then_refused("NOTHING_CHANGES")
    scenario.when(ASK).then_recorded("registration-requested")


def test_a_request_is_taken_back_without_freeing_a_place():
    asking().given(ASK).when(WithdrawRegistration(ANAS)).then_recorded("waiting-ended", reason="WITHDRAWN")


def test_who_is_approved_when_all_places_are_taken_waits_or_is_refused():
    scenario = asking().given(ASK, RegisterForShift(MORNING, BEN), APPROVE)
    scenario.when(ApproveRegistration(BENS)).then_refused("SHIFT_FULL")
    scenario.given(SetRegistrationRules(GARDEN, True, 1))
    scenario.when(ApproveRegistration(BENS)).then_recorded("registration-waitlisted")
    scenario.when(WithdrawRegistration(ANAS)).then_recorded("registration-withdrawn", "registration-accepted")


def test_the_organisation_may_decline_who_waits():
    scenario = asking(waiting_places=1).given(ASK, RegisterForShift(MORNING, BEN), APPROVE, ApproveRegistration(BENS))
    scenario.when(DeclineRegistration(BENS, "SKILLS_MISSING")).then_recorded("registration-declined")
    scenario.when(WithdrawRegistration(ANAS)).then_recorded("registration-withdrawn")


def test_nobody_is_approved_once_the_opportunity_is_closed_or_the_shift_cancelled():
    asking().given(ASK, CloseOpportunity(GARDEN)).when(APPROVE).then_refused("OPPORTUNITY_CLOSED")
    asking().given(ASK, CancelShift(MORNING, "WEATHER")).when(APPROVE).then_refused("SHIFT_CANCELLED", shift=MORNING)
    asking().when(APPROVE).then_refused("NOT_FOUND", name=ANAS)


def test_the_fact_about_the_age_is_learnt_when_somebody_asks_and_kept():
    details = OpportunityDetails(title=LocalizedText(en="Night watch"), minimum_age_years=18)
    scenario = Scenario(birth_dates={ANA: date(2000, 1, 1)}).given(
        *organization(GREEN),
        PublishOpportunity(GARDEN, GREEN, details),
        SetRegistrationRules(GARDEN, True, 0),
        shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00"),
        volunteer(ANA),
    )
    scenario.when(ASK).then_recorded("registration-requested", minimum_age_met=True)
    scenario.ledger.birth_dates.clear()
    scenario.when(APPROVE).then_recorded("registration-accepted", minimum_age_met=True)


def test_an_absence_is_noted_once_the_shift_has_begun_and_keeps_the_place():
    absent = RecordAbsence(ANAS)
    scenario = programme()
    scenario.when(absent, now=at("2026-11-20 04:59")).then_refused("SHIFT_NOT_BEGUN", shift=MORNING)
    scenario.when(absent, now=DURING, actor=CARE_VERIFIER).then_refused("NOT_A_MEMBER")
    scenario.when(absent, now=DURING).then_recorded("absence-recorded", volunteer=ANA)
    assert scenario.ledger.places[MORNING] == 2
    scenario.when(absent, now=DURING).then_refused("NOT_REGISTERED")
    scenario.when(WithdrawRegistration(ANAS)).then_refused("ABSENCE_RECORDED", registration=ANAS)
    scenario.when(RegisterForShift(MORNING, ANA)).then_refused("ALREADY_REGISTERED")


def test_who_came_after_all_is_recorded_by_the_organisation():
    scenario = programme().given(RecordAbsence(ANAS))
    scenario.when(CheckIn(f"{ANA}/attendances/1", MORNING, ANA, DURING, "qr")).then_refused("ABSENCE_RECORDED")
    scenario.when(RecordAttendance(f"{ANA}/attendances/1", MORNING, ANA)).then_recorded("attendance-recorded")


def test_who_came_is_not_absent():
    came = programme().given(CheckIn(f"{ANA}/attendances/1", MORNING, ANA, DURING, "qr"), now=DURING)
    came.when(RecordAbsence(ANAS), now=DURING).then_refused("ATTENDANCE_THERE", attendance=f"{ANA}/attendances/1")
    came.given(CheckOut(f"{ANA}/attendances/1", at("2026-11-20 09:00"), "qr"))
    came.when(RecordAbsence(ANAS)).then_refused("ATTENDANCE_THERE")
    came.given(WithdrawAttendance(f"{ANA}/attendances/1"))
    came.when(RecordAbsence(ANAS)).then_recorded("absence-recorded")


def test_nobody_is_absent_from_a_cancelled_shift_or_without_a_place():
    programme().given(CancelShift(MORNING, "WEATHER")).when(RecordAbsence(ANAS)).then_refused("SHIFT_CANCELLED")
    programme().given(WithdrawRegistration(ANAS)).when(RecordAbsence(ANAS)).then_refused("NOT_REGISTERED")
    programme().when(RecordAbsence(f"{MORNING}/registrations/nobody")).then_refused("NOT_FOUND")
