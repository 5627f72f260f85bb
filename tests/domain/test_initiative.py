"""Initiatives: responsible people without a legal body, who offer opportunities and whom nobody accredits."""

from __future__ import annotations

from ledger.domain.initiative import Initiative, InitiativeRegistered, RegisterInitiative
from ledger.domain.values import LocalizedText
from ledger.domain.verification import VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, GREEN, GREEN_VERIFIER, opportunity, programme, served, shift

BEACHES, CLEANING = "initiatives/clean-beaches", "opportunities/cleaning"
SHORE, A1 = f"{CLEANING}/shifts/shore", f"{ANA}/attendances/1"
HOUR = 3600
NAMED = RegisterInitiative(BEACHES, LocalizedText(ar="شواطئ نظيفة", en="Clean beaches"), (ANA, "staff/mariam"))


def cleaning() -> Scenario:
    return programme().given(
        NAMED,
        opportunity(CLEANING, BEACHES),
        shift(SHORE, "2026-11-21 05:00", "2026-11-21 09:00"),
        served(A1, SHORE, "2026-11-21 05:00", "2026-11-21 09:00"),
    )


def test_an_initiative_has_people_who_answer_for_it():
    scenario = programme().when(NAMED).then_recorded(InitiativeRegistered, responsible=(ANA, "staff/mariam"))
    assert isinstance(scenario.state(BEACHES), Initiative)
    scenario.when(NAMED).then_refused("ALREADY_EXISTS", name=BEACHES)


def test_a_responsible_volunteer_must_be_one():
    wrong = RegisterInitiative(BEACHES, LocalizedText(en="Beaches"), ("volunteers/nobody",))
    programme().when(wrong).then_refused("NOT_FOUND", name="volunteers/nobody")


def test_opportunities_of_an_initiative_that_is_not_there_are_refused():
    programme().when(opportunity(CLEANING, BEACHES)).then_refused("NOT_FOUND", name=BEACHES)


def test_its_hours_are_attended_and_nobody_of_it_verifies_them():
    scenario = cleaning()
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
    scenario.when(VerifyHours(A1), actor="staff/mariam").then_refused("INITIATIVE_CANNOT_VERIFY", initiative=BEACHES)
    scenario.when(VerifyHours(A1), actor=GREEN_VERIFIER).then_refused("INITIATIVE_CANNOT_VERIFY")
    scenario.when(VerifyHours(A1, organization=GREEN), actor=GREEN_VERIFIER)
    assert scenario.seconds(A1) == {"verified": 4 * HOUR}
