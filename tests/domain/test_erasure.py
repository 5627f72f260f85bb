"""Erasure: once, of whom it names every key, and nothing more is learnt of who was erased."""

from datetime import date

import pytest

from ledger.domain.consent_events import GuardianConsentGiven
from ledger.domain.consents import AcceptCharter, RecordGuardianConsent, WithdrawGuardianConsent
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.refusals import InvariantBroken
from ledger.domain.volunteer import (
    RegisterVolunteer,
    SealedDetails,
    UpdateVolunteer,
    Volunteer,
    VolunteerErased,
    VolunteerRegistered,
    VolunteerUpdated,
    evolve,
)
from ledger.domain.world import Command
from tests.domain.given_when_then import Scenario

ANA, BEN = "volunteers/ana", "volunteers/ben"
CONSENT = f"{ANA}/consents/mother"
IDENTITY = b"i" * 32
EVENT = "e" * 32


def seal(key: str) -> str:
    return f"p1.{key * 22}.{'N' * 16}.{'c' * 24}"


REGISTER = RegisterVolunteer(ANA, SealedDetails(full_name=seal("A")), IDENTITY, EVENT)


def state_of(scenario: Scenario, name: str = ANA) -> Volunteer:
    state = scenario.state(name)
    assert isinstance(state, Volunteer)
    return state


def test_who_is_not_known_cannot_be_erased():
    Scenario().when(EraseVolunteer(ANA)).then_refused("NOT_FOUND", name=ANA)


def test_an_erasure_names_every_key_that_ever_sealed_something():
    scenario = Scenario().given(
        REGISTER,
        UpdateVolunteer(ANA, SealedDetails(email=seal("C")), ("full_name",), EVENT),
        RecordGuardianConsent(CONSENT, seal("B"), None, EVENT),
    )
    scenario.when(EraseVolunteer(ANA)).then_recorded(VolunteerErased)
    erased = scenario.ledger.events[-1].data
    assert isinstance(erased, VolunteerErased)
    assert erased.key_ids == ("A" * 22, "B" * 22, "C" * 22)


def test_of_whom_nothing_was_sealed_no_key_is_named():
    scenario = Scenario().given(RegisterVolunteer(ANA, SealedDetails(), None, EVENT))
    scenario.when(EraseVolunteer(ANA)).then_recorded(VolunteerErased)
    assert scenario.ledger.events[-1].data == VolunteerErased(volunteer=ANA, key_ids=())


def test_no_sealed_field_is_left_but_what_was_agreed_to_is():
    scenario = Scenario().given(REGISTER, RecordGuardianConsent(CONSENT, None, None, EVENT), EraseVolunteer(ANA))
    assert state_of(scenario).details == {}
    assert state_of(scenario).erased
    assert list(state_of(scenario).consents) == [CONSENT]
    scenario.when(WithdrawGuardianConsent(CONSENT)).then_recorded("guardian-consent-withdrawn")


@pytest.mark.parametrize(
    "command",
    [
        EraseVolunteer(ANA),
        UpdateVolunteer(ANA, SealedDetails(email=seal("A")), (), EVENT),
        UpdateVolunteer(ANA, SealedDetails(), ("full_name",), EVENT),
        RecordGuardianConsent(CONSENT, seal("A"), None, EVENT),
        AcceptCharter(ANA, "charters/national", 1),
    ],
)
def test_nothing_more_is_learnt_of_who_was_erased(command: Command):
    Scenario().given(REGISTER, EraseVolunteer(ANA)).when(command).then_refused("VOLUNTEER_ERASED", name=ANA)


def test_the_name_is_never_given_again():
    scenario = Scenario().given(REGISTER, EraseVolunteer(ANA))
    scenario.when(RegisterVolunteer(ANA, SealedDetails(), None, EVENT)).then_refused("ALREADY_EXISTS", name=ANA)


def test_the_same_identity_number_is_another_person_afterwards():
    scenario = Scenario().given(REGISTER)
    again = RegisterVolunteer(BEN, SealedDetails(full_name=seal("D")), IDENTITY, EVENT)
    scenario.when(again).then_refused("IDENTITY_ALREADY_REGISTERED")
    scenario.given(EraseVolunteer(ANA)).when(again).then_recorded(VolunteerRegistered)
    assert state_of(scenario, BEN).key_ids == {"D" * 22}


@pytest.mark.parametrize(
    "data",
    [
        VolunteerErased(volunteer=ANA, key_ids=()),
        VolunteerUpdated(volunteer=ANA, details=SealedDetails(email=seal("A"))),
        GuardianConsentGiven(volunteer=ANA, consent=CONSENT, guardian=seal("A"), until_date=date(2030, 1, 1)),
    ],
)
def test_a_history_that_learns_more_of_them_is_broken(data):
    scenario = Scenario().given(REGISTER, EraseVolunteer(ANA))
    last = scenario.ledger.events[-1]
    following = type(last)(**{**{name: getattr(last, name) for name in last.__struct_fields__}, "data": data})
    with pytest.raises(InvariantBroken):
        evolve(state_of(scenario), following)
