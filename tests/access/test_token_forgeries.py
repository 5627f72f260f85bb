"""Tokens whose header, algorithm, key or signature is not what it should be (RFC 8725 sections 2 and 3)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwe

from ledger.access.token_text import TokenFault, TokenRefused
from ledger.access.tokens import TokenVerifier
from tests.access.believing import (
    EDWARDS,
    HOUR,
    ISSUED,
    NOW,
    RSA,
    base64url,
    bytes_of,
    fault_of,
    resigned,
    text_of,
)
from tests.system.token_issuer import ABSENT, Issuer

# Headers

BAD_HEADERS: dict[str, tuple[dict[str, Any], TokenFault]] = {
    "no type": ({"typ": ABSENT}, TokenFault.TYPE),
    "any JWT": ({"typ": "JWT"}, TokenFault.TYPE),
    "an ID token's type": ({"typ": "id+jwt"}, TokenFault.TYPE),
    "a logout token's type": ({"typ": "logout+jwt"}, TokenFault.TYPE),
    "a part of the type": ({"typ": "at+jwt; x=1"}, TokenFault.TYPE),
    "its own key": ({"jwk": ISSUED.public_key()}, TokenFault.HEADER),
    "where its key is": ({"jku": "https://identity.test/keys"}, TokenFault.HEADER),
    "where its certificate is": ({"x5u": "https://identity.test/certificate"}, TokenFault.HEADER),
    "its own certificate": ({"x5c": ["MIIB"]}, TokenFault.HEADER),
    "compressed": ({"zip": "DEF"}, TokenFault.HEADER),
    "no key named among several": ({"kid": ABSENT}, TokenFault.NO_KEY_NAMED),
    "an unknown key": ({"kid": "key-2"}, TokenFault.UNKNOWN_KEY),
    "no name of a key": ({"kid": ""}, TokenFault.UNKNOWN_KEY),
    "a key in a file": ({"kid": "../../../../dev/null"}, TokenFault.UNKNOWN_KEY),
    "a key in a query": ({"kid": "key-1' or '1'='1"}, TokenFault.UNKNOWN_KEY),
    "a key behind a zero byte": ({"kid": "key-1\x00"}, TokenFault.UNKNOWN_KEY),
    "a key of another kind": ({"kid": "key-rsa"}, TokenFault.UNKNOWN_KEY),
}


@pytest.mark.parametrize(("change", "fault"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_bad_headers(verifier: TokenVerifier, change: dict[str, Any], fault: TokenFault):
    assert fault_of(verifier, ISSUED.token(header=change)) is fault


@pytest.mark.parametrize("kid", [1, None, True, ["key-1"], {"kid": "key-1"}], ids=str)
def test_the_name_of_a_key_is_a_text(verifier: TokenVerifier, kid: object):
    token = resigned({"typ": "at+jwt", "alg": "ES256", "kid": kid})
    expected = TokenFault.NO_KEY_NAMED if kid is None else TokenFault.HEADER
    assert fault_of(verifier, token) is expected


def test_an_extension_that_must_be_understood(verifier: TokenVerifier):
    header = {"typ": "at+jwt", "alg": "ES256", "kid": "key-1", "crit": ["exp"], "exp": NOW + HOUR}
    assert fault_of(verifier, resigned(header)) is TokenFault.HEADER


def test_a_payload_that_is_not_encoded(verifier: TokenVerifier):
    """RFC 7797: `b64` false, with and without the `crit` that it needs."""
    for extension in ({"b64": False, "crit": ["b64"]}, {"b64": False}, {"b64": True}):
        header = {"typ": "at+jwt", "alg": "ES256", "kid": "key-1", **extension}
        assert fault_of(verifier, resigned(header)) is TokenFault.HEADER


def test_headers_with_a_member_twice(verifier: TokenVerifier):
    for text in (
        '{"typ":"at+jwt","alg":"none","kid":"key-1","alg":"ES256"}',
        '{"typ":"at+jwt","alg":"ES256","kid":"key-2","kid":"key-1"}',
    ):
        assert fault_of(verifier, resigned(text)) is TokenFault.MALFORMED


def test_what_signs_again_signs_well(verifier: TokenVerifier):
    assert verifier.verify(resigned({"typ": "at+jwt", "alg": "ES256", "kid": "key-1"}))


# Algorithms


@pytest.mark.parametrize(
    "name", ["none", "None", "NONE", "nOnE", "none ", "", "null", "HS256", "ES256K", "es256", "RSA1_5", "dir"]
)
@pytest.mark.parametrize("signed", [True, False])
def test_other_algorithms_than_the_settings_name(verifier: TokenVerifier, name: str, signed: bool):
    _, payload, signature = ISSUED.token().split(".")
    header = text_of({"typ": "at+jwt", "alg": name, "kid": "key-1"})
    token = f"{header}.{payload}.{signature if signed else ''}"
    assert fault_of(verifier, token) is (TokenFault.ALGORITHM if signed else TokenFault.MALFORMED)


@pytest.mark.parametrize("name", [None, 1, True, ["ES256"], {"alg": "ES256"}], ids=str)
def test_an_algorithm_is_named_by_a_text(verifier: TokenVerifier, name: object):
    assert fault_of(verifier, resigned({"typ": "at+jwt", "alg": name, "kid": "key-1"})) is TokenFault.ALGORITHM


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("issuer", [ISSUED, RSA, EDWARDS], ids=lambda issuer: issuer.algorithm)
def test_a_public_key_is_no_secret(verifier: TokenVerifier, issuer: Issuer, algorithm: str):
    """CVE-2015-9235 and its many children: the public key as the secret of an HMAC, in each of its forms."""
    public = (
        issuer.key.as_pem(private=False),
        issuer.key.as_der(private=False),
        json.dumps(issuer.public_key()).encode(),
    )
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[algorithm]
    for secret in public:
        for name in (algorithm, issuer.algorithm):
            signed = f"{text_of({'typ': 'at+jwt', 'alg': name, 'kid': issuer.key_id})}.{issuer.token().split('.')[1]}"
            token = f"{signed}.{base64url(hmac.digest(secret, signed.encode(), digest))}"
            expected = TokenFault.ALGORITHM if name == algorithm else TokenFault.SIGNATURE
            assert fault_of(verifier, token) is expected


@pytest.mark.parametrize("algorithm", ["ES384", "ES512", "PS384", "RS512"])
def test_good_algorithms_that_the_settings_leave_out(verifier: TokenVerifier, algorithm: str):
    header = text_of({"typ": "at+jwt", "alg": algorithm, "kid": "key-1"})
    _, payload, signature = ISSUED.token().split(".")
    assert fault_of(verifier, f"{header}.{payload}.{signature}") is TokenFault.ALGORITHM


def test_one_kind_of_key_is_not_taken_for_another(verifier: TokenVerifier):
    for name, issuer in (
        ("ES256", RSA),
        ("ES256", EDWARDS),
        ("Ed25519", ISSUED),
        ("RS256", ISSUED),
        ("PS256", EDWARDS),
    ):
        _, payload, signature = issuer.token().split(".")
        header = text_of({"typ": "at+jwt", "alg": name, "kid": issuer.key_id})
        assert fault_of(verifier, f"{header}.{payload}.{signature}") is TokenFault.UNKNOWN_KEY


def test_a_signature_of_one_padding_is_none_of_another(verifier: TokenVerifier):
    _, payload, signature = RSA.token().split(".")
    other = text_of({"typ": "at+jwt", "alg": "RS256", "kid": "key-rsa"})
    assert fault_of(verifier, f"{other}.{payload}.{signature}") is TokenFault.SIGNATURE


# Signatures


def test_a_swapped_key(verifier: TokenVerifier):
    """Another key of the same kind that says it is the known one."""
    for issuer in (ISSUED, RSA, EDWARDS):
        mallory = Issuer(issuer.algorithm, issuer.key_id, clock=lambda: NOW)
        assert fault_of(verifier, mallory.token()) is TokenFault.SIGNATURE


def test_a_changed_header_or_claim(verifier: TokenVerifier):
    header, payload, signature = ISSUED.token().split(".")
    claims = {**json.loads(bytes_of(payload)), "sub": "staff/root"}
    assert fault_of(verifier, f"{header}.{text_of(claims)}.{signature}") is TokenFault.SIGNATURE
    changed = {**json.loads(bytes_of(header)), "cty": "x"}
    assert fault_of(verifier, f"{text_of(changed)}.{payload}.{signature}") is TokenFault.SIGNATURE


def test_the_signature_of_another_token(verifier: TokenVerifier):
    first, second = ISSUED.token(), ISSUED.token("staff/root")
    spliced = ".".join([*first.split(".")[:2], second.split(".")[2]])
    assert fault_of(verifier, spliced) is TokenFault.SIGNATURE


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""


@pytest.mark.parametrize(
    "forged",
    [
        lambda r, s: (0, 0),
        lambda r, s: (0, s),
        lambda r, s: (r, 0),
        lambda r, s: (s, r),
        lambda r, s: (ORDER, ORDER),
        lambda r, s: (r, ORDER),
        lambda r, s: (1, 1),
        lambda r, s: (r ^ 1, s),
        lambda r, s: (r, s ^ 1),
        lambda r, s: (2**256 - 1, s),
    ],
)
def test_forged_numbers_of_a_signature(verifier: TokenVerifier, forged: Callable[[int, int], tuple[int, int]]):
    """CVE-2022-21449 believed zero; none is believed here."""
    head, _, signature = ISSUED.token().rpartition(".")
    raw = bytes_of(signature)
    numbers = forged(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    token = f"{head}.{base64url(b''.join(number.to_bytes(32) for number in numbers))}"
    assert fault_of(verifier, token) is TokenFault.SIGNATURE


@pytest.mark.parametrize("length", [1, 32, 63, 65, 96, 128])
def test_signatures_of_other_lengths(verifier: TokenVerifier, length: int):
    head, _, signature = ISSUED.token().rpartition(".")
    raw = (bytes_of(signature) * 2)[:length]
    assert fault_of(verifier, f"{head}.{base64url(raw)}") is TokenFault.SIGNATURE


def test_a_signature_in_der(verifier: TokenVerifier):
    """As X.509 writes it; JWS does not (RFC 7518 section 3.4)."""
    head, _, signature = ISSUED.token().rpartition(".")
    raw = bytes_of(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    assert fault_of(verifier, f"{head}.{base64url(der)}") is TokenFault.SIGNATURE


# Texts


def texts() -> dict[str, str]:
    good = ISSUED.token()
    header, payload, signature = good.split(".")
    return {
        "nothing": "",
        "dots": "..",
        "one part": header,
        "two parts": f"{header}.{payload}",
        "no signature": f"{header}.{payload}.",
        "no payload": f"{header}..{signature}",
        "no header": f".{payload}.{signature}",
        "four parts": f"{good}.{signature}",
        "five parts, as if encrypted": f"{good}.{payload}.{signature}",
        "two tokens": f"{good}.{good}",
        "a dot behind": good + ".",
        "a space before": " " + good,
        "a line behind": good + "\n",
        "a zero byte behind": good + "\x00",
        "padded": ".".join(part + "=" * (-len(part) % 4 or 4) for part in good.split(".")),
        "in plain base64": f"{header}.{payload}.{'+' + signature[1:]}",
        "another last letter": f"{header[:-1]}{'-' if header[-1] != '-' else '_'}.{payload}.{signature}",
        "in other letters": good.replace("e", "е"),
        "a surrogate": good + "\ud800",
        "JSON serialization": json.dumps({"protected": header, "payload": payload, "signature": signature}),
        "with its scheme": f"Bearer {good}",
    }


@pytest.mark.parametrize("name", texts())
def test_texts_that_are_no_token(verifier: TokenVerifier, name: str):
    assert fault_of(verifier, texts()[name]) in {TokenFault.MALFORMED, TokenFault.SIGNATURE}


def test_an_encrypted_token(verifier: TokenVerifier):
    header = {"typ": "at+jwt", "alg": "RSA-OAEP", "enc": "A128GCM", "kid": "key-rsa"}
    token = jwe.encrypt_compact(header, ISSUED.token(), RSA.key)
    assert fault_of(verifier, token) is TokenFault.MALFORMED


def test_a_token_within_a_token(verifier: TokenVerifier):
    assert fault_of(verifier, ISSUED.signed(ISSUED.token(), header={"cty": "JWT"})) is TokenFault.MALFORMED


def test_a_long_token(verifier: TokenVerifier):
    assert verifier.verify(ISSUED.token(padding="x" * 5_000))
    assert fault_of(verifier, ISSUED.token(padding="x" * 8_192)) is TokenFault.TOO_LONG


def test_every_letter_of_a_token_matters(verifier: TokenVerifier):
    """Each character replaced by another of the alphabet: no such token is believed."""
    good = ISSUED.token()
    verifier.verify(good)
    believed = []
    for at, letter in enumerate(good):
        for other in {"A", "B", "_", "."} - {letter}:
            changed = good[:at] + other + good[at + 1 :]
            try:
                verifier.verify(changed)
            except TokenRefused:
                continue
            believed.append(changed)
    assert believed == []
