"""Whatever people ask for in whatever order: never more places than there are, and the first who waits moves up."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ledger.domain.approval import ApproveRegistration, DeclineRegistration, RecordAbsence
from ledger.domain.opportunity import SetRegistrationRules
from ledger.domain.registration import RegisterForShift, Registration, WithdrawRegistration
from ledger.domain.registration_events import registration_name
from ledger.domain.shift import Shift
from ledger.domain.shift_changes import CancelShift, UpdateShift
from ledger.domain.world import Command
from tests.domain.given_when_then import Scenario
from tests.domain.programme import GARDEN, GREEN, at, opportunity, organization, shift, volunteer

MORNING = f"{GARDEN}/shifts/morning"
PEOPLE = [f"volunteers/p{number}" for number in range(8)]
BEGUN = at("2026-11-24 06:00")


def anything(choice: random.Random) -> Command:
    place = registration_name(MORNING, choice.choice(PEOPLE))
    kinds: list[tuple[int, Command]] = [
        (8, RegisterForShift(MORNING, choice.choice(PEOPLE))),
        (4, WithdrawRegistration(place)),
        (3, ApproveRegistration(place)),
        (1, DeclineRegistration(place, "SKILLS_MISSING")),
        (1, RecordAbsence(place)),
        (2, UpdateShift(MORNING, choice.randrange(1, 5))),
        (1, SetRegistrationRules(GARDEN, choice.random() < 0.4, choice.randrange(4))),
    ]
    if choice.random() < 0.01:
        return CancelShift(MORNING, "WEATHER")
    return choice.choices([command for _, command in kinds], [weight for weight, _ in kinds])[0]


def registrations(scenario: Scenario) -> dict[str, Registration]:
    found = {name: scenario.state(name) for name in scenario.ledger.states if "/registrations/" in name}
    return {name: state for name, state in found.items() if isinstance(state, Registration)}


def check(scenario: Scenario, queue: list[str]) -> list[str]:
    """The waiting list after the last command, whose events are taken one by one."""
    queue = list(queue)
    for event in scenario.events:
        kind, name = event.data.stored_name, event.stream
        if kind == "registration-waitlisted":
            queue.append(name)
        elif kind == "registration-accepted" and queue:
            assert queue.pop(0) == name, "whoever moves up is the first who waits"
        elif kind in ("waiting-ended", "registration-declined") and name in queue:
            queue.remove(name)
    held = registrations(scenario)
    wanted = scenario.state(MORNING)
    assert isinstance(wanted, Shift)
    taken = sum(one.state in ("accepted", "absent") for one in held.values())
    assert taken == scenario.ledger.places.get(MORNING, 0)
    assert taken <= wanted.places
    assert sorted(queue) == sorted(name for name, one in held.items() if one.state == "waitlisted")
    assert queue == sorted(scenario.ledger.waiting, key=scenario.ledger.waiting.__getitem__)
    assert all((one.waiting_order is not None) == (one.state == "waitlisted") for one in held.values())
    if queue and wanted.state == "open":
        assert taken == wanted.places, "nobody waits while there is a place"
    return queue


def test_places_and_waiting_lists_are_sound_in_whatever_order_things_happen():
    seen: Counter[str] = Counter()
    for seed in range(60):
        choice = random.Random(seed)
        scenario = Scenario(now=BEGUN).given(
            *organization(GREEN),
            opportunity(GARDEN, GREEN),
            shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00", places=2),
            *(volunteer(person) for person in PEOPLE),
        )
        queue: list[str] = []
        for _ in range(60):
            scenario.when(anything(choice))
            queue = check(scenario, queue)
            seen.update(event.data.stored_name for event in scenario.events)
    expected = {
        "registration-accepted",
        "registration-requested",
        "registration-waitlisted",
        "registration-declined",
        "registration-withdrawn",
        "waiting-ended",
        "absence-recorded",
        "shift-updated",
        "shift-cancelled",
        "registration-rules-set",
    }
    assert expected <= seen.keys(), expected - seen.keys()


@pytest.mark.parametrize("places", [1, 3])
def test_hundreds_wait_and_are_all_served_by_one_command(places):
    crowd = [f"volunteers/c{number}" for number in range(300)]
    scenario = Scenario().given(
        *organization(GREEN),
        opportunity(GARDEN, GREEN),
        shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00", places=places),
        SetRegistrationRules(GARDEN, False, 300),
        *(volunteer(person) for person in crowd),
        *(RegisterForShift(MORNING, person) for person in crowd),
    )
    scenario.given(UpdateShift(MORNING, 300))
    assert [event.stream for event in scenario.events[1:]] == [
        registration_name(MORNING, person) for person in crowd[places:]
    ]
