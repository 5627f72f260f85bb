"""Policies: version after version, proposed by one person, put in force by another, named by what they decided."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.event import read_event
from ledger.domain.hours import HoursMoved
from ledger.domain.policy import (
    STANDARD_POLICY_STREAM,
    STANDARD_POLICY_V1,
    STANDARD_POLICY_V1_NAME,
    ApprovePolicy,
    HoursRules,
    Level,
    Policy,
    PolicyApproved,
    PolicyProposed,
    ProposePolicy,
    Rate,
    Rates,
    RequirementRules,
    hours_rules,
    rules_of,
)
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Account
from ledger.domain.verification import VerifyHours
from tests.domain.given_when_then import NOW, InMemoryWorld, Scenario
from tests.domain.policies import APPROVER, FROM_NOVEMBER, PROPOSER, proposal, with_rules
from tests.domain.programme import ANA, GREEN_VERIFIER, MORNING, programme, served

GRADUATION = "policies/graduation"
FORTY_HOURS = RequirementRules(levels=(Level(name="met", seconds_min=144_000),), period="lifetime")
MONEY = Rates(rates=(Rate(from_date=date(2026, 1, 1), currency="SAR", minor_units_per_hour=13_800, source="report"),))


def standard(scenario: Scenario) -> Policy:
    known = scenario.state(STANDARD_POLICY_STREAM)
    assert isinstance(known, Policy)
    return known


def version_on(scenario: Scenario, day: str) -> int:
    name, _ = hours_rules(InMemoryWorld(scenario.ledger, NOW, "staff/any"), date.fromisoformat(day))
    return int(name.rpartition("/")[2])


def test_the_built_in_policy_is_the_first_version_and_in_force_for_all_dates():
    assert STANDARD_POLICY_V1_NAME == "policies/standard/versions/1"
    [first] = standard(Scenario()).versions
    assert first.rules == HoursRules()
    assert first.approved_by
    assert [version_on(Scenario(), day) for day in ("0001-01-01", "2026-11-20", "9999-12-31")] == [1, 1, 1]


def test_versions_follow_one_another_and_stay_in_their_stream():
    scenario = Scenario()
    for wrong in (1, 3):
        with pytest.raises(InvariantBroken, match="cannot follow version 1"):
            scenario.given((STANDARD_POLICY_STREAM, STANDARD_POLICY_V1.model_copy(update={"version": wrong})))
    with pytest.raises(InvariantBroken):
        scenario.given(("policies/other", STANDARD_POLICY_V1))
    for unknown in (1, 2):
        with pytest.raises(InvariantBroken):
            scenario.given((STANDARD_POLICY_STREAM, PolicyApproved(policy=STANDARD_POLICY_STREAM, version=unknown)))
    with pytest.raises(InvariantBroken, match="of kind requirement"):
        scenario.given(
            (
                STANDARD_POLICY_STREAM,
                PolicyProposed(
                    policy=STANDARD_POLICY_STREAM,
                    version=2,
                    effective_date=FROM_NOVEMBER,
                    rule_source="x",
                    rules=FORTY_HOURS,
                ),
            )
        )


def test_a_version_decides_nothing_before_another_person_approves_it():
    scenario = Scenario().when(proposal(HoursRules(rounding_seconds=900)), actor=PROPOSER)
    scenario.then_recorded(PolicyProposed, version=2, effective_date=FROM_NOVEMBER)
    assert version_on(scenario, "2026-11-20") == 1
    second = ApprovePolicy("policies/standard/versions/2")
    scenario.when(second, actor=PROPOSER).then_refused("POLICY_SAME_PERSON", actor=PROPOSER)
    scenario.when(second, actor=APPROVER).then_recorded(PolicyApproved, version=2)
    assert [version_on(scenario, day) for day in ("2026-10-31", "2026-11-01", "2030-01-01")] == [1, 2, 2]
    scenario.when(second, actor=APPROVER).then_refused("NOTHING_CHANGES")


def test_what_is_not_there_cannot_be_approved():
    for name in ("policies/standard/versions/2", "policies/none/versions/1"):
        Scenario().when(ApprovePolicy(name), actor=APPROVER).then_refused("NOT_FOUND")


def test_a_proposal_is_replaced_by_the_next_version_alone():
    scenario = Scenario().given(proposal(HoursRules()), proposal(HoursRules(rounding_seconds=60)), actor=PROPOSER)
    scenario.when(ApprovePolicy("policies/standard/versions/2"), actor=APPROVER)
    scenario.then_refused("POLICY_VERSION_REPLACED", latest="policies/standard/versions/3")
    scenario.when(ApprovePolicy("policies/standard/versions/3"), actor=APPROVER).then_recorded(PolicyApproved)
    assert [version.approved_by for version in standard(scenario).versions] == [
        "staff/coordinator",
        None,
        APPROVER,
    ]


def test_the_last_approved_version_whose_date_has_come_is_in_force():
    scenario = with_rules(Scenario(), date(2027, 1, 1))
    with_rules(scenario, date(2026, 6, 1))
    assert [version_on(scenario, day) for day in ("2026-05-31", "2026-06-01", "2027-01-01")] == [1, 3, 3]
    with_rules(scenario, date(2028, 1, 1))
    assert [version_on(scenario, day) for day in ("2027-12-31", "2028-01-01")] == [3, 4]
    world = InMemoryWorld(scenario.ledger, NOW, "staff/any")
    assert rules_of(world, "policies/standard/versions/2") == HoursRules()
    with pytest.raises(InvariantBroken):
        rules_of(world, "policies/standard/versions/5")


def test_the_kind_of_a_policy_never_changes():
    scenario = Scenario().when(proposal(FORTY_HOURS))
    scenario.then_refused("POLICY_KIND_FIXED", kind="hours")
    scenario.when(proposal(FORTY_HOURS, GRADUATION)).then_recorded(PolicyProposed, version=1)
    scenario.when(proposal(HoursRules(), GRADUATION)).then_refused("POLICY_KIND_FIXED", kind="requirement")
    known = scenario.state(GRADUATION)
    assert isinstance(known, Policy)
    assert (known.kind, known.hours, known.in_force(date(2030, 1, 1))) == ("requirement", (), None)


@pytest.mark.parametrize("rules", [HoursRules(year_seconds_max=1_512_000), FORTY_HOURS, MONEY])
def test_rules_are_read_back_as_they_were_stored(rules):
    proposed = PolicyProposed(
        policy="policies/any", version=1, effective_date=FROM_NOVEMBER, rule_source="law", rules=rules
    )
    assert read_event("policy-proposed", 1, proposed.to_json()) == proposed
    assert f'"rules":{{"kind":"{rules.kind}",'.encode() in proposed.to_json()


def level(**fields: object) -> Level:
    return Level.model_validate({"name": "one", "seconds_min": 60, **fields})


def rate(since: str, until: str | None = None, currency: str = "SAR") -> Rate:
    return Rate(
        from_date=date.fromisoformat(since),
        until_date=None if until is None else date.fromisoformat(until),
        currency=currency,
        minor_units_per_hour=1,
        source="x",
    )


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (HoursRules(break_seconds=60), "break_seconds"),
        (HoursRules(break_after_seconds=60), "break_seconds"),
        (HoursRules(break_after_seconds=60, break_seconds=61), "at most break_after_seconds"),
        (RequirementRules(levels=(), period="lifetime"), "at least one"),
        (RequirementRules(levels=(level(), level()), period="lifetime"), "each name once"),
        (RequirementRules(levels=(level(age_min_years=9, age_max_years=8),), period="lifetime"), "from 9"),
        (RequirementRules(measure_classes=(), levels=(level(),), period="lifetime"), "measure_classes"),
        (RequirementRules(measure_classes=(Account.OUTSIDE,), levels=(level(),), period="lifetime"), "some of"),
        (
            RequirementRules(measure_classes=(Account.VERIFIED,) * 2, levels=(level(),), period="lifetime"),
            "each once",
        ),
        (Rates(rates=()), "at least one"),
        (Rates(rates=(rate("2026-01-02", "2026-01-01"),)), "until_date"),
        (Rates(rates=(rate("2026-01-01"), rate("2026-06-01"))), "two of SAR"),
        (Rates(rates=(rate("2026-06-01"), rate("2026-01-01", "2026-06-01"))), "two of SAR"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(rules, said):
    scenario = Scenario().when(ProposePolicy("policies/any", FROM_NOVEMBER, "x", rules))
    scenario.then_refused("POLICY_RULES_INVALID")
    assert scenario.refusal is not None
    assert said in scenario.refusal.english


def test_rates_may_follow_one_another_and_stand_beside_another_currency():
    rates = Rates(rates=(rate("2026-06-01"), rate("2026-01-01", "2026-05-31"), rate("2026-01-01", currency="AED")))
    Scenario().when(ProposePolicy("policies/any", FROM_NOVEMBER, "x", rates)).then_recorded(PolicyProposed)


def test_every_event_that_moves_hours_names_the_version_that_decided_them():
    scenario = programme().given(served(f"{ANA}/attendances/1", MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    with_rules(scenario)
    scenario.given(served(f"{ANA}/attendances/2", MORNING, "2026-11-21 05:00", "2026-11-21 09:00"))
    for name in ("1", "2"):
        scenario.given(VerifyHours(f"{ANA}/attendances/{name}"), actor=GREEN_VERIFIER)
    moved = [recorded.policy for recorded in scenario.ledger.events if isinstance(recorded.data, HoursMoved)]
    first, second = STANDARD_POLICY_V1_NAME, "policies/standard/versions/2"
    assert moved == [first, second, first, second]
