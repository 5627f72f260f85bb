"""Under an erased name nothing begins; what is open is ended, confirmed, put right and contested as before."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember
from ledger.domain.approval import ApproveRegistration, DeclineRegistration
from ledger.domain.attendance import CheckIn, CheckOut, CorrectAttendance, RecordAttendance, WithdrawAttendance
from ledger.domain.claims import ClaimHours
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.erased_registration import EndRegistration
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.group_attendance import RecordGroupAttendance
from ledger.domain.group_naming import NameGroupMember
from ledger.domain.initiative import RegisterInitiative
from ledger.domain.opportunity import SetRegistrationRules
from ledger.domain.registration import RegisterForShift, Registration
from ledger.domain.registration_events import RegistrationWithdrawn, WaitingEnded, registration_name
from ledger.domain.transfer import ReceiveAttendance, TransferAttendance
from ledger.domain.values import LocalizedText
from ledger.domain.verification import VerifyHours
from ledger.domain.volunteer import refuse_unknown
from ledger.domain.world import Command
from tests.domain.given_when_then import InMemoryWorld, Scenario
from tests.domain.programme import (
    ANA,
    BEN,
    COORDINATOR,
    GARDEN,
    GREEN,
    GREEN_VERIFIER,
    MORNING,
    at,
    programme,
    served,
    shift,
    volunteer,
)

EVENING, TOMORROW = f"{GARDEN}/shifts/evening", f"{GARDEN}/shifts/tomorrow"
HEADS = f"{EVENING}/groupAttendances/heads"
START, END = at("2026-11-20 05:00"), at("2026-11-20 06:00")
THERE, OF_BEN = f"{ANA}/attendances/there", f"{BEN}/attendances/there"


def erased(*given: Command) -> Scenario:
    """Ana, registered for the morning, and erased after what is given."""
    scenario = programme().given(shift(EVENING, "2026-11-20 14:00", "2026-11-20 16:00"))
    scenario.given(shift(TOMORROW, "2026-11-24 05:00", "2026-11-24 09:00", places=1))
    return scenario.given(RecordGroupAttendance(HEADS, EVENING, 5), *given, EraseVolunteer(ANA))


@pytest.mark.parametrize(
    "command",
    [
        RegisterForShift(EVENING, ANA),
        RegisterForShift(MORNING, ANA),  # she has the place: nothing is learnt anew of her
        CheckIn(f"{ANA}/attendances/a", MORNING, ANA, START, "qr"),
        ClaimHours(f"{ANA}/attendances/a", MORNING, ANA, START, END),
        RecordAttendance(f"{ANA}/attendances/a", MORNING, ANA, START, END),
        NameGroupMember(HEADS, f"{ANA}/attendances/a"),
        TransferAttendance(OF_BEN, f"{ANA}/attendances/a", MORNING),
        AppointMember(f"{GREEN}/appointments/ana", ANA, "coordinator"),
        RegisterInitiative("initiatives/beaches", LocalizedText(en="Beaches"), (ANA,)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_begins_under_an_erased_name(command: Command):
    scenario = erased(served(OF_BEN, MORNING, "2026-11-20 05:00", "2026-11-20 06:00"))
    scenario.when(command).then_refused("VOLUNTEER_ERASED", name=ANA)


def test_an_erased_person_is_told_apart_from_one_nobody_knows():
    scenario = erased()
    world = InMemoryWorld(scenario.ledger, scenario.now, COORDINATOR)
    refuse_unknown(world, BEN)
    scenario.when(RegisterForShift(EVENING, "volunteers/nobody")).then_refused("NOT_FOUND")


def test_what_is_recorded_is_verified_corrected_contested_and_withdrawn():
    scenario = erased(served(THERE, MORNING, "2026-11-20 05:00", "2026-11-20 07:00"))
    scenario.when(DisputeHours(THERE, "WRONG_TIMES"), actor=COORDINATOR).then_recorded("hours-disputed")
    scenario.when(ResolveDispute(THERE, "REJECTED", "HEARD"), actor=GREEN_VERIFIER).then_recorded("dispute-resolved")
    scenario.when(CorrectAttendance(THERE, START, END)).then_recorded("attendance-corrected")
    scenario.when(VerifyHours(THERE), actor=GREEN_VERIFIER).then_recorded("hours-verified")
    scenario.when(WithdrawAttendance(THERE)).then_recorded("attendance-withdrawn")


def test_who_was_there_when_they_were_erased_checks_out():
    scenario = erased(CheckIn(THERE, MORNING, ANA, START, "qr"))
    scenario.when(CheckOut(THERE, END, "qr")).then_recorded("volunteer-checked-out")
    assert scenario.seconds(THERE) == {"attended": 3600}


def test_their_own_hours_are_moved_to_the_shift_they_belong_to():
    scenario = erased(served(THERE, MORNING, "2026-11-20 05:00", "2026-11-20 06:00"))
    moved = TransferAttendance(THERE, f"{ANA}/attendances/right", EVENING)
    scenario.when(moved).then_refused("GROUP_ALREADY_COUNTED")
    moved = TransferAttendance(THERE, f"{ANA}/attendances/right", TOMORROW)
    scenario.when(moved).then_recorded("attendance-transferred", "attendance-received")


def test_hours_that_left_another_person_before_the_erasure_arrive_all_the_same():
    receive = ReceiveAttendance(f"{ANA}/attendances/a", MORNING, START, END, OF_BEN, "e" * 32)
    erased().when(receive).then_recorded("attendance-received")


def test_a_place_still_to_come_is_given_back_and_goes_to_who_waits():
    waits: list[Command] = [
        SetRegistrationRules(GARDEN, False, 5),
        RegisterForShift(TOMORROW, ANA),
        RegisterForShift(TOMORROW, BEN),
    ]
    name = registration_name(TOMORROW, ANA)
    scenario = erased(*waits).when(EndRegistration(name, ANA))
    scenario.then_recorded(RegistrationWithdrawn, "registration-accepted", volunteer=ANA)
    scenario.when(EndRegistration(name, ANA)).then_refused("NOTHING_CHANGES")


def test_waiting_ends_and_says_why():
    waits: list[Command] = [
        SetRegistrationRules(GARDEN, False, 5),
        RegisterForShift(TOMORROW, BEN),
        RegisterForShift(TOMORROW, ANA),
    ]
    scenario = erased(*waits).when(EndRegistration(registration_name(TOMORROW, ANA), ANA))
    scenario.then_recorded(WaitingEnded, volunteer=ANA, reason="VOLUNTEER_ERASED")


def test_a_request_is_not_approved_but_can_be_declined():
    name = registration_name(TOMORROW, ANA)
    scenario = erased(SetRegistrationRules(GARDEN, True, 0), RegisterForShift(TOMORROW, ANA))
    scenario.when(ApproveRegistration(name), actor=COORDINATOR).then_refused("VOLUNTEER_ERASED")
    scenario.when(DeclineRegistration(name, "FULL"), actor=COORDINATOR).then_recorded("registration-declined")


def test_a_shift_that_has_begun_keeps_who_took_part():
    name = registration_name(MORNING, ANA)
    scenario = erased().when(EndRegistration(name, ANA)).then_refused("NOTHING_CHANGES")
    state = scenario.state(name)
    assert isinstance(state, Registration)
    assert state.state == "accepted"


def test_nobody_else_loses_a_place_by_it():
    scenario = programme().given(shift(TOMORROW, "2026-11-24 05:00", "2026-11-24 09:00"), volunteer("volunteers/cy"))
    scenario.given(RegisterForShift(TOMORROW, BEN))
    scenario.when(EndRegistration(registration_name(TOMORROW, BEN), BEN)).then_refused("NOTHING_CHANGES")
