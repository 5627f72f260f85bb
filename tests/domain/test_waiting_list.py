"""Waiting lists: who comes too late waits in order, and a place that is freed or added goes to the first who waits."""

from __future__ import annotations

import pytest

from ledger.domain.opportunity import CloseOpportunity, RegistrationRulesSet, SetRegistrationRules
from ledger.domain.registration import RegisterForShift, Registration, WithdrawRegistration
from ledger.domain.registration_events import registration_name
from ledger.domain.shift_changes import CancelShift, UpdateShift
from tests.domain.given_when_then import Scenario
from tests.domain.programme import GARDEN, GREEN, at, opportunity, organization, shift, volunteer

MORNING = f"{GARDEN}/shifts/morning"
PEOPLE = [f"volunteers/p{number}" for number in range(6)]
ANY = [RegisterForShift(MORNING, person) for person in PEOPLE]
PLACE = [registration_name(MORNING, person) for person in PEOPLE]


def narrow(places: int = 1, waiting_places: int = 3) -> Scenario:
    """A shift of few places tomorrow, and six people who know of it."""
    return Scenario().given(
        *organization(GREEN),
        opportunity(GARDEN, GREEN),
        shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00", places=places),
        SetRegistrationRules(GARDEN, False, waiting_places),
        *(volunteer(person) for person in PEOPLE),
    )


def states(scenario: Scenario) -> list[str]:
    found = [scenario.state(name) for name in PLACE]
    return [registration.state for registration in found if isinstance(registration, Registration)]


def who(scenario: Scenario) -> list[str]:
    """Whose streams the last command changed, in order."""
    return [event.stream.rpartition("/")[2] for event in scenario.events]


def test_the_rules_of_an_opportunity_are_set_once_and_kept_over_its_updates():
    scenario = narrow()
    scenario.when(SetRegistrationRules(GARDEN, False, 3)).then_refused("NOTHING_CHANGES")
    scenario.when(SetRegistrationRules(GARDEN, True, 3)).then_recorded(RegistrationRulesSet, approval_required=True)
    scenario.given(CloseOpportunity(GARDEN)).when(SetRegistrationRules(GARDEN, False, 0))
    scenario.then_refused("OPPORTUNITY_CLOSED")
    Scenario().when(SetRegistrationRules(GARDEN, True, 1)).then_refused("NOT_FOUND", name=GARDEN)


def test_who_comes_when_all_places_are_taken_waits_until_the_list_is_full_too():
    scenario = narrow(waiting_places=2).given(ANY[0])
    scenario.when(ANY[1]).then_recorded("registration-waitlisted", volunteer=PEOPLE[1])
    scenario.when(ANY[2]).then_recorded("registration-waitlisted")
    scenario.when(ANY[3]).then_refused("SHIFT_FULL", places="1")
    scenario.when(ANY[1]).then_refused("ALREADY_REGISTERED")
    assert states(scenario) == ["accepted", "waitlisted", "waitlisted"]


def test_a_place_that_is_given_back_goes_to_the_first_who_waits_in_the_same_command():
    scenario = narrow().given(*ANY[:4]).when(WithdrawRegistration(PLACE[0]))
    scenario.then_recorded("registration-withdrawn", "registration-accepted")
    assert who(scenario) == ["p0", "p1"]
    assert scenario.ledger.places[MORNING] == 1
    scenario.given(ANY[0])  # at the end of the list now
    assert states(scenario) == ["waitlisted", "accepted", "waitlisted", "waitlisted"]
    for left, next_in in ((1, "p2"), (2, "p3"), (3, "p0")):
        scenario.given(WithdrawRegistration(PLACE[left]))
        assert who(scenario)[1] == next_in


def test_who_waits_may_stop_waiting_and_frees_no_place():
    scenario = narrow().given(*ANY[:4]).when(WithdrawRegistration(PLACE[1]))
    scenario.then_recorded("waiting-ended", reason="WITHDRAWN")
    assert scenario.ledger.places[MORNING] == 1
    scenario.when(WithdrawRegistration(PLACE[1])).then_refused("NOTHING_CHANGES")
    scenario.given(WithdrawRegistration(PLACE[0]))
    assert who(scenario) == ["p0", "p2"]


@pytest.mark.parametrize(("places", "served"), [(2, ["p1"]), (4, ["p1", "p2", "p3"]), (9, ["p1", "p2", "p3"])])
def test_added_places_go_to_as_many_as_fit_in_their_order(places, served):
    scenario = narrow().given(*ANY[:4]).given(UpdateShift(MORNING, places))
    assert who(scenario) == ["morning", *served]
    assert scenario.ledger.places[MORNING] == 1 + len(served)
    scenario.when(UpdateShift(MORNING, len(served))).then_refused("PLACES_BELOW_TAKEN")


def test_nobody_moves_up_in_a_closed_opportunity_a_cancelled_shift_or_one_that_is_over():
    waiting = narrow().given(*ANY[:2])
    waiting.given(CloseOpportunity(GARDEN)).when(WithdrawRegistration(PLACE[0])).then_recorded("registration-withdrawn")
    waiting = narrow().given(*ANY[:2])
    waiting.given(CancelShift(MORNING, "WEATHER")).when(WithdrawRegistration(PLACE[0]))
    waiting.then_recorded("registration-withdrawn")
    over = narrow().given(*ANY[:2])
    over.when(WithdrawRegistration(PLACE[0]), now=at("2026-11-24 09:00")).then_recorded("registration-withdrawn")
    begun = narrow().given(*ANY[:2])
    begun.when(UpdateShift(MORNING, 2), now=at("2026-11-24 08:59")).then_recorded(
        "shift-updated", "registration-accepted"
    )


def test_a_place_is_not_taken_past_those_who_wait():
    scenario = narrow(places=2).given(*ANY[:4], WithdrawRegistration(PLACE[0]))
    scenario.when(ANY[4]).then_recorded("registration-waitlisted")
    assert states(scenario) == ["withdrawn", "accepted", "accepted", "waitlisted", "waitlisted"]
