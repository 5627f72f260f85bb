"""The audit and the answer agree which level is reached, also where two levels ask for the same."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ledger.auditing.standings import levels_reached
from ledger.domain import policy_rules
from ledger.requirements.evaluation import Served, evaluate
from ledger.requirements.rules import read_rules

SECONDS = st.integers(min_value=1, max_value=5)


@given(st.lists(SECONDS, min_size=1, max_size=6), st.integers(min_value=0, max_value=6))
def test_the_audit_reaches_the_level_that_was_answered(minimums: list[int], counted: int):
    levels = [{"name": f"level {number}", "seconds_min": seconds} for number, seconds in enumerate(minimums)]
    stored = {
        "kind": "requirement",
        "levels": levels,
        "period": "lifetime",
        "measure_classes": ["verified"],
        "compulsory_service_counts": False,
        "watched": True,
    }
    served = Served(entry_count=1, free=(0, 0, counted, 0, 0, 0))
    verdict = evaluate(read_rules(stored), served, "volunteers/synthetic", None, date(2026, 11, 30))
    audited = levels_reached(policy_rules.RequirementRules.model_validate_json(json.dumps(stored)), counted)
    assert verdict.level == (audited[-1] if audited else "")
