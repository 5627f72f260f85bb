"""Programmes of recognition: versions by two people, thresholds, levels reached and lost, nominations by three."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ledger.domain.event import RecordedEvent
from ledger.domain.milestone import MilestoneLost, MilestoneReached, RecordMilestone, evolve, milestone_name
from ledger.domain.nomination import DecideNomination, Nominate, Nomination
from ledger.domain.recognition import (
    ApproveRecognition,
    ProposeRecognition,
    RecognitionLevel,
    Served,
    faults,
    reaches,
)
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import LocalizedText, Position
from ledger.milestone_commands import commands_of
from ledger.projections.milestone_evaluations import Programme, found_by
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, volunteer

TEXT = LocalizedText(en="synthetic")
MEDAL, HOUR = "recognitions/medal", 3_600
V1, V2 = f"{MEDAL}/versions/1", f"{MEDAL}/versions/2"
GOLD = RecognitionLevel(level="gold", display_name=TEXT, verified_seconds_min=HOUR)
OF_TEAM = RecognitionLevel(level="crew", display_name=TEXT, verified_seconds_min=HOUR, honoured="team")
COURAGE = RecognitionLevel(level="courage", display_name=TEXT, by_nomination=True)
PROPOSE = ProposeRecognition(MEDAL, date(2026, 1, 1), "synthetic", TEXT, (GOLD, COURAGE))
NAME = milestone_name(ANA, MEDAL, "gold")
NOMINATE = Nominate(f"{ANA}/nominations/n", MEDAL, "courage", "organizations/green")
APPROVE, DECLINE = (
    DecideNomination(NOMINATE.nomination, approved=True, reason=None),
    DecideNomination(NOMINATE.nomination, approved=False, reason="NOT_CONFIRMED"),
)


def level(**thresholds: int) -> RecognitionLevel:
    return RecognitionLevel.model_validate({"level": "l", "display_name": TEXT, **thresholds})


def found(reached: bool, *evaluated_at: int) -> RecordMilestone:
    """What a look at these positions, partition by partition, found."""
    at = tuple(Position(partition=partition, position=position) for partition, position in enumerate(evaluated_at))
    return RecordMilestone(NAME, reached, V1, HOUR, 0, 0, 1, at, at[0])


def test_a_version_is_in_force_once_another_person_approves_it():
    scenario = Scenario().given(PROPOSE, actor="staff/one")
    scenario.when(ApproveRecognition(V1), actor="staff/one").then_refused("POLICY_SAME_PERSON")
    scenario.when(ApproveRecognition(V2), actor="staff/two").then_refused("NOT_FOUND")
    scenario.given(PROPOSE, actor="staff/one")
    scenario.when(ApproveRecognition(V1), actor="staff/two").then_refused("POLICY_VERSION_REPLACED", latest=V2)
    scenario.given(ApproveRecognition(V2), actor="staff/two")
    scenario.when(ApproveRecognition(V2), actor="staff/two").then_refused("NOTHING_CHANGES")


@pytest.mark.parametrize(
    ("levels", "fault"),
    [
        ((GOLD, GOLD), "level gold is there 2 times"),
        ((level(),), "level l has no threshold"),
        ((GOLD.model_copy(update={"by_nomination": True}),), "has a threshold"),
        ((COURAGE.model_copy(update={"honoured": "team"}),), "honours teams and is given by nomination"),
        ((OF_TEAM.model_copy(update={"organizations_min": 2}),), "honours teams and counts organisations"),
        ((level(persons_min=2),), "honours persons and counts them"),
    ],
)
def test_levels_must_fit_together(levels: tuple[RecognitionLevel, ...], fault: str):
    assert fault in "; ".join(faults(levels))
    Scenario().when(replace(PROPOSE, levels=levels)).then_refused("POLICY_RULES_INVALID")


@pytest.mark.parametrize(
    ("first", "newest", "months"),
    [
        ((2026, 1, 31), (2026, 2, 28), 0),
        ((2026, 1, 31), (2026, 3, 31), 2),
        ((2025, 12, 15), (2026, 1, 14), 0),
        ((2025, 12, 15), (2026, 12, 15), 12),
        ((2026, 1, 1), (2026, 1, 1), 0),
    ],
)
def test_months_are_whole_ones(first: tuple[int, int, int], newest: tuple[int, int, int], months: int):
    assert Served(1, date(*first), date(*newest)).months == months


def test_every_threshold_must_be_met_and_nothing_is_reached_without_service():
    served = Served(HOUR, date(2026, 1, 1), date(2026, 3, 1), skills_count=2, organizations_count=3)
    whole = {"verified_seconds_min": HOUR, "months_min": 2, "skills_used_min": 2, "organizations_min": 3}
    assert reaches(level(**whole), served)
    for name, value in whole.items():
        assert not reaches(level(**{**whole, name: value + 1}), served), name
    assert not reaches(COURAGE, served)
    assert not reaches(level(months_min=1), Served())


def test_a_level_is_reached_by_persons_or_by_teams():
    day = date(2026, 5, 1)
    crew = OF_TEAM.model_copy(update={"persons_min": 3})
    assert reaches(crew, Served(HOUR, day, day, persons_count=3))
    assert not reaches(crew, Served(HOUR, day, day, persons_count=2))
    assert not reaches(crew, Served(HOUR, day, day)), "a person is no team"
    assert not reaches(GOLD, Served(HOUR, day, day, persons_count=3)), "a team is no person"


def test_what_a_team_reached_is_told_of_the_team():
    beach = milestone_name("initiatives/beach", MEDAL, "crew")
    at = (Position(partition=0, position=1),)
    told = RecordMilestone(beach, True, V1, HOUR, 0, 0, 1, at, at[0], persons_count=3)
    scenario = Scenario().given(PROPOSE, actor="staff/one").when(told)
    scenario.then_recorded(MilestoneReached, holder="initiatives/beach", persons_count=3)


def test_the_version_in_force_is_that_of_the_newest_service():
    programmes = [
        Programme(MEDAL, V2, date(2026, 6, 1), [level(verified_seconds_min=9 * HOUR)]),
        Programme(MEDAL, V1, date(2026, 1, 1), [level(verified_seconds_min=HOUR)]),
    ]
    before, after, long_ago = date(2026, 5, 31), date(2026, 6, 1), date(2025, 1, 1)
    assert found_by(programmes, Served(HOUR, before, before)).reached == {(MEDAL, "l"): V1}
    assert found_by(programmes, Served(HOUR, before, after)).in_force == {MEDAL: V2}
    assert found_by(programmes, Served(HOUR, before, after)).reached == {}
    assert found_by(programmes, Served(HOUR, long_ago, long_ago)).in_force == {}


def test_only_news_becomes_a_command_and_who_has_nothing_left_loses_by_the_old_version():
    programmes = [Programme(MEDAL, V1, date(2026, 1, 1), [GOLD])]
    day = date(2026, 5, 1)
    reached, nothing = found_by(programmes, Served(HOUR, day, day)), found_by(programmes, Served())
    scenario = Scenario().given(found(True, 1))
    cause, told = scenario.events[-1], scenario.events[-1].data
    assert isinstance(told, MilestoneReached)
    assert not list(commands_of(ANA, reached, {NAME: told}, {0: 2}, cause))
    assert not list(commands_of(ANA, nothing, {}, {0: 2}, cause))
    [new] = commands_of(ANA, reached, {}, {0: 2}, cause)
    [lost] = commands_of(ANA, nothing, {NAME: told}, {0: 2}, cause)
    assert (new.milestone, new.reached, new.recognition_version) == (NAME, True, V1)
    assert (lost.reached, lost.counted_seconds, lost.recognition_version) == (False, 0, V1)


def test_reached_and_lost_alternate():
    scenario = Scenario().when(found(False, 1)).then_refused("NOTHING_CHANGES", name=NAME)
    scenario.when(found(True, 1)).then_recorded(MilestoneReached)
    scenario.when(found(True, 2)).then_refused("NOTHING_CHANGES")
    scenario.when(found(False, 2)).then_recorded(MilestoneLost)
    scenario.when(found(True, 3)).then_recorded(MilestoneReached)


@pytest.mark.parametrize("overtaken", [(1, 4), (1,)])
def test_a_look_that_was_overtaken_is_refused(overtaken: tuple[int, ...]):
    scenario = Scenario().given(found(True, 1, 5))
    scenario.when(found(False, *overtaken)).then_refused("STANDING_EVALUATED_LATER", positions="0:1, 1:5")


@pytest.mark.parametrize(
    "wrong",
    [
        {"holder": "volunteers/ben"},
        {"milestone": f"{NAME}-1"},
        {"recognition_version": "recognitions/other/versions/1"},
        {"evaluated_at": (Position(partition=0, position=9),)},
        {"cause": Position(partition=0, position=2)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_no_look_can_have_found_does_not_fold(wrong: dict[str, object]):
    told = Scenario().when(found(True, 1)).events[0].data
    assert isinstance(told, MilestoneReached)
    recorded = RecordedEvent(NAME, 1, "0" * 32, 0, 9, datetime(2026, 11, 23, tzinfo=UTC), "ledger/x", told)
    assert evolve(None, recorded).reached
    with pytest.raises(InvariantBroken):
        evolve(None, with_data(recorded, told.model_copy(update=wrong)))


def with_data(recorded: RecordedEvent, told: MilestoneReached) -> RecordedEvent:
    return RecordedEvent(
        recorded.stream,
        recorded.version,
        recorded.event_id,
        recorded.partition,
        recorded.position,
        recorded.recorded_at,
        recorded.actor,
        told,
    )


def nominated() -> Scenario:
    scenario = Scenario().given(volunteer(ANA)).given(PROPOSE, actor="staff/one")
    return scenario.given(ApproveRecognition(V1), actor="staff/two")


def state_of(scenario: Scenario) -> Nomination:
    known = scenario.state(NOMINATE.nomination)
    assert isinstance(known, Nomination)
    return known


def test_nobody_nominates_themselves_or_for_a_level_of_hours():
    scenario = nominated()
    scenario.when(NOMINATE, actor=ANA).then_refused("NOMINATION_OF_ONESELF", actor=ANA)
    scenario.when(replace(NOMINATE, level="gold"), actor="staff/n").then_refused("NOT_FOUND")
    scenario.when(replace(NOMINATE, nomination="volunteers/no/nominations/n")).then_refused("NOT_FOUND")


def test_two_others_decide():
    scenario = nominated().given(NOMINATE, actor="staff/n")
    for same in (ANA, "staff/n"):
        scenario.when(APPROVE, actor=same).then_refused("NOMINATION_SAME_PERSON", actor=same)
    scenario.given(APPROVE, actor="staff/x")
    scenario.when(APPROVE, actor="staff/x").then_refused("NOMINATION_SAME_PERSON")
    scenario.given(APPROVE, actor="staff/y")
    assert state_of(scenario).state == "approved"
    scenario.when(DECLINE, actor="staff/z").then_refused("NOTHING_CHANGES")


@pytest.mark.parametrize("seconded", [False, True])
def test_one_who_declines_ends_it(seconded: bool):
    scenario = nominated().given(NOMINATE, actor="staff/n")
    if seconded:
        scenario.given(APPROVE, actor="staff/x")
    scenario.given(DECLINE, actor="staff/y")
    known = state_of(scenario)
    assert (known.state, known.reason) == ("declined", "NOT_CONFIRMED")
