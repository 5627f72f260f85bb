"""Programs of other authors read what this one issues, and it reads what they issue.

Python's `sd-jwt` is the reference code of RFC 9901's authors; `@sd-jwt/sd-jwt-vc` asks for the status, too.
"""

from __future__ import annotations

import importlib
import json

import pytest
from joserfc.jwk import ECKey

from ledger.credentials.issuer_keys import coordinates, thumbprint, write_issuer_document
from ledger.credentials.verify_statement import StatementEvidence, verify_statement
from tests.credentials.node_checks import ask_node
from tests.credentials.sample_jwts import Json, disclosures_of, jwt_of, parts_of, with_disclosures, with_jwt
from tests.credentials.sample_statements import NOW, World, claims_of, issuer_key, shown_of_v1, signing

# Untyped, all of them.
SDJWTIssuer = importlib.import_module("sd_jwt.issuer").SDJWTIssuer
SDJWTVerifier = importlib.import_module("sd_jwt.verifier").SDJWTVerifier
SDObj = importlib.import_module("sd_jwt.common").SDObj
JWK = importlib.import_module("jwcrypto.jwk").JWK

STATEMENTS = ("everything", "selection", "transcript", "bare")
UNREADABLE = ("_sd", "_sd_alg")


def public_jwk(world: World):
    x, y = coordinates(world.private.public_key())
    return JWK(kty="EC", crv="P-256", x=x, y=y)


def private_jwk(world: World):
    return JWK.from_pyca(world.private)


def plain(claims: Json) -> Json:
    return dict(json.loads(json.dumps(claims)))


@pytest.mark.parametrize("name", STATEMENTS)
def test_python_s_sd_jwt_reads_ours(world, name):
    statement = world.statements[name]
    read = SDJWTVerifier(statement.evidence.credential, lambda _issuer, _header: public_jwk(world))
    assert read.get_verified_payload() == plain({**statement.claims, **statement.shown})


def test_python_s_sd_jwt_reads_ours_with_less_of_it(world):
    statement = world.statements["everything"]
    text = with_disclosures(statement.evidence.credential, disclosures_of(statement.evidence.credential)[:1])
    payload = SDJWTVerifier(text, lambda _issuer, _header: public_jwk(world)).get_verified_payload()
    assert payload == plain({**statement.claims, "full_name": "شخص اصطناعي"})


def issued_by_python_s_sd_jwt(world: World, claims: Json, shown: Json) -> str:
    marked = {**claims, **{SDObj(name): value for name, value in shown.items()}}
    header = {"typ": "dc+sd-jwt", "kid": thumbprint(world.private.public_key())}
    return str(SDJWTIssuer(marked, private_jwk(world), extra_header_parameters=header).sd_jwt_issuance)


def test_ours_reads_what_python_s_sd_jwt_issues(world):
    claims, shown = claims_of(world, "volunteers/v1", "s7", 3), shown_of_v1()
    verdicts = [
        verify_statement(StatementEvidence(issued_by_python_s_sd_jwt(world, claims, shown)), world.trust, NOW)
        for _ in range(20)
    ]
    # It does not see to the lower s; every second of its signatures is one that we refuse.
    good = [verdict for verdict in verdicts if verdict.state == "valid"]
    assert 0 < len(good) < len(verdicts)
    for verdict in good:
        assert verdict.claims is not None
        assert verdict.disclosed is not None
        said = verdict.claims.model_dump(by_alias=True, exclude_none=True, mode="json")
        assert {name: said[name] for name in said if name not in UNREADABLE} == plain(claims)
        assert verdict.disclosed.model_dump(exclude_none=True, mode="json") == plain(shown)
    reasons = {verdict.failed.reason for verdict in verdicts if verdict.failed is not None}
    assert reasons == {"the signature must have the lower of its two possible s"}


def question(world: World, credential: str, status_list: str | None, now: int = NOW) -> dict[str, object]:
    keys = json.loads(write_issuer_document(world.keys))
    return {"credential": credential, "statusList": status_list, "keys": keys, "now": now}


def test_javascript_s_sd_jwt_vc_takes_what_is_valid(world, node_check):
    asked = [world.statements[name] for name in STATEMENTS]
    answers = ask_node(
        node_check, [question(world, one.evidence.credential, one.evidence.status_list) for one in asked]
    )
    for statement, answer in zip(asked, answers, strict=True):
        assert answer.good, answer.said
        assert answer.payload == plain({**statement.claims, **statement.shown})


@pytest.mark.parametrize("status", [1, 3])
def test_javascript_s_sd_jwt_vc_refuses_what_is_revoked_or_superseded(world, node_check, status):
    asked = [world.evidence(name, value=status) for name in STATEMENTS]
    answers = ask_node(node_check, [question(world, one.credential, one.status_list) for one in asked])
    assert {(answer.good, answer.said) for answer in answers} == {(False, "Status is not valid")}


def test_javascript_s_sd_jwt_vc_refuses_other_keys_changed_claims_and_old_lists(world, node_check):
    evidence = world.evidence("everything")
    header, claims, signature = parts_of(evidence.credential.split("~")[0])
    by_another = jwt_of(header, claims, signing(issuer_key(9)).sign)
    changed = jwt_of(header, {**claims, "verified_seconds": 1}, lambda _: signature)
    answers = ask_node(
        node_check,
        [
            question(world, with_jwt(evidence.credential, by_another), evidence.status_list),
            question(world, with_jwt(evidence.credential, changed), evidence.status_list),
            question(world, evidence.credential, world.status_list(NOW - 25 * 3_600)),
        ],
    )
    assert [answer.good for answer in answers] == [False, False, False]
    assert ["ignature" in answer.said for answer in answers[:2]] == [True, True], answers
    assert "Status List JWT" in answers[2].said


def test_the_name_of_a_key_is_what_joserfc_calls_it():
    for number in range(5):
        public = issuer_key(number).public_key()
        x, y = coordinates(public)
        assert thumbprint(public) == ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y}).thumbprint()
