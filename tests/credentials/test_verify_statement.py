"""Checking a statement: six steps in order, each of which can fail, and the states that follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.credentials.issuer_keys import PublishedKeys
from ledger.credentials.sd_jwt import issue_credential
from ledger.credentials.statement_verdict import StatementVerdict
from ledger.credentials.verify_statement import STEPS, StatementEvidence, StatementTrust, verify_statement
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.trust_policy import read_policy
from tests.credentials.sample_jwts import disclosures_of, with_disclosures
from tests.credentials.sample_statements import (
    EXPIRES,
    HOUR,
    ISSUED_AT,
    ISSUED_AT_TEXT,
    ISSUER,
    KEY_BEGAN,
    NOW,
    ORIGIN,
    World,
    claims_of,
    issuer_key,
    organization_hours,
    published,
    sample_world,
    shown_of_v1,
    signing,
)

DAY = 86_400


def outcomes(verdict: StatementVerdict) -> dict[str, str]:
    assert [one.name for one in verdict.steps] == list(STEPS)
    return {one.name: one.outcome for one in verdict.steps}


def failing(verdict: StatementVerdict, step: str) -> str:
    """Why it fails at this step; nothing behind it is shown."""
    assert verdict.state == "tampered"
    assert verdict.failed is not None
    assert verdict.failed.name == step, verdict.failed
    behind = [one.outcome for one in verdict.steps[list(STEPS).index(verdict.failed.name) + 1 :]]
    assert set(behind) <= {"not_shown"}
    return verdict.failed.reason


# What is valid


def test_a_statement_of_everything_holds_in_all_steps(world):
    verdict = verify_statement(world.evidence("everything"), world.trust, NOW)
    assert verdict.state == "valid"
    assert set(outcomes(verdict).values()) == {"holds"}
    assert verdict.status_age_seconds == 60
    assert verdict.claims is not None
    assert verdict.claims.verified_seconds == 6 * HOUR
    assert verdict.disclosed is not None
    assert verdict.disclosed.full_name == "شخص اصطناعي"


def test_a_selection_holds_and_its_completeness_is_not_shown(world):
    verdict = verify_statement(world.evidence("selection"), world.trust, NOW)
    assert verdict.state == "valid"
    assert outcomes(verdict) == dict.fromkeys(STEPS, "holds") | {"complete": "not_shown"}


@pytest.mark.parametrize("shown", [0, 1, 2, 3])
def test_less_may_be_shown_and_never_more(world, shown):
    evidence = world.evidence("everything")
    some = with_disclosures(evidence.credential, disclosures_of(evidence.credential)[:shown])
    verdict = verify_statement(replace(evidence, credential=some), world.trust, NOW)
    assert verdict.state == "valid"
    assert verdict.disclosed is not None
    assert len(verdict.disclosed.names()) == shown


def test_offline_with_the_issuer_s_keys_alone(world):
    """The bare text: its word is checked, what became of it since is not known, and that is said."""
    bare = StatementEvidence(world.evidence("everything").credential)
    verdict = verify_statement(bare, StatementTrust(world.keys), NOW)
    assert verdict.state == "valid"
    assert outcomes(verdict) == dict.fromkeys(("form", "signature", "disclosures"), "holds") | dict.fromkeys(
        ("log", "complete", "status"), "not_shown"
    )
    assert verdict.status_age_seconds is None


def test_without_the_key_of_its_log_the_log_is_not_shown(world):
    verdict = verify_statement(world.evidence("everything"), replace(world.trust, logs={}), NOW)
    assert outcomes(verdict) == dict.fromkeys(STEPS, "holds") | {"log": "not_shown", "complete": "not_shown"}


# Each step can fail


def test_form(world):
    evidence = world.evidence("everything")
    assert "must end with ~" in failing(verify_statement(replace(evidence, credential="x"), world.trust, NOW), "form")


def test_nothing_is_told_of_what_has_no_good_signature(world):
    other = StatementTrust(PublishedKeys(ISSUER, (published(issuer_key(4), KEY_BEGAN),)), world.trust.logs)
    verdict = verify_statement(world.evidence("everything"), other, NOW)
    assert "has no key" in failing(verdict, "signature")
    assert (verdict.claims, verdict.disclosed, verdict.digest) == (None, None, None)


def test_another_issuer_is_not_this_one_even_with_the_same_key(world):
    other = StatementTrust(PublishedKeys("https://evil.example", world.keys.keys), world.trust.logs)
    assert "issued by" in failing(verify_statement(world.evidence("everything"), other, NOW), "signature")


@pytest.mark.parametrize("name", ["organizations", "roles", "sectors"])
def test_lists_that_do_not_add_up(name):
    shown = shown_of_v1()
    changed = {"organizations": [organization_hours("green", 5 * HOUR)], "roles": [], "sectors": []}
    world = World()
    world.issue("wrong", claims_of(world, "volunteers/v1", "s1", 1), {**shown, name: changed[name]})
    world.finish()
    verdict = verify_statement(world.evidence("wrong"), world.trust, NOW)
    assert f"{name} must add up to 21600 s" in failing(verdict, "disclosures")


@pytest.mark.parametrize("name", ["years", "entries"])
def test_lists_of_a_transcript_that_do_not_add_up(name):
    world = World()
    shown = {"years": [{"year": 2026, "verified_seconds": 1}], "entries": []}[name]
    world.issue("wrong", claims_of(world, "volunteers/v1", "s1", 1, kind="transcript"), {name: shown})
    world.finish()
    verdict = verify_statement(world.evidence("wrong"), world.trust, NOW)
    assert f"{name} must add up" in failing(verdict, "disclosures")


def test_the_event_of_another_statement(world):
    other = world.evidence("selection")
    evidence = replace(world.evidence("everything"), event=other.event, tlog_proof=other.tlog_proof)
    reason = failing(verify_statement(evidence, world.trust, NOW), "log")
    assert "credential_digest" in reason
    assert "status_index" in reason


def test_an_event_of_another_log_of_the_same_name(world):
    other = sample_world(seed=2)
    policy = read_policy([other.log.ed25519.key.line()])
    trust = replace(world.trust, logs={ORIGIN: policy})
    assert "Ed25519" in failing(verify_statement(world.evidence("everything"), trust, NOW), "log")


def test_an_event_before_what_it_speaks_of():
    """The log signed it, at a position that the size it names covers."""
    world = World()
    claims = claims_of(world, "volunteers/v1", "s1", 1)
    as_of = {"origin": ORIGIN, "partition": 0, "size": world.size + 1, "recorded_through": ISSUED_AT_TEXT}
    claims["as_of"] = {**as_of, "root": base64_text(world.root)}
    world.issue("early", claims, {})
    world.finish()
    reason = failing(verify_statement(world.evidence("early"), world.trust, NOW), "log")
    assert "must be behind the size 12" in reason


def test_an_event_that_says_another_position_than_it_has():
    world = World()
    world.issue("moved", claims_of(world, "volunteers/v1", "s1", 1), {})
    world.events[-1] = world.events[-1].replace(b'"position":12,', b'"position":13,')
    world.finish()
    reason = failing(verify_statement(world.evidence("moved"), world.trust, NOW), "log")
    assert "the event says 13, and its place in the log is 12" in reason


def test_an_event_that_knows_nothing_of_what_is_disclosed():
    world = World()
    world.issue("hidden", claims_of(world, "volunteers/v1", "s1", 1), shown_of_v1())
    world.events[-1] = world.events[-1].replace(b'"name","organizations",', b'"organizations",')
    world.finish()
    reason = failing(verify_statement(world.evidence("hidden"), world.trust, NOW), "log")
    assert "it knows nothing of full_name" in reason


def test_the_balance_of_somebody_else(world):
    evidence = replace(world.evidence("everything"), balance_proof=world.balance_proof("volunteers/v2"))
    assert "it is of volunteers/v2" in failing(verify_statement(evidence, world.trust, NOW), "complete")


def test_a_statement_of_less_than_the_log_knows():
    world = World()
    world.issue("less", claims_of(world, "volunteers/v1", "s1", 1, verified_seconds=HOUR), {})
    world.finish()
    verdict = verify_statement(world.evidence("less"), world.trust, NOW)
    assert "it says 21600 verified seconds" in failing(verdict, "complete")


# Status


@pytest.mark.parametrize(("value", "state"), [(1, "revoked"), (3, "superseded"), (2, "tampered")])
def test_the_list_says_what_became_of_it(world, value, state):
    verdict = verify_statement(world.evidence("everything", value=value), world.trust, NOW)
    assert verdict.state == state
    assert outcomes(verdict) == dict.fromkeys(STEPS, "holds") | {"status": "fails"}


def test_a_list_is_used_for_a_day_and_no_longer(world):
    for age_seconds, state in ((DAY - 1, "valid"), (DAY, "tampered"), (-301, "tampered"), (-300, "valid")):
        evidence = replace(world.evidence("everything"), status_list=world.status_list(NOW - age_seconds))
        verdict = verify_statement(evidence, world.trust, NOW)
        assert verdict.state == state, age_seconds
        assert verdict.status_age_seconds == max(age_seconds, 0)


def test_online_a_list_is_used_for_ten_minutes(world):
    trust = replace(world.trust, status_age_seconds_max=600)
    for age_seconds, state in ((600, "valid"), (601, "tampered")):
        evidence = replace(world.evidence("everything"), status_list=world.status_list(NOW - age_seconds))
        verdict = verify_statement(evidence, trust, NOW)
        assert verdict.state == state
    assert "601 s old, and at most 600 s" in failing(verdict, "status")


def test_revoked_is_for_good_so_an_old_list_will_do(world):
    for value, state in ((1, "revoked"), (3, "tampered")):
        old = world.status_list(NOW - 20 * DAY, {70_001: value})
        verdict = verify_statement(replace(world.evidence("everything"), status_list=old), world.trust, NOW)
        assert verdict.state == state


def test_another_list_of_the_issuer(world):
    other = world.status_list(NOW, uri=f"{ISSUER}/statements/status/0-2")
    evidence = replace(world.evidence("everything"), status_list=other)
    assert "it must be" in failing(verify_statement(evidence, world.trust, NOW), "status")


def test_what_failed_before_is_not_mended_by_a_status(world):
    evidence = replace(world.evidence("everything", value=3), balance_proof=world.balance_proof("volunteers/v2"))
    failing(verify_statement(evidence, world.trust, NOW), "complete")


def test_after_its_end_it_is_expired(world):
    for now, state in ((EXPIRES - 1, "valid"), (EXPIRES, "expired"), (EXPIRES + DAY, "expired")):
        evidence = replace(world.evidence("selection"), status_list=world.status_list(now - 60))
        assert verify_statement(evidence, world.trust, now).state == state


def test_revoked_is_told_before_expired_and_expired_before_superseded(world):
    for value, state in ((1, "revoked"), (3, "expired")):
        evidence = replace(world.evidence("selection"), status_list=world.status_list(EXPIRES - 60, {5: value}))
        assert verify_statement(evidence, world.trust, EXPIRES).state == state


# The issuer's keys


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "state"),
    [
        (ISSUED_AT, None, "valid"),
        (ISSUED_AT + 1, None, "tampered"),
        (KEY_BEGAN, ISSUED_AT + 1, "valid"),
        (KEY_BEGAN, ISSUED_AT, "tampered"),
    ],
)
def test_what_an_ended_key_signed_while_it_was_valid_holds_for_ever(world, valid_from, valid_until, state):
    keys = PublishedKeys(ISSUER, (published(world.private, valid_from, valid_until),))
    evidence = replace(world.evidence("everything"), status_list=None)
    for now in (NOW, NOW + 3_650 * DAY):
        assert verify_statement(evidence, replace(world.trust, issuer_keys=keys), now).state == state


def with_revoked_key(world: World, revoked_at: int) -> StatementTrust:
    """A new key signs lists of status; the one that signed the statements was revoked."""
    keys = PublishedKeys(
        ISSUER, (published(world.private, KEY_BEGAN, None, revoked_at), published(issuer_key(8), KEY_BEGAN))
    )
    return replace(world.trust, issuer_keys=keys)


def test_what_stood_in_the_log_before_its_key_was_revoked_holds(world):
    evidence = replace(world.evidence("everything"), status_list=None)
    verdict = verify_statement(evidence, with_revoked_key(world, ISSUED_AT + 1), NOW)
    assert verdict.state == "valid"
    assert "revoked after" in verdict.steps[1].reason


@pytest.mark.parametrize("revoked_at", [ISSUED_AT, ISSUED_AT - 1, KEY_BEGAN])
def test_what_was_recorded_after_its_key_was_revoked_does_not_hold(world, revoked_at):
    evidence = replace(world.evidence("everything"), status_list=None)
    verdict = verify_statement(evidence, with_revoked_key(world, revoked_at), NOW)
    assert "was revoked before" in failing(verdict, "signature")


@pytest.mark.parametrize("missing", ["event", "tlog_proof", "log key"])
def test_without_the_log_s_proof_nothing_under_a_revoked_key_holds(world, missing):
    evidence = replace(world.evidence("everything"), status_list=None)
    trust = with_revoked_key(world, ISSUED_AT + 1)
    if missing == "event":
        evidence = replace(evidence, event=None)
    elif missing == "tlog_proof":
        evidence = replace(evidence, tlog_proof=None)
    else:
        trust = replace(trust, logs={})
    assert "is not shown" in failing(verify_statement(evidence, trust, NOW), "signature")


def test_whoever_has_a_revoked_key_cannot_date_a_statement_back(world):
    """Same words and an early iat, signed by the thief; the log has the event of the honest one."""
    key = signing(world.private)
    claims = {**claims_of(world, "volunteers/v1", "s1", 70_001), "iat": ISSUED_AT - DAY, "initials": "X Y"}
    forged = issue_credential(claims, {}, key.kid, key.sign)
    evidence = replace(world.evidence("everything"), credential=forged, status_list=None)
    reason = failing(verify_statement(evidence, with_revoked_key(world, ISSUED_AT + 1), NOW), "signature")
    assert "credential_digest" in reason


def test_a_statement_of_before_a_rotation_has_its_status_under_the_new_key(world):
    old, new = published(world.private, KEY_BEGAN, ISSUED_AT + 1), published(issuer_key(8), ISSUED_AT)
    world_of_new = World(seed=8)
    evidence = replace(world.evidence("everything"), status_list=world_of_new.status_list(NOW - 60))
    trust = replace(world.trust, issuer_keys=PublishedKeys(ISSUER, (old, new)))
    verdict = verify_statement(evidence, trust, NOW)
    assert verdict.state == "valid"
    assert verdict.status_age_seconds == 60
