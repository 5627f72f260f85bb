"""Which access tokens are believed, for how long, with which certificate, under which settings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.access.caller import Role
from ledger.access.token_key_sources import KeyFile
from ledger.access.token_text import TokenFault, TokenRefused
from ledger.access.tokens import TokenVerifier, token_verifier
from ledger.settings import Settings, WrongSetting
from tests.access.believing import (
    EDWARDS,
    HOUR,
    ISSUED,
    LEEWAY,
    NOW,
    RSA,
    Clock,
    base64url,
    fault_of,
    key_set,
    verifier_of,
)
from tests.system.token_issuer import ABSENT, AUDIENCE, ISSUER, Issuer


@pytest.mark.parametrize("issuer", [ISSUED, RSA, EDWARDS], ids=lambda issuer: issuer.algorithm)
def test_a_good_token_says_who_calls(verifier: TokenVerifier, issuer: Issuer):
    token = issuer.token("staff/amal", "ministry", ["auditor"], jti="t-1", exp=NOW + HOUR, iat=NOW)
    claims = verifier.verify(token)
    assert (claims.client, claims.actor, claims.token_id) == ("ministry", "staff/amal", "t-1")
    assert claims.roles == {Role.AUDITOR}
    assert claims.expires_at == NOW + HOUR + LEEWAY
    assert claims.certificate_sha256 is None
    assert verifier.verify(token) is claims


@pytest.mark.parametrize(
    "change",
    [
        {"aud": ["another-service", AUDIENCE]},
        {"exp": NOW + 24 * HOUR, "iat": NOW},
        {"iat": NOW + LEEWAY, "exp": NOW + HOUR},
        {"nbf": NOW + LEEWAY},
        {"exp": NOW - LEEWAY + 1, "iat": NOW - HOUR},
        {"exp": NOW + 0.5},
        {"sub": "volunteers/3f2a"},
        {"roles": []},
        {"email": "not ours to read", "nested": {"a": [1]}},
    ],
    ids=lambda change: " ".join(change),
)
def test_what_else_is_good(verifier: TokenVerifier, change: dict[str, Any]):
    assert verifier.verify(ISSUED.token(**{"iat": NOW, **change})).client == "tests"


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_type_of_an_access_token(verifier: TokenVerifier, kind: str):
    assert verifier.verify(ISSUED.token(header={"typ": kind}))


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_eddsa_and_ed25519_are_one_algorithm_under_two_names(verifier: TokenVerifier):
    assert verifier.verify(EDWARDS.token(header={"alg": "EdDSA"}))
    assert verifier.verify(EDWARDS.token(header={"alg": "Ed25519"}))


def test_roles_of_organisations_and_unknown_ones_are_ignored(verifier: TokenVerifier):
    every = [role.value for role in Role]
    assert verifier.verify(ISSUED.token(roles=[*every, "root", "Administrator"])).roles == {
        Role.ADMINISTRATOR,
        Role.AUDITOR,
        Role.GOVERNMENT_READER,
        Role.EMPLOYER,
    }


def test_a_single_key_need_not_be_named(tmp_path: Path, clock: Clock):
    single = verifier_of(tmp_path, clock, ISSUED.public_key(kid="only"))
    assert single.verify(ISSUED.token(header={"kid": ABSENT}))


def test_a_token_bound_to_a_certificate_is_worth_nothing_with_another(verifier: TokenVerifier):
    sha256 = hashlib.sha256(b"certificate").digest()
    bound = verifier.verify(ISSUED.token(cnf={"x5t#S256": base64url(sha256)}))
    assert bound.certificate_sha256 == sha256.hex()
    bound.need_certificate(sha256.hex())
    for shown in (None, "", hashlib.sha256(b"another").hexdigest(), sha256.hex().upper()):
        with pytest.raises(TokenRefused) as raised:
            bound.need_certificate(shown)
        assert raised.value.fault is TokenFault.OTHER_CERTIFICATE
    verifier.verify(ISSUED.token()).need_certificate(None)


def test_a_remembered_token_expires_on_time(verifier: TokenVerifier, clock: Clock):
    token = ISSUED.token(iat=NOW, exp=NOW + HOUR)
    verifier.verify(token)
    clock.now = NOW + HOUR + LEEWAY - 1
    verifier.verify(token)
    clock.now = NOW + HOUR + LEEWAY
    assert fault_of(verifier, token) is TokenFault.EXPIRED


def test_a_key_that_is_taken_away_ends_remembered_tokens(tmp_path: Path, clock: Clock):
    verifier = verifier_of(tmp_path, clock, ISSUED.public_key(), RSA.public_key())
    of_one, of_other = ISSUED.token(), RSA.token()
    verifier.verify(of_one)
    verifier.verify(of_other)
    key_set(tmp_path, RSA.public_key())
    assert fault_of(verifier, of_one) is TokenFault.UNKNOWN_KEY
    verifier.verify(of_other)


def test_what_is_remembered_is_bounded(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ledger.access.tokens.REMEMBERED_MAX", 3)
    tokens = [ISSUED.token() for _ in range(5)]
    first = [verifier.verify(token) for token in tokens]
    again = [verifier.verify(token) for token in reversed(tokens)]
    assert [one is other for one, other in zip(reversed(first), again, strict=True)] == [True, True, True, False, False]


def test_settings_of_tokens_come_together(tmp_path: Path):
    file = str(key_set(tmp_path, ISSUED.public_key()))
    whole = {"token_issuer": ISSUER, "token_audience": AUDIENCE, "token_jwks": file}
    assert token_verifier(Settings()) is None
    verifier = token_verifier(Settings.model_validate(whole))
    assert verifier is not None
    assert verifier.verify(ISSUED.token())
    for missing in whole:
        with pytest.raises(WrongSetting, match="set all of LEDGER_TOKEN_ISSUER"):
            token_verifier(Settings.model_validate({**whole, missing: ""}))


@pytest.mark.parametrize("algorithms", ["", ",", "none", "HS256", "ES256,HS256", "es256", "ES256;PS256"])
def test_algorithms_that_can_never_be_allowed(tmp_path: Path, algorithms: str):
    file = str(key_set(tmp_path, ISSUED.public_key()))
    settings = Settings(token_issuer=ISSUER, token_audience=AUDIENCE, token_jwks=file, token_algorithms=algorithms)
    with pytest.raises(WrongSetting, match="LEDGER_TOKEN_ALGORITHMS must be some of"):
        token_verifier(settings)


def test_a_key_set_without_a_usable_key_is_refused_at_the_start(tmp_path: Path):
    for text in (
        '{"keys": []}',
        json.dumps({"keys": [ISSUED.key.as_dict(private=True)]}),
        "[]",
        "",
        "{",
        '{"keys": {}}',
        "x" * 300_000,
    ):
        file = tmp_path / "keys.jwks"
        file.write_text(text)
        with pytest.raises(WrongSetting, match="LEDGER_TOKEN_JWKS"):
            KeyFile(file)
    with pytest.raises(WrongSetting, match="LEDGER_TOKEN_JWKS"):
        KeyFile(tmp_path / "absent")
