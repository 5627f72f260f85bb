"""The rule set itself: one version after the other, each recorded, each named by what it decided."""

from __future__ import annotations

import pytest

from ledger.domain.hours import HoursMoved
from ledger.domain.policy import (
    STANDARD_POLICY_STREAM,
    STANDARD_POLICY_V1,
    STANDARD_POLICY_V1_NAME,
    PolicyEnacted,
)
from ledger.domain.refusals import InvariantBroken
from ledger.domain.verification import VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, GREEN_VERIFIER, MORNING, programme, served


def version(number: int) -> PolicyEnacted:
    return STANDARD_POLICY_V1.model_copy(update={"version": number})


def test_the_built_in_policy_is_the_first_version():
    assert STANDARD_POLICY_V1_NAME == "policies/standard/versions/1"
    assert Scenario().state(STANDARD_POLICY_STREAM) == STANDARD_POLICY_V1


def test_versions_follow_one_another():
    scenario = Scenario().given((STANDARD_POLICY_STREAM, version(2)))
    assert scenario.state(STANDARD_POLICY_STREAM) == version(2)
    for wrong in (1, 2, 4):
        with pytest.raises(InvariantBroken, match="cannot follow version 2"):
            scenario.given((STANDARD_POLICY_STREAM, version(wrong)))


def test_a_policy_stands_in_its_own_stream():
    with pytest.raises(InvariantBroken):
        Scenario().given(("policies/other", version(1)))


def test_every_event_that_moves_hours_names_the_version_that_decided_them():
    scenario = programme().given(served(f"{ANA}/attendances/1", MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.given(VerifyHours(f"{ANA}/attendances/1"), actor=GREEN_VERIFIER)
    moved = [recorded for recorded in scenario.ledger.events if isinstance(recorded.data, HoursMoved)]
    assert [recorded.policy for recorded in moved] == [STANDARD_POLICY_V1_NAME] * 2
