"""A statement as an Open Badge: read by a library of others, saying no more than the statement. Synthetic."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from joserfc import jws
from joserfc.jwk import ECKey

from ledger.credentials.claims import Disclosed, StatementClaims
from ledger.credentials.compact_jwt import signer
from ledger.credentials.issuer_keys import SigningKey, thumbprint
from ledger.credentials.open_badge import open_badge

PRIVATE = generate_private_key(SECP256R1())
KEY = SigningKey(thumbprint(PRIVATE.public_key()), signer(PRIVATE))
CLAIMS = {
    "iss": "https://hours.example",
    "iat": 1_795_000_000,
    "vct": "https://hours.example/vct/statement/1",
    "sub": "volunteers/v1",
    "statement": "volunteers/v1/statements/s1",
    "kind": "statement",
    "initials": "S. P.",
    "period": {"from": "2026-01-01"},
    "only_organizations": [],
    "verified_seconds": 5_400,
    "as_of": {
        "origin": "hours.example/log/0",
        "partition": 0,
        "size": 3,
        "root": "A" * 43 + "=",
        "recorded_through": "2026-11-01T00:00:00Z",
    },
    "status": {"status_list": {"idx": 17, "uri": "https://hours.example/statements/status/0-0"}},
    "_sd_alg": "sha-256",
}


def badge(disclosed: Disclosed, **changed: object) -> dict[str, object]:
    """As a library of other authors reads it, once the signature holds."""
    claims = StatementClaims.model_validate_json(json.dumps({**CLAIMS, **changed}))
    text = open_badge(claims, disclosed, "ab" * 32, KEY)
    read = jws.deserialize_compact(text, ECKey.import_key(PRIVATE.public_key()), algorithms=["ES256"])
    assert read.headers() == {"alg": "ES256", "typ": "vc+jwt", "kid": KEY.kid}
    told = json.loads(read.payload)
    assert isinstance(told, dict)
    return told


def test_it_is_an_open_badge_of_community_service():
    told = badge(Disclosed(full_name="شخص اصطناعي"))
    assert told["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert told["@context"] == [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ]
    subject = told["credentialSubject"]
    assert isinstance(subject, dict)
    assert (subject["creditsEarned"], subject["achievement"]["achievementType"]) == (1.5, "CommunityService")
    assert subject["identifier"][0]["identityHash"] == "شخص اصطناعي"
    assert subject["activityStartDate"] == "2026-01-01T00:00:00Z"
    assert "activityEndDate" not in subject


def test_it_rests_on_the_statement_and_ends_with_it():
    told = badge(Disclosed(), exp=1_796_000_000)
    assert told["status"] == CLAIMS["status"]
    assert told["evidence"] == [
        {
            "id": CLAIMS["vct"],
            "type": ["Evidence"],
            "name": CLAIMS["statement"],
            "narrative": f"sha256:{'ab' * 32}",
        }
    ]
    assert (told["exp"], told["validUntil"]) == (1_796_000_000, "2026-11-30T00:53:20Z")


def test_a_name_that_is_not_disclosed_is_not_in_it():
    subject = badge(Disclosed())["credentialSubject"]
    assert isinstance(subject, dict)
    assert "identifier" not in subject
