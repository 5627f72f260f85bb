"""An honour as an Open Badge: read by a library of others, held or taken back by its list of status. Synthetic."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from joserfc import jws
from joserfc.jwk import ECKey

from ledger.credentials.compact_jwt import signer
from ledger.credentials.honour_badge import (
    BadgedHonour,
    honour_badge,
    honour_status_uri,
    status_place,
    verify_honour_badge,
)
from ledger.credentials.issuer_keys import PublishedKey, PublishedKeys, SigningKey, thumbprint
from ledger.credentials.status_list import REVOKED, pack_statuses, read_status_list, write_status_list
from ledger.transparency.failures import SignatureRejected

ISSUER, NOW = "https://hours.example", 1_795_000_000
PRIVATE = generate_private_key(SECP256R1())
KEY = SigningKey(thumbprint(PRIVATE.public_key()), signer(PRIVATE))
KEYS = PublishedKeys(ISSUER, (PublishedKey(KEY.kid, PRIVATE.public_key(), NOW - 10),))
PLACES = 1 << 20
HONOUR = BadgedHonour(
    honour="volunteers/v1/recognitions/medal/milestones/gold",
    holder="volunteers/v1",
    recognition_version="recognitions/medal/versions/1",
    level="gold",
    names={"en": "Medal: Gold", "ar": "وسام: ذهبي"},
    rule_source="circular 7",
    since=datetime(2026, 11, 23, tzinfo=UTC),
    partition=2,
    position=PLACES + 17,
    counted_seconds=5_400,
)
URI = honour_status_uri(ISSUER, 2, 1)


def listed(*revoked: int, uri: str = URI) -> str:
    return write_status_list(uri, NOW, pack_statuses((place, REVOKED) for place in revoked), KEY)


def test_others_read_it_as_an_award():
    badge = honour_badge(ISSUER, HONOUR, NOW, KEY)
    read = jws.deserialize_compact(badge, ECKey.import_key(PRIVATE.public_key()), algorithms=["ES256"])
    told = json.loads(read.payload)
    assert told["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    achievement = told["credentialSubject"]["achievement"]
    assert (achievement["achievementType"], achievement["name"]) == ("Award", "Medal: Gold")
    assert "ذهبي" in achievement["description"]
    assert "5400 seconds of volunteering" in told["evidence"][0]["narrative"]
    assert told["status"] == {"status_list": {"idx": 17, "uri": URI}}


def test_of_a_nomination_it_says_no_hours():
    badge = honour_badge(ISSUER, replace(HONOUR, counted_seconds=None, names={"ar": "شجاعة"}), NOW, KEY)
    read = jws.deserialize_compact(badge, ECKey.import_key(PRIVATE.public_key()), algorithms=["ES256"])
    told = json.loads(read.payload)
    assert ("seconds" in told["evidence"][0]["narrative"], told["name"]) == (False, "شجاعة")


def test_its_place_says_whether_it_is_held():
    badge = honour_badge(ISSUER, HONOUR, NOW, KEY)
    assert verify_honour_badge(badge, KEYS, None) is None
    assert verify_honour_badge(badge, KEYS, read_status_list(listed(16, 18))) is True
    assert verify_honour_badge(badge, KEYS, read_status_list(listed(17))) is False


def test_no_other_list_and_no_other_key_count():
    badge = honour_badge(ISSUER, HONOUR, NOW, KEY)
    with pytest.raises(SignatureRejected, match="not the one"):
        verify_honour_badge(badge, KEYS, read_status_list(listed(uri=honour_status_uri(ISSUER, 2, 0))))
    other = generate_private_key(SECP256R1())
    strange = SigningKey(KEY.kid, signer(other))
    with pytest.raises(SignatureRejected):
        verify_honour_badge(honour_badge(ISSUER, HONOUR, NOW, strange), KEYS, None)
    with pytest.raises(SignatureRejected, match="badge is of"):
        verify_honour_badge(honour_badge("https://else.example", HONOUR, NOW, KEY), KEYS, None)
    revoked = PublishedKeys(ISSUER, (replace(KEYS.keys[0], revoked_at=NOW + 5),))
    with pytest.raises(SignatureRejected, match="revoked"):
        verify_honour_badge(badge, revoked, None)


def test_every_position_has_a_place_of_its_own():
    assert [status_place(position) for position in (1, PLACES - 1, PLACES)] == [(0, 1), (0, PLACES - 1), (1, 0)]
