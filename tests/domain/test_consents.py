"""Charters and guardians' consents: what a person, or a guardian for them, agreed to, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.consents import AcceptCharter, RecordGuardianConsent, WithdrawGuardianConsent
from ledger.domain.volunteer import Volunteer
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, volunteer
from tests.domain.test_volunteer import seal

CHARTER, CONSENT = "charters/national", f"{ANA}/consents/c1"
GIVE = RecordGuardianConsent(CONSENT, seal("g"), date(2027, 8, 31), "3" * 32)
TAKE_BACK = WithdrawGuardianConsent(CONSENT)


def ana() -> Scenario:
    return Scenario().given(volunteer(ANA))


def state_of(scenario: Scenario) -> Volunteer:
    state = scenario.state(ANA)
    assert isinstance(state, Volunteer)
    return state


def test_a_newer_version_of_a_charter_can_be_accepted_not_the_same_or_an_older_one():
    scenario = ana().when(AcceptCharter(ANA, CHARTER, 2)).then_recorded("charter-accepted", charter_version=2)
    for version in (1, 2):
        scenario.when(AcceptCharter(ANA, CHARTER, version)).then_refused("NOTHING_CHANGES")
    scenario.given(AcceptCharter(ANA, CHARTER, 3), AcceptCharter(ANA, "charters/green", 1))
    accepted = {charter.name: charter.version for charter in state_of(scenario).charters.values()}
    assert accepted == {CHARTER: 3, "charters/green": 1}


def test_a_consent_is_given_once_and_withdrawn_once():
    scenario = ana().when(GIVE).then_recorded("guardian-consent-given", consent=CONSENT, guardian=seal("g"))
    assert scenario.events[0].event_id == "3" * 32
    scenario.when(GIVE).then_refused("ALREADY_EXISTS", name=CONSENT)
    scenario.when(TAKE_BACK).then_recorded("guardian-consent-withdrawn")
    scenario.when(TAKE_BACK).then_refused("NOTHING_CHANGES")
    ana().when(TAKE_BACK).then_refused("NOT_FOUND", name=CONSENT)


@pytest.mark.parametrize(("day", "covered"), [(date(2027, 8, 31), True), (date(2027, 9, 1), False)])
def test_a_consent_covers_service_until_its_last_day_or_until_it_is_withdrawn(day, covered):
    scenario = ana().given(GIVE)
    assert state_of(scenario).consents[CONSENT].in_force(day) is covered
    scenario.given(TAKE_BACK)
    assert not state_of(scenario).consents[CONSENT].in_force(day)


def test_a_consent_without_an_end_covers_every_day():
    scenario = ana().given(RecordGuardianConsent(CONSENT, None, None, "3" * 32))
    assert state_of(scenario).consents[CONSENT].in_force(date(2090, 1, 1))


def test_a_consent_that_has_ended_already_is_not_recorded():
    ended = RecordGuardianConsent(CONSENT, None, date(2026, 11, 22), "3" * 32)
    ana().when(ended).then_refused("CONSENT_IN_PAST", date="2026-11-22")


@pytest.mark.parametrize("command", [AcceptCharter(ANA, CHARTER, 1), GIVE, TAKE_BACK])
def test_who_is_not_registered_agrees_to_nothing(command):
    Scenario().when(command).then_refused("NOT_FOUND", name=ANA)
