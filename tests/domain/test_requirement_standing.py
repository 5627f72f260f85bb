"""How a person stands with a watched requirement: met and lost alternate, and a later look is never undone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.domain.event import RecordedEvent
from ledger.domain.policy import RequirementRules
from ledger.domain.policy_rules import Level, Period, faults
from ledger.domain.refusals import InvariantBroken
from ledger.domain.requirement_standing import (
    RecordStanding,
    RequirementLost,
    RequirementMet,
    RequirementStanding,
    evolve,
    standing_name,
)
from ledger.domain.values import Position
from ledger.requirements.period import Bounds, PeriodKind, bounds, period_id
from tests.domain.given_when_then import Scenario

ANA = "volunteers/ana"
STANDING = standing_name(ANA, "policies/month", "2026-11")


def at(*positions: int) -> tuple[Position, ...]:
    """A position of each partition, from the first one on."""
    return tuple(Position(partition=partition, position=position) for partition, position in enumerate(positions))


def fields(*evaluated_at: int) -> dict[str, Any]:
    return {
        "standing": STANDING,
        "requirement": "policies/month/versions/1",
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 11, 30),
        "counted_seconds": 7200,
        "evaluated_at": at(*evaluated_at),
        "cause": at(*evaluated_at)[0],
    }


def found(level: str | None, *evaluated_at: int) -> RecordStanding:
    """What a look at these positions found."""
    return RecordStanding(level=level, **fields(*evaluated_at))


def recorded(data: RequirementMet | RequirementLost, position: int, stream: str = STANDING) -> RecordedEvent:
    return RecordedEvent(stream, 1, "0" * 32, 0, position, datetime(2026, 11, 23, tzinfo=UTC), "ledger/x", data)


def met(level: str, *evaluated_at: int, **other: object) -> RequirementMet:
    return RequirementMet(**{"holder": ANA, "level": level, **fields(*evaluated_at), **other})


def lost(*evaluated_at: int) -> RequirementLost:
    return RequirementLost(holder=ANA, **fields(*evaluated_at))


def test_what_is_met_is_told_with_its_level_and_where_it_was_seen():
    scenario = Scenario().when(found("bronze", 1, 7))
    scenario.then_recorded(RequirementMet, holder=ANA, level="bronze", evaluated_at=at(1, 7), counted_seconds=7200)
    assert scenario.events[0].stream == "volunteers/ana/requirements/month/standings/2026-11"


def test_what_was_never_met_is_not_told_to_be_lost():
    Scenario().when(found(None, 1)).then_refused("NOTHING_CHANGES", name=STANDING)


def test_the_same_level_is_told_once():
    Scenario().given(found("bronze", 1)).when(found("bronze", 2)).then_refused("NOTHING_CHANGES")


def test_another_level_is_told_whether_higher_or_lower():
    scenario = Scenario().given(found("bronze", 1)).when(found("silver", 2)).then_recorded(RequirementMet)
    scenario.when(found("bronze", 3)).then_recorded(RequirementMet, level="bronze")


def test_met_lost_and_met_again():
    scenario = Scenario().given(found("bronze", 1)).when(found(None, 2)).then_recorded(RequirementLost)
    scenario.when(found(None, 3)).then_refused("NOTHING_CHANGES")
    scenario.when(found("bronze", 3)).then_recorded(RequirementMet, level="bronze")


@pytest.mark.parametrize("overtaken", [(2, 4), (1, 5), (2,)])
def test_a_look_that_was_overtaken_in_any_partition_is_refused(overtaken: tuple[int, ...]):
    scenario = Scenario().given(found("bronze", 1, 5), found("silver", 2, 5))
    scenario.when(found(None, *overtaken)).then_refused("STANDING_EVALUATED_LATER", positions="0:2, 1:5")


def test_the_same_positions_may_have_another_answer_where_a_partition_was_not_there_yet():
    Scenario().given(found("bronze", 1)).when(found(None, 1, 5)).then_recorded(RequirementLost)


@pytest.mark.parametrize(
    ("before", "event"),
    [
        pytest.param(None, lost(1), id="lost before it was met"),
        pytest.param("bronze", met("bronze", 3), id="met twice at one level"),
        pytest.param("bronze", lost(1), id="evaluated before what is known"),
        pytest.param(None, met("bronze", 9), id="evaluated at its own position"),
        pytest.param(None, met("bronze", 3, cause=at(4)[0]), id="caused by what it does not count"),
        pytest.param(None, met("bronze", 3, holder="volunteers/ben"), id="of another person"),
        pytest.param(None, met("bronze", 3, standing=f"{STANDING}-1"), id="of another stream"),
    ],
)
def test_what_cannot_follow_breaks_the_fold(before: str | None, event: RequirementMet | RequirementLost):
    state = None if before is None else RequirementStanding(STANDING, before, {0: 2})
    with pytest.raises(InvariantBroken, match="cannot hold"):
        evolve(state, recorded(event, 9))


def test_what_can_follow_folds():
    state = evolve(None, recorded(met("bronze", 3), 9))
    assert state == RequirementStanding(STANDING, "bronze", {0: 3})
    assert evolve(state, recorded(lost(9), 10)) == RequirementStanding(STANDING, None, {0: 9})


@pytest.mark.parametrize(
    ("kind", "day", "called"),
    [
        ("lifetime", "2026-11-23", "lifetime"),
        ("calendar_month", "2026-11-23", "2026-11"),
        ("calendar_year", "2026-11-23", "2026"),
        ("hijri_month", "2026-11-23", "hijri-1448-06"),
        ("hijri_year", "2026-11-23", "hijri-1448"),
    ],
)
def test_a_period_has_one_name_whatever_date_of_it_is_asked_about(kind: PeriodKind, day: str, called: str):
    period = bounds(kind, date.fromisoformat(day))
    assert period_id(kind, period) == called
    assert period_id(kind, bounds(kind, period.last)) == called


def test_early_years_have_four_digits():
    assert period_id("calendar_year", Bounds(date(37, 1, 1), date(37, 12, 31))) == "0037"
    assert period_id("calendar_month", Bounds(date(37, 1, 1), date(37, 1, 31))) == "0037-01"


@pytest.mark.parametrize("period", ["lifetime", "calendar_month", "calendar_year", "hijri_month", "hijri_year"])
def test_every_period_but_twelve_months_can_be_watched(period: Period):
    levels = (Level(name="met", seconds_min=1),)
    assert faults(RequirementRules(levels=levels, period=period, watched=True)) == []
    assert faults(RequirementRules(levels=levels, period="twelve_months", watched=False)) == []
    [fault] = faults(RequirementRules(levels=levels, period="twelve_months", watched=True))
    assert fault.startswith("watched: not with")
