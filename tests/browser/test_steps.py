"""Statements that their issuer signed and that must fail all the same, each at its step, as on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from ledger.credentials.issuer_keys import read_issuer_document
from ledger.credentials.verify_statement import StatementEvidence, StatementTrust, verify_statement
from ledger.transparency.trust_policy import read_policy
from tests.browser.mistaken import NOW, Ground, Json
from tests.browser.mistakes import CASES
from tests.browser.reader import reader
from tests.browser.sample_log import StatementLog
from tests.browser.sample_statement import SampleIssuer
from tests.browser.verifier import failed_step, verdicts


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Iterator[Page]:
    with reader(browser, origin) as somebody:
        somebody.page.goto(f"{origin}/check")
        yield somebody.page


def test_each_fails_at_its_step_and_at_the_same_one_on_the_command_line(page: Page):
    ground = Ground(SampleIssuer(), StatementLog())
    evidences = [make(ground) for _, make in CASES.values()]
    keys = ground.log.vkeys
    found = verdicts(page, evidences, json.loads(ground.issuer.document()), keys, NOW)
    policy = read_policy(keys)
    trust = StatementTrust(read_issuer_document(ground.issuer.document()), {policy.origin: policy})
    by_python = [verify_statement(evidence, trust, NOW).failed for evidence in evidences]

    expected = {name: step for name, (step, _) in CASES.items()}
    assert {name: failed_step(verdict) for name, verdict in zip(CASES, found, strict=True)} == expected
    assert {name: step and step.name for name, step in zip(CASES, by_python, strict=True)} == expected


def test_keys_that_do_not_count_fail_the_signature(page: Page):
    ground = Ground(SampleIssuer(), StatementLog())
    evidence, document = ground.good(), json.loads(ground.issuer.document())
    [key] = document["jwks"]["keys"]
    other = json.loads(SampleIssuer().document())["jwks"]["keys"][0]
    unlogged = replace(evidence, event=None, tlog_proof=None)
    cases: dict[str, tuple[StatementEvidence, list[Json], str | None]] = {
        "as it is": (evidence, [key], None),
        "among others": (evidence, [other, key], None),
        "ended before": (evidence, [{**key, "valid_until": NOW - 2 * 86_400}], "signature"),
        "begins later": (evidence, [{**key, "valid_from": NOW}], "signature"),
        "twice": (evidence, [key, key], "signature"),
        "gone": (evidence, [other], "signature"),
        "another under its name": (evidence, [{**other, "kid": key["kid"]}], "signature"),
        "for another use": (evidence, [{**key, "use": "enc"}], "signature"),
        "no point of the curve": (evidence, [{**key, "x": "A" * 43}], "signature"),
        "revoked later": (evidence, [{**key, "revoked_at": NOW + 86_400}], "status"),
        "revoked before": (evidence, [{**key, "revoked_at": NOW - 86_400}], "signature"),
        "revoked, and the log is not shown": (unlogged, [{**key, "revoked_at": NOW + 86_400}], "signature"),
    }
    for name, (given, keys, step) in cases.items():
        issuer = {**document, "jwks": {"keys": keys}}
        [verdict] = verdicts(page, [given], issuer, ground.log.vkeys, NOW)
        assert failed_step(verdict) == step, (name, verdict["steps"])


def test_keys_of_the_log_that_do_not_count_are_no_keys(page: Page):
    ground = Ground(SampleIssuer(), StatementLog())
    evidence, document = ground.good(), json.loads(ground.issuer.document())
    [ed25519, ml_dsa] = ground.log.vkeys
    name, key_id, encoded = ed25519.split("+", 2)
    other = StatementLog("elsewhere.example/log/0").vkeys[0]
    cases = {
        "as they are": ([ed25519, ml_dsa], "holds"),
        "of other logs too": ([other, ed25519], "holds"),
        "of other logs alone": ([other], "not_shown"),
        "none": ([], "not_shown"),
        "another key id": ([f"{name}+{'0' * 8}+{encoded}"], "fails"),
        "another key of the name": ([ed25519, StatementLog(seed=2).vkeys[0]], "fails"),
        "cut off": ([f"{name}+{key_id}+{encoded[:8]}"], "fails"),
        "no key": (["a letter"], "fails"),
    }
    for given, (vkeys, outcome) in cases.items():
        [verdict] = verdicts(page, [evidence], document, vkeys, NOW)
        found = {step["name"]: step["outcome"] for step in verdict["steps"]}
        assert found["log"] == outcome, (given, verdict["steps"])
