"""Changed statements: none is valid but with the content that was issued, or with less of it."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from ledger.credentials.statement_verdict import StatementVerdict
from ledger.credentials.verify_statement import STEPS, verify_statement
from tests.credentials.credential_mutations import CREDENTIAL_CHANGES
from tests.credentials.evidence_mutations import EVIDENCE_CHANGES
from tests.credentials.mutants import Mutant, mutants
from tests.credentials.sample_statements import NOW, World, sample_world

HOLDING_SHARE_MAX = 0.15


def small_and_full(small: int, full: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("count", [small, pytest.param(full, marks=pytest.mark.proof)])


def need_as_issued(world: World, mutant: Mutant, verdict: StatementVerdict) -> None:
    """The same claims, and of what was shown nothing else."""
    issued = world.statements[mutant.of]
    assert verdict.claims is not None
    assert verdict.disclosed is not None
    said = verdict.claims.model_dump(by_alias=True, exclude_none=True, mode="json")
    assert {name: said[name] for name in said if not name.startswith("_sd")} == json.loads(json.dumps(issued.claims))
    shown = verdict.disclosed.model_dump(exclude_none=True, mode="json")
    assert shown.items() <= json.loads(json.dumps(issued.shown)).items(), shown


@small_and_full(600, 10_000)
def test_no_mutant_is_accepted_with_other_content_than_was_issued(seed, count):
    world, outcomes, failed_at = sample_world(), Counter[str](), Counter[str]()
    for mutant in mutants(seed, count, world):
        verdict = verify_statement(mutant.evidence, world.trust, NOW)
        outcomes[verdict.state] += 1
        assert [one.name for one in verdict.steps] == list(STEPS)
        if verdict.failed is not None:
            failed_at[verdict.failed.name] += 1
        if verdict.state == "valid":
            assert mutant.may_hold, mutant.name
            need_as_issued(world, mutant, verdict)
        else:
            assert verdict.failed is not None, (mutant.name, verdict)
    assert sum(outcomes.values()) == count
    assert 0 < outcomes["valid"] <= HOLDING_SHARE_MAX * count, outcomes
    assert set(failed_at) == set(STEPS), "a step that nothing ever failed at checks nothing"


def test_every_kind_of_change_is_in_every_dose(seed):
    names = {mutant.name for mutant in mutants(seed, 200)}
    assert names >= set(CREDENTIAL_CHANGES) | set(EVIDENCE_CHANGES)


def test_one_seed_makes_the_same_mutants(seed):
    """But for proofs: a signature of ML-DSA-44 is never the same twice."""
    first, again = (
        [(one.name, one.of, one.evidence.credential, one.evidence.event, one.evidence.status_list) for one in some]
        for some in (mutants(seed, 150), mutants(seed, 150))
    )
    assert first == again


def test_what_may_be_left_away_or_turned_holds(seed):
    world = sample_world()
    allowed = {"left_out", "reordered", "without_evidence"}
    kept = [one for one in mutants(seed, 600, world) if one.name in allowed]
    assert len(kept) > 10
    for mutant in kept:
        verdict = verify_statement(mutant.evidence, world.trust, NOW)
        assert verdict.state == "valid", (mutant.name, verdict.failed)
        need_as_issued(world, mutant, verdict)
