"""A verification that was too high is lowered: its first seconds stay, the rest is reversed."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember
from ledger.domain.attendance import CorrectAttendance
from ledger.domain.attendance_events import HoursAdjusted, HoursReleased
from ledger.domain.verification import AdjustHours, ReverseHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import (
    ANA,
    CARE,
    CARE_VERIFIER,
    COORDINATOR,
    GREEN,
    GREEN_VERIFIER,
    MORNING,
    NOON,
    at,
    programme,
    served,
)

FIRST, SECOND = f"{ANA}/attendances/1", f"{ANA}/attendances/2"
HOUR = 3600


def verified() -> Scenario:
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.given(VerifyHours(FIRST), actor=GREEN_VERIFIER)
    scenario.actor = GREEN_VERIFIER
    return scenario


def test_each_step_links_to_what_it_takes_back():
    scenario = verified()
    said = scenario.ledger.events[-1].event_id
    for step in (AdjustHours(FIRST, 3 * HOUR, "LEFT_EARLY"), ReverseHours(FIRST, "MISTAKEN")):
        scenario.when(step)
        assert scenario.events[0].corrects == said
        said = scenario.ledger.events[-1].event_id


def test_the_first_seconds_stay_and_the_rest_is_reversed_with_its_reason():
    scenario = verified().when(AdjustHours(FIRST, 3 * HOUR, "LEFT_EARLY"))
    scenario.then_recorded(HoursAdjusted, verified_seconds=3 * HOUR, appointment=f"{GREEN}/appointments/verifier")
    assert scenario.entries() == [("2026-11-20", "verified", "reversed", HOUR, "LEFT_EARLY")]
    assert scenario.counted() == [(at("2026-11-20 05:00"), at("2026-11-20 08:00"))]
    scenario.when(AdjustHours(FIRST, 1, "LEFT_EARLY")).then_recorded(HoursAdjusted)
    scenario.when(ReverseHours(FIRST, "MISTAKEN"))
    assert scenario.seconds(FIRST) == {"reversed": 4 * HOUR}


def test_the_time_it_gives_up_is_free_for_another_attendance():
    scenario = verified().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.when(AdjustHours(FIRST, 3 * HOUR, "LEFT_EARLY")).then_recorded(HoursAdjusted, HoursReleased)
    assert scenario.seconds(SECOND) == {"attended": 4 * HOUR}


def test_what_still_waits_is_not_touched():
    scenario = verified().given(served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"), actor=COORDINATOR)
    scenario.given(VerifyHours(SECOND), actor=CARE_VERIFIER)
    scenario.given(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:00")), actor=COORDINATOR)
    assert scenario.seconds(SECOND) == {"verified": 3 * HOUR, "attended": HOUR}
    scenario.when(AdjustHours(SECOND, HOUR, "LEFT_EARLY"), actor=CARE_VERIFIER)
    assert scenario.seconds(SECOND) == {"verified": HOUR, "attended": HOUR, "reversed": 2 * HOUR}
    scenario.when(VerifyHours(SECOND), actor=CARE_VERIFIER)
    assert scenario.seconds(SECOND) == {"verified": 2 * HOUR, "reversed": 2 * HOUR}


@pytest.mark.parametrize("seconds", [4 * HOUR, 4 * HOUR + 1, 0, -1])
def test_an_adjustment_lowers(seconds: int):
    verified().when(AdjustHours(FIRST, seconds, "MISTAKEN")).then_refused("ADJUSTED_NOT_LOWER")


def test_there_must_be_something_verified():
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(AdjustHours(FIRST, 1, "MISTAKEN"), actor=GREEN_VERIFIER).then_refused("NOTHING_TO_REVERSE")


def test_whoever_may_reverse_may_adjust_and_nobody_else():
    scenario = verified()
    scenario.given(AppointMember(f"{GREEN}/appointments/ana", ANA, "verifier", at("2020-01-01 00:00")))
    adjusts = AdjustHours(FIRST, 1, "MISTAKEN")
    scenario.when(adjusts, actor=ANA).then_refused("VERIFIER_SERVED")
    scenario.when(adjusts, actor=COORDINATOR).then_refused("VERIFIER_SUBMITTED")
    scenario.when(adjusts, actor=CARE_VERIFIER).then_refused("NOT_A_VERIFIER")


def test_hours_are_judged_where_they_were_served():
    scenario = verified()
    scenario.when(ReverseHours(FIRST, "MISTAKEN", CARE), actor=CARE_VERIFIER).then_refused("WRONG_ORGANIZATION")
    scenario.when(AdjustHours(FIRST, 1, "MISTAKEN", GREEN)).then_recorded(HoursAdjusted)
