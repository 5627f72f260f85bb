"""Versions of the standard policy for tests: proposed by one person, approved by another."""

from __future__ import annotations

from datetime import date

from ledger.domain.policy import STANDARD_POLICY_STREAM, ApprovePolicy, HoursRules, Policy, ProposePolicy, Rules
from tests.domain.given_when_then import Scenario

PROPOSER, APPROVER = "staff/proposer", "staff/approver"
FROM_NOVEMBER = date(2026, 11, 1)


def proposal(rules: Rules, policy: str = STANDARD_POLICY_STREAM, effective_date: date = FROM_NOVEMBER) -> ProposePolicy:
    """The next version of a policy."""
    return ProposePolicy(policy, effective_date, "synthetic rule", rules)


def with_rules(scenario: Scenario, effective_date: date = FROM_NOVEMBER, /, **rules: object) -> Scenario:
    """The scenario after a next version of the standard policy is in force, with these rules and defaults else."""
    known = scenario.state(STANDARD_POLICY_STREAM)
    assert isinstance(known, Policy)
    next_version = f"{STANDARD_POLICY_STREAM}/versions/{len(known.versions) + 1}"
    scenario.given(proposal(HoursRules.model_validate(rules), effective_date=effective_date), actor=PROPOSER)
    return scenario.given(ApprovePolicy(next_version), actor=APPROVER)
