"""Volunteers: registered once, their details sealed and never read by a rule."""

import pytest
from pydantic import ValidationError

from ledger.domain.volunteer import (
    RegisterVolunteer,
    SealedDetails,
    UpdateVolunteer,
    Volunteer,
    VolunteerRegistered,
    VolunteerUpdated,
)
from tests.domain.given_when_then import Scenario

ANA, BEN = "volunteers/ana", "volunteers/ben"
KEY = b"k" * 32
FIRST, SECOND = "1" * 32, "2" * 32


def seal(letter: str) -> str:
    return f"p1.{'K' * 22}.{'N' * 16}.{letter * 24}"


DETAILS = SealedDetails(full_name=seal("a"), birth_date=seal("b"), email=seal("c"))
REGISTER = RegisterVolunteer(ANA, DETAILS, KEY, FIRST)


def state_of(scenario: Scenario) -> Volunteer:
    state = scenario.state(ANA)
    assert isinstance(state, Volunteer)
    return state


def test_a_name_is_given_once():
    scenario = Scenario().when(REGISTER).then_recorded(VolunteerRegistered)
    scenario.when(RegisterVolunteer(ANA, DETAILS, None, SECOND)).then_refused("ALREADY_EXISTS", name=ANA)


def test_one_identity_document_is_one_volunteer():
    scenario = Scenario().given(REGISTER)
    scenario.when(RegisterVolunteer(BEN, DETAILS, KEY, SECOND)).then_refused("IDENTITY_ALREADY_REGISTERED")
    scenario.when(RegisterVolunteer(BEN, DETAILS, b"o" * 32, SECOND)).then_recorded(VolunteerRegistered)


def test_two_volunteers_may_show_no_document():
    scenario = Scenario().given(RegisterVolunteer(ANA, DETAILS, None, FIRST))
    scenario.when(RegisterVolunteer(BEN, DETAILS, None, SECOND)).then_recorded(VolunteerRegistered)


def test_the_event_has_the_id_its_seals_are_bound_to():
    scenario = Scenario().given(REGISTER)
    field = state_of(scenario).details["birth_date"]
    assert scenario.events[0].event_id == FIRST
    assert (field.person, field.event_id, field.path, field.sealed) == (ANA, FIRST, "details.birth_date", seal("b"))


def test_an_update_keeps_what_it_does_not_name():
    update = UpdateVolunteer(ANA, SealedDetails(phone=seal("d")), ("email",), SECOND)
    scenario = Scenario().given(REGISTER).when(update).then_recorded(VolunteerUpdated, cleared=("email",))
    details = state_of(scenario).details
    assert set(details) == {"full_name", "birth_date", "phone"}
    assert details["phone"].event_id == SECOND
    assert details["full_name"].event_id == FIRST


def test_an_update_of_nothing_changes_nothing():
    scenario = Scenario().given(REGISTER)
    scenario.when(UpdateVolunteer(ANA, SealedDetails(), ("phone",), SECOND)).then_refused("NOTHING_CHANGES")


def test_an_identity_document_is_not_swapped():
    scenario = Scenario().given(REGISTER)
    swap = UpdateVolunteer(ANA, SealedDetails(identity_number=seal("d")), (), SECOND)
    scenario.when(swap).then_refused("UPDATE_MASK_INVALID", path="identity_number")
    clear = UpdateVolunteer(ANA, SealedDetails(), ("identity_type",), SECOND)
    scenario.when(clear).then_refused("UPDATE_MASK_INVALID", path="identity_type")


def test_who_is_not_registered_is_not_updated():
    Scenario().when(UpdateVolunteer(ANA, DETAILS, (), SECOND)).then_refused("NOT_FOUND", name=ANA)


@pytest.mark.parametrize("text", ["Ana", "", "p2" + seal("a")[2:], seal("a") + "=", seal("a") + "\n", seal("a")[:60]])
def test_a_detail_that_is_not_sealed_cannot_be_recorded(text):
    with pytest.raises(ValidationError):
        SealedDetails(full_name=text)
