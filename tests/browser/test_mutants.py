"""Changed statements before the browser's verifier: none is valid but with the content that was issued, or less of it.

The same mutants as the command line's tests have, and the same agreement on what holds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from ledger.credentials.issuer_keys import write_issuer_document
from ledger.credentials.verify_statement import StatementEvidence, StatementTrust, verify_statement
from ledger.transparency.trust_policy import read_policy
from tests.browser.reader import reader
from tests.browser.verifier import Verdict, failed_step, verdicts
from tests.credentials.mutants import Mutant, mutants
from tests.credentials.sample_statements import NOW, ORIGIN, World, sample_world

STEPS: Final = {"form", "signature", "disclosures", "log", "complete", "status"}
BATCH: Final = 200


def small_and_full(small: int, full: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("count", [small, pytest.param(full, marks=pytest.mark.proof)])


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Iterator[Page]:
    """A page in which the verifier is run; what it shows itself does not matter."""
    with reader(browser, origin) as somebody:
        somebody.page.goto(f"{origin}/check")
        yield somebody.page


def verdicts_in(page: Page, world: World, evidences: Sequence[StatementEvidence]) -> list[Verdict]:
    log_keys = [world.log.ed25519.key.line(), world.log.ml_dsa.key.line()]
    return verdicts(page, evidences, json.loads(write_issuer_document(world.keys)), log_keys, NOW)


def need_as_issued(world: World, mutant: Mutant, verdict: Verdict) -> None:
    """The same claims, and of what was shown nothing else."""
    issued = world.statements[mutant.of]
    said = {name: value for name, value in verdict["claims"].items() if not name.startswith("_sd")}
    assert said == json.loads(json.dumps(issued.claims))
    assert verdict["disclosed"].items() <= json.loads(json.dumps(issued.shown)).items()


def test_the_statements_that_mutants_are_made_of_hold(page):
    world = sample_world()
    found = verdicts_in(page, world, [one.evidence for one in world.statements.values()])
    assert {name: each["state"] for name, each in zip(world.statements, found, strict=True)} == dict.fromkeys(
        world.statements, "valid"
    )


@small_and_full(400, 10_000)
def test_no_mutant_is_accepted_with_other_content_than_was_issued(page, seed, count):
    world, states, failed_at = sample_world(), Counter[str](), Counter[str]()
    # No browser checks ML-DSA-44: to agree, the command line has the log's Ed25519 key alone.
    trust = StatementTrust(world.keys, {ORIGIN: read_policy([world.log.ed25519.key.line()])})
    left = mutants(seed, count, world)
    while some := list(islice(left, BATCH)):
        for mutant, verdict in zip(some, verdicts_in(page, world, [one.evidence for one in some]), strict=True):
            states[verdict["state"]] += 1
            failed_at[failed_step(verdict) or "none"] += 1
            if verdict["state"] == "valid":
                assert mutant.may_hold, (mutant.name, verdict)
                need_as_issued(world, mutant, verdict)
            by_python = verify_statement(mutant.evidence, trust, NOW)
            failed = by_python.failed.name if by_python.failed else None
            assert (_agreed(verdict["state"]), failed_step(verdict)) == (by_python.state, failed), (
                mutant.name,
                verdict,
            )
    assert sum(states.values()) == count
    assert 0 < states["valid"] < count / 4, states
    assert set(failed_at) >= STEPS, "a step that nothing ever failed at checks nothing"


def _agreed(state: str) -> str:
    """Whose the statement is, is no step of its own on the command line."""
    return "tampered" if state == "other_issuer" else state
