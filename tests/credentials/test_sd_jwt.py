"""The text of a credential: what is read is what was issued, and every looseness is refused."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.claims import Disclosed, StatementClaims
from ledger.credentials.compact_jwt import verify_signature, with_lower_s
from ledger.credentials.sd_jwt import (
    CREDENTIAL_CHARACTERS_MAX,
    ReadCredential,
    disclosed_claims,
    disclosure_digest,
    issue_credential,
    read_credential,
)
from ledger.transparency.failures import Malformed, SignatureRejected
from tests.credentials.credential_mutations import ORDER
from tests.credentials.sample_jwts import Json, compact, disclosures_of, jwt_of, with_disclosures
from tests.credentials.sample_statements import (
    EXPIRES,
    ISSUED_AT,
    ISSUER,
    World,
    claims_of,
    issuer_key,
    shown_of_v1,
    signing,
)

KEY = signing(issuer_key(1))


def signed(claims: Json, *disclosures: str) -> str:
    header: Json = {"alg": "ES256", "typ": "dc+sd-jwt", "kid": KEY.kid}
    return "~".join((jwt_of(header, claims, KEY.sign), *disclosures, ""))


def sample(world: World, **other: object) -> Json:
    return {**claims_of(world, "volunteers/v1", "s1", 9), "_sd_alg": "sha-256", **other}


def disclosed(world: World, disclosure: object) -> Disclosed:
    """What is read of a credential whose issuer signed the digest of this disclosure."""
    text = base64url(disclosure if isinstance(disclosure, bytes) else compact(disclosure))
    return disclosed_claims(read_credential(signed(sample(world, _sd=[disclosure_digest(text)]), text)))


def test_what_was_issued_is_read(world):
    for name in ("everything", "selection", "transcript", "bare"):
        statement = world.statements[name]
        read = read_credential(statement.evidence.credential)
        assert read.claims.model_dump(by_alias=True, exclude_none=True, mode="json", exclude={"sd", "sd_alg"}) == (
            json.loads(json.dumps(statement.claims))
        )
        assert disclosed_claims(read).model_dump(exclude_none=True, mode="json") == json.loads(
            json.dumps(statement.shown)
        )


def test_the_digest_is_the_same_whatever_is_left_away(world):
    text = world.statements["everything"].evidence.credential
    assert {read_credential(with_disclosures(text, disclosures_of(text)[:count])).digest for count in range(5)} == {
        read_credential(text).digest
    }


def test_digests_are_sorted_so_that_their_order_tells_nothing(world):
    sd = read_credential(world.statements["everything"].evidence.credential).claims.sd
    assert sd is not None
    assert list(sd) == sorted(sd)


def test_no_two_credentials_share_a_salt(world):
    claims, shown = claims_of(world, "volunteers/v1", "s1", 9), shown_of_v1()
    issued = [issue_credential(claims, shown, KEY.kid, KEY.sign) for _ in range(50)]
    salts = [part for text in issued for part in disclosures_of(text)]
    assert len(set(salts)) == 50 * len(shown)


def test_without_disclosures_there_are_no_digests(world):
    assert read_credential(world.statements["bare"].evidence.credential).claims.sd is None


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "http://hours.example", "vct": "http://hours.example/vct/statement/1"},
        {"iss": f"{ISSUER}/", "vct": f"{ISSUER}//vct/statement/1"},
        {"vct": f"{ISSUER}/vct/statement/2"},
        {"iat": -1},
        {"iat": 1.5},
        {"iat": "1"},
        {"exp": ISSUED_AT},
        {"exp": None},
        {"sub": "opportunities/o1"},
        {"sub": "volunteers/V1"},
        {"sub": "volunteers/v2"},
        {"statement": "volunteers/v1"},
        {"statement": "volunteers/v1/statements/s1\n"},
        {"kind": "diploma"},
        {"initials": "x" * 21},
        {"period": {"from": "2026-02-30"}},
        {"period": {"from": "2026-1-1"}},
        {"period": {"from": "20260101"}},
        {"period": {"from": "2026-01-02", "to": "2026-01-01"}},
        {"period": {"until": "2026-01-01"}},
        {"only_organizations": "organizations/green"},
        {"verified_seconds": -1},
        {"verified_seconds": 2**53 + 1},
        {"verified_seconds": True},
        {"status": {}},
        {"status": {"status_list": {"idx": 1 << 20, "uri": f"{ISSUER}/statements/status/0-1"}}},
        {"status": {"status_list": {"idx": 1, "uri": "https://evil.example/statements/status/0-1"}}},
        {"status": {"status_list": {"idx": 1, "uri": f"{ISSUER}.evil.example/statements/status/0-1"}}},
        {"status": {"status_list": {"idx": 1, "uri": f"{ISSUER}/statements/status/0-01"}}},
        {"_sd_alg": "sha-512"},
        {"_sd_alg": ...},
        {"_sd": []},
        {"_sd": ["x"]},
        {"_sd": ["B" * 43, "A" * 43]},
        {"_sd": ["A" * 43, "A" * 43]},
        {"cnf": {"jwk": {}}},
        {"nbf": 1},
        {"full_name": "شخص اصطناعي"},
    ],
)
def test_claims_that_no_statement_has_are_refused(world, other):
    assert read_credential(signed(sample(world)))
    claims = {name: value for name, value in sample(world, **other).items() if value is not ...}
    with pytest.raises(Malformed):
        read_credential(signed(claims))


@pytest.mark.parametrize(
    "as_of",
    [
        {"size": 0},
        {"root": "AAAA"},
        {"root": "A" * 42 + "B="},
        {"recorded_through": "2026-11-20"},
        {"recorded_through": "2026-11-20T11:59:59+03:00"},
        {"recorded_through": "2026-11-20T25:00:00Z"},
        {"witness": "x"},
    ],
)
def test_a_place_in_the_log_that_cannot_be_is_refused(world, as_of):
    claims = json.loads(json.dumps(sample(world)))
    claims["as_of"] |= as_of
    with pytest.raises(Malformed):
        read_credential(signed(claims))


def test_a_claim_that_is_there_twice_is_refused(world):
    whole = compact(sample(world))
    header: Json = {"alg": "ES256", "typ": "dc+sd-jwt", "kid": KEY.kid}
    twice = whole[:-1] + b',"verified_seconds":360000}'
    nested = whole.replace(b'"as_of":{', b'"as_of":{"partition":0,')
    for payload in (twice, nested):
        assert payload != whole
        with pytest.raises(Malformed, match="twice"):
            read_credential(jwt_of(header, payload, KEY.sign) + "~")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "ES384"},
        {"typ": "JWT"},
        {"typ": "vc+sd-jwt"},
        {"kid": "x"},
        {"jwk": {}},
        {"crit": []},
        {"kid": None},
    ],
)
def test_a_header_that_says_anything_else_is_refused(world, header):
    whole = {"alg": "ES256", "typ": "dc+sd-jwt", "kid": KEY.kid} | header
    with pytest.raises(Malformed):
        read_credential(jwt_of(whole, sample(world), KEY.sign) + "~")


@pytest.mark.parametrize(
    "disclosure",
    [
        ["salt", "full_name"],
        ["salt", "full_name", "x", "y"],
        ["salt", "full_name", None],
        ["salt", "full_name", 1],
        [1, "full_name", "x"],
        {"0": "salt", "1": "full_name", "2": "x"},
        ["salt", "nickname", "x"],
        ["salt", "sub", "volunteers/v9"],
        ["salt", "_sd", []],
        ["salt", "...", "x"],
        ["salt", "years", [{"year": 2026}]],
        ["salt", "years", [{"year": 2026, "verified_seconds": 1, "x": 1}]],
        ["salt", "years", [{"year": 2026, "verified_seconds": -1}]],
        ["salt", "years", [{"year": 2026.0, "verified_seconds": 1}]],
        b'["salt","full_name","\\ud800"]',
        b'["salt","years",[{"year":2026,"verified_seconds":1,"verified_seconds":2}]]',
        b'["salt","full_name","x"] x',
        b"\xff",
        b"[" * 50_000,
    ],
)
def test_disclosures_that_no_statement_has_are_refused_even_signed(world, disclosure):
    assert disclosed(world, ["salt", "full_name", "x"]).full_name == "x"
    with pytest.raises(Malformed):
        disclosed(world, disclosure)


def test_of_the_two_signatures_that_ecdsa_knows_one_is_taken(world):
    text = world.statements["bare"].evidence.credential
    issued = text.removesuffix("~")
    r, s = (read_base64url(issued.split(".")[2], "jwt", "it")[at : at + 32] for at in (0, 32))
    higher = base64url(r + (ORDER - int.from_bytes(s)).to_bytes(32))
    other = read_credential(f"{issued.rpartition('.')[0]}.{higher}~")
    public = world.private.public_key()
    verify_signature(read_credential(text).jwt, public)
    with pytest.raises(SignatureRejected, match="lower"):
        verify_signature(other.jwt, public)


def test_whatever_signs_a_token_gets_the_lower_s():
    """A key in another device may give either."""
    signature = KEY.sign(b"x")
    higher = signature[:32] + (ORDER - int.from_bytes(signature[32:])).to_bytes(32)
    assert with_lower_s(higher) == with_lower_s(signature) == signature
    with pytest.raises(ValueError, match="64 bytes"):
        with_lower_s(signature + b"x")
    for wrong in (0, ORDER, 2**256 - 1):
        with pytest.raises(ValueError, match="order of P-256"):
            with_lower_s(signature[:32] + wrong.to_bytes(32))


@pytest.mark.parametrize("text", ["AB", "AAF", "A", "AA==", "A+", "A/", "A\n", " AA", "\u0660\u0661", "AA\0"])
def test_bytes_have_one_spelling(text):
    assert read_base64url("AA", "form", "it") == b"\0"
    with pytest.raises(Malformed):
        read_base64url(text, "form", "it")


def test_one_name_disclosed_twice_is_refused(world):
    texts = [base64url(compact([salt, "full_name", "x"])) for salt in ("a", "b")]
    read: ReadCredential = read_credential(signed(sample(world, _sd=sorted(map(disclosure_digest, texts))), *texts))
    with pytest.raises(Malformed, match="disclosed twice"):
        disclosed_claims(read)


def test_a_disclosure_of_another_statement_is_refused(world):
    mine, other = (world.statements[name].evidence.credential for name in ("everything", "selection"))
    for taken in disclosures_of(other):
        with pytest.raises(Malformed, match="not the issuer's"):
            disclosed_claims(read_credential(with_disclosures(mine, [*disclosures_of(mine), taken])))


@pytest.mark.parametrize("ending", ["", "~~", "~x", "~\n", "~ "])
def test_the_text_ends_as_it_must(world, ending):
    text = world.statements["bare"].evidence.credential.removesuffix("~")
    with pytest.raises(Malformed):
        disclosed_claims(read_credential(text + ending))


@pytest.mark.parametrize(
    "text", ["", "~", "شخص~", "\ud800~", "a" * (CREDENTIAL_CHARACTERS_MAX + 1), "..~", "e30.e30.~"]
)
def test_what_is_no_credential_is_refused(text):
    with pytest.raises(Malformed):
        read_credential(text)


def test_a_statement_of_everything_is_one_without_any_choice(world):
    kinds = {name: read_credential(one.evidence.credential).claims for name, one in world.statements.items()}
    assert {name for name, claims in kinds.items() if claims.is_of_everything} == {"everything", "transcript", "bare"}
    assert kinds["selection"].exp == EXPIRES


def test_every_list_that_counts_seconds_once_is_summed():
    assert set(Disclosed.model_fields) - {"full_name", "skills"} == set(
        Disclosed(organizations=(), roles=(), sectors=(), years=(), entries=()).sums()
    )
    assert get_args(StatementClaims.model_fields["kind"].annotation) == ("statement", "transcript")
