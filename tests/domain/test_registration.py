"""Registrations: a place in a shift is taken while there is one, by whoever is old enough, once at a time."""

from datetime import date

import pytest

from ledger.domain.eligibility import age_years
from ledger.domain.opportunity import CloseOpportunity, OpportunityDetails, PublishOpportunity
from ledger.domain.registration import (
    RegisterForShift,
    RegistrationAccepted,
    RegistrationWithdrawn,
    WithdrawRegistration,
)
from ledger.domain.shift import OpenShift, Place
from ledger.domain.shift_changes import UpdateShift
from ledger.domain.values import LocalizedText
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, BEN, GARDEN, GREEN, opportunity, organization, shift, volunteer

MORNING = f"{GARDEN}/shifts/morning"
ANAS = f"{MORNING}/registrations/ana"
REGISTER, WITHDRAW = RegisterForShift(MORNING, ANA), WithdrawRegistration(ANAS)
OPEN = shift(MORNING, "2026-11-24 21:00", "2026-11-24 23:00", places=1)
"""In Riyadh it begins on the 25th."""


def one_place() -> Scenario:
    return Scenario().given(*organization(GREEN), opportunity(GARDEN, GREEN), OPEN, volunteer(ANA), volunteer(BEN))


def adults_only(birth_date: date | None) -> Scenario:
    details = OpportunityDetails(title=LocalizedText(en="Night watch"), minimum_age_years=18)
    known = {} if birth_date is None else {ANA: birth_date}
    scenario = Scenario(birth_dates=known).given(*organization(GREEN), PublishOpportunity(GARDEN, GREEN, details))
    return scenario.given(OPEN, volunteer(ANA))


def test_a_place_is_taken_once():
    scenario = one_place().when(REGISTER).then_recorded(RegistrationAccepted, registration=ANAS, volunteer=ANA)
    scenario.when(REGISTER).then_refused("ALREADY_REGISTERED", volunteer=ANA, shift=MORNING)


def test_a_full_shift_takes_nobody_until_a_place_is_free():
    scenario = one_place().given(REGISTER)
    scenario.when(RegisterForShift(MORNING, BEN)).then_refused("SHIFT_FULL", places="1")
    scenario.when(WITHDRAW).then_recorded(RegistrationWithdrawn)
    scenario.when(RegisterForShift(MORNING, BEN)).then_recorded(RegistrationAccepted)
    scenario.when(REGISTER).then_refused("SHIFT_FULL")
    scenario.given(UpdateShift(MORNING, 2)).when(REGISTER).then_recorded(RegistrationAccepted)


def test_a_registration_is_withdrawn_once():
    one_place().when(WITHDRAW).then_refused("NOT_FOUND", name=ANAS)
    one_place().given(REGISTER, WITHDRAW).when(WITHDRAW).then_refused("NOTHING_CHANGES")


def test_shift_and_volunteer_must_be_there():
    Scenario().when(REGISTER).then_refused("NOT_FOUND", name=MORNING)
    scenario = one_place()
    scenario.when(RegisterForShift(MORNING, "volunteers/nobody")).then_refused("NOT_FOUND", name="volunteers/nobody")


def test_a_closed_opportunity_takes_nobody():
    one_place().given(CloseOpportunity(GARDEN)).when(REGISTER).then_refused("OPPORTUNITY_CLOSED")


def test_a_shift_with_a_date_alone_takes_no_registrations():
    dated = OpenShift(MORNING, None, None, "Europe/London", date(2026, 11, 25), 5, Place(online=True))
    scenario = Scenario().given(*organization(GREEN), opportunity(GARDEN, GREEN), dated, volunteer(ANA))
    scenario.when(REGISTER).then_refused("SHIFT_HAS_NO_TIMES", shift=MORNING)


def test_without_a_minimum_age_no_birth_date_is_asked_for():
    one_place().when(REGISTER).then_recorded(RegistrationAccepted, minimum_age_met=None)


def test_the_minimum_age_counts_on_the_day_of_service_in_the_shifts_zone():
    adults_only(date(2008, 11, 25)).when(REGISTER).then_recorded(RegistrationAccepted, minimum_age_met=True)
    adults_only(date(2008, 11, 26)).when(REGISTER).then_refused("BELOW_MINIMUM_AGE", minimum_age_years="18")


def test_a_minimum_age_needs_a_birth_date():
    adults_only(None).when(REGISTER).then_refused("BIRTH_DATE_MISSING", volunteer=ANA)


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2008, 12, 31), date(2027, 1, 1), 18),
        (date(2027, 1, 1), date(2026, 12, 31), -1),
    ],
)
def test_age_is_in_completed_years(born, day, years):
    assert age_years(born, day) == years
