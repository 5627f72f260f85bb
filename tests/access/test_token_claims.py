"""Tokens under a good signature that say what is not believed (RFC 9068 section 4, RFC 8725)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.access.token_text import TokenFault
from ledger.access.tokens import TokenVerifier
from tests.access.believing import (
    HOUR,
    ISSUED,
    LEEWAY,
    NOW,
    base64url,
    fault_of,
    saying,
)
from tests.system.token_issuer import ABSENT, AUDIENCE, ISSUER

BAD_CLAIMS: dict[str, tuple[dict[str, Any], TokenFault]] = {
    "another issuer": ({"iss": "https://identity.example"}, TokenFault.ISSUER),
    "another issuer by a slash": ({"iss": ISSUER + "/"}, TokenFault.ISSUER),
    "issuer in upper case": ({"iss": ISSUER.upper()}, TokenFault.ISSUER),
    "issuer as a list": ({"iss": [ISSUER]}, TokenFault.ISSUER),
    "no issuer": ({"iss": ABSENT}, TokenFault.ISSUER),
    "another audience": ({"aud": "another-service"}, TokenFault.AUDIENCE),
    "other audiences": ({"aud": ["another-service", AUDIENCE + "-2"]}, TokenFault.AUDIENCE),
    "part of the audience": ({"aud": AUDIENCE[:-1]}, TokenFault.AUDIENCE),
    "no audience in the list": ({"aud": []}, TokenFault.AUDIENCE),
    "no audience": ({"aud": ABSENT}, TokenFault.CLAIM),
    "audience as an object": ({"aud": {AUDIENCE: True}}, TokenFault.CLAIM),
    "audience among numbers": ({"aud": [1, AUDIENCE]}, TokenFault.CLAIM),
    "expired": ({"iat": NOW - HOUR, "exp": NOW - LEEWAY}, TokenFault.EXPIRED),
    "expired long ago": ({"iat": 1, "exp": 2}, TokenFault.EXPIRED),
    "no expiry": ({"exp": ABSENT}, TokenFault.CLAIM),
    "expiry as text": ({"exp": str(NOW + HOUR)}, TokenFault.CLAIM),
    "expiry null": ({"exp": None}, TokenFault.CLAIM),
    "expiry true": ({"exp": True}, TokenFault.CLAIM),
    "expiry negative": ({"exp": -1}, TokenFault.CLAIM),
    "expiry huge": ({"exp": 10**400}, TokenFault.CLAIM),
    "expiry in milliseconds": ({"exp": (NOW + HOUR) * 1000}, TokenFault.CLAIM),
    "expiry in a list": ({"exp": [NOW + HOUR]}, TokenFault.CLAIM),
    "expires before it begins": ({"iat": NOW, "exp": NOW}, TokenFault.CLAIM),
    "lives longer than a day": ({"iat": NOW, "exp": NOW + 24 * HOUR + 1}, TokenFault.LIFE_TOO_LONG),
    "lives for years": ({"iat": NOW, "exp": NOW + 10**8}, TokenFault.LIFE_TOO_LONG),
    "issued in the future": ({"iat": NOW + LEEWAY + 1, "exp": NOW + HOUR}, TokenFault.NOT_YET),
    "no time of issue": ({"iat": ABSENT}, TokenFault.CLAIM),
    "time of issue as text": ({"iat": "now"}, TokenFault.CLAIM),
    "not yet": ({"nbf": NOW + LEEWAY + 1}, TokenFault.NOT_YET),
    "not-before as text": ({"nbf": "0"}, TokenFault.CLAIM),
    "not-before null": ({"nbf": None}, TokenFault.CLAIM),
    "no subject": ({"sub": ABSENT}, TokenFault.SUBJECT),
    "subject empty": ({"sub": ""}, TokenFault.SUBJECT),
    "subject of another form": ({"sub": "amal"}, TokenFault.SUBJECT),
    "subject in upper case": ({"sub": "staff/Amal"}, TokenFault.SUBJECT),
    "subject with a line more": ({"sub": "staff/amal\n"}, TokenFault.SUBJECT),
    "subject with spaces": ({"sub": " staff/amal"}, TokenFault.SUBJECT),
    "subject of two parts more": ({"sub": "staff/amal/../root"}, TokenFault.SUBJECT),
    "subject with zero byte": ({"sub": "staff/amal\x00"}, TokenFault.SUBJECT),
    "subject in other digits": ({"sub": "staff/٣"}, TokenFault.SUBJECT),
    "subject as a number": ({"sub": 7}, TokenFault.SUBJECT),
    "subject that acts for the ledger": ({"sub": "ledger/follow-ups"}, TokenFault.SUBJECT),
    "subject that is a system": ({"sub": "clients/ministry"}, TokenFault.SUBJECT),
    "no client": ({"client_id": ABSENT}, TokenFault.CLIENT),
    "client of another form": ({"client_id": "Tests"}, TokenFault.CLIENT),
    "client as a list": ({"client_id": ["tests"]}, TokenFault.CLIENT),
    "client with a line more": ({"client_id": "tests\n"}, TokenFault.CLIENT),
    "no id": ({"jti": ABSENT}, TokenFault.CLAIM),
    "id empty": ({"jti": ""}, TokenFault.CLAIM),
    "id as a number": ({"jti": 1}, TokenFault.CLAIM),
    "id too long": ({"jti": "x" * 256}, TokenFault.CLAIM),
    "roles as text": ({"roles": "administrator"}, TokenFault.CLAIM),
    "roles as an object": ({"roles": {"administrator": True}}, TokenFault.CLAIM),
    "roles null": ({"roles": None}, TokenFault.CLAIM),
    "roles of numbers": ({"roles": ["auditor", 1]}, TokenFault.CLAIM),
    "too many roles": ({"roles": ["auditor"] * 101}, TokenFault.CLAIM),
    "bound to a key that is not shown": (
        {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        TokenFault.CLAIM,
    ),
    "bound to nothing": ({"cnf": {}}, TokenFault.CLAIM),
    "bound to null": ({"cnf": None}, TokenFault.CLAIM),
    "bound to half a digest": ({"cnf": {"x5t#S256": base64url(b"x" * 16)}}, TokenFault.CLAIM),
    "bound to a padded digest": ({"cnf": {"x5t#S256": base64url(b"x" * 32) + "="}}, TokenFault.CLAIM),
    "bound to a number": ({"cnf": {"x5t#S256": 1}}, TokenFault.CLAIM),
    "bound to two things": ({"cnf": {"x5t#S256": base64url(b"x" * 32), "jkt": "y"}}, TokenFault.CLAIM),
}


@pytest.mark.parametrize(("change", "fault"), BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_bad_claims(verifier: TokenVerifier, change: dict[str, Any], fault: TokenFault):
    assert fault_of(verifier, saying({"iat": NOW, "exp": NOW + HOUR, **change})) is fault


# The corpus: payloads that are no such claims, all under a good signature

GOOD = {"iss": ISSUER, "aud": AUDIENCE, "sub": "staff/amal", "client_id": "tests", "jti": "t", "iat": NOW}
HEAD = json.dumps(GOOD)[:-1]

BAD_PAYLOADS: dict[str, str | bytes] = {
    "subject twice": f'{HEAD}, "exp": {NOW + HOUR}, "sub": "staff/root"}}',
    "expiry twice": f'{HEAD}, "exp": {NOW - HOUR}, "exp": {NOW + HOUR}}}',
    "a member twice by escapes": f'{HEAD}, "exp": {NOW + HOUR}, "\\u0073ub": "staff/root"}}',
    "a nested member twice": f'{HEAD}, "exp": {NOW + HOUR}, "x": {{"a": 1, "a": 2}}}}',
    "expiry NaN": f'{HEAD}, "exp": NaN}}',
    "expiry Infinity": f'{HEAD}, "exp": Infinity}}',
    "expiry a number with 5,000 digits": f'{HEAD}, "exp": {"9" * 5_000}}}',
    "a list": "[]",
    "a text": '"staff/amal"',
    "nothing": "",
    "no JSON": "staff/amal",
    "two objects": f'{HEAD}, "exp": {NOW + HOUR}}}{{}}',
    "a comma too many": f'{HEAD}, "exp": {NOW + HOUR},}}',
    "a comment": f'{HEAD}, "exp": {NOW + HOUR}}} // good',
    "a byte order mark": b"\xef\xbb\xbf" + f'{HEAD}, "exp": {NOW + HOUR}}}'.encode(),
    "UTF-16": f'{HEAD}, "exp": {NOW + HOUR}}}'.encode("utf-16"),
    "no UTF-8": f'{HEAD}, "x": "'.encode() + b'\xff", "exp": 1}',
    "2,500 brackets": '{"a":' + "[" * 2_500 + "]" * 2_500 + "}",
}


@pytest.mark.parametrize("payload", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_bad_payloads(verifier: TokenVerifier, payload: str | bytes):
    assert fault_of(verifier, ISSUED.signed(payload)) is TokenFault.MALFORMED


def test_an_expiry_beyond_all_numbers(verifier: TokenVerifier):
    assert fault_of(verifier, ISSUED.signed(f'{HEAD}, "exp": 1e999}}')) is TokenFault.CLAIM
