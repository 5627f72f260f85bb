"""The issuer's keys: what is published of them, which one counts when, and the file they lie in."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key

from ledger.credentials.compact_jwt import read_jwt, verify_signature, write_jwt
from ledger.credentials.issuer_key_file import FileIssuerKeys, KeyFileUnusable, add_key, create, revoke_key
from ledger.credentials.issuer_keys import (
    NoSigningKey,
    PublishedKey,
    PublishedKeys,
    coordinates,
    read_issuer_document,
    thumbprint,
    write_issuer_document,
)
from ledger.transparency.failures import Malformed, SignatureRejected
from tests.credentials.sample_statements import ISSUER, issuer_key, published

DAY = 86_400
OLD = published(issuer_key(1), 1_000, 2_000)
NEW = published(issuer_key(2), 1_900, None, 5_000)
KEYS = PublishedKeys(ISSUER, (OLD, NEW))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "statement.keys"
    create(path)
    return path


# What is published


def test_the_document_is_read_as_it_was_written():
    read = read_issuer_document(write_issuer_document(KEYS))
    assert read.issuer == ISSUER
    assert [(key.kid, key.valid_from, key.valid_until, key.revoked_at) for key in read.keys] == [
        (OLD.kid, 1_000, 2_000, None),
        (NEW.kid, 1_900, None, 5_000),
    ]
    assert [key.key for key in read.keys] == [OLD.key, NEW.key]


def test_the_document_holds_no_private_key():
    told = json.loads(write_issuer_document(KEYS))
    assert {name for key in told["jwks"]["keys"] for name in key} == {
        "kty", "crv", "x", "y", "kid", "alg", "use", "valid_from", "valid_until", "revoked_at",
    }  # fmt: skip


def changed_document(**members: object) -> bytes:
    document = json.loads(write_issuer_document(KEYS))
    document["jwks"]["keys"][0] |= members
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "members",
    [
        {"kid": NEW.kid},
        {"kid": "x" * 43},
        {"x": coordinates(NEW.key)[0]},
        {"x": "AAAA"},
        {"x": coordinates(OLD.key)[0] + "="},
        {"kty": "OKP"},
        {"crv": "P-384"},
        {"alg": "ES384"},
        {"use": "enc"},
        {"d": "AAAA"},
        {"valid_from": -1},
        {"valid_from": 1.5},
        {"valid_from": "1000"},
        {"valid_until": 999},
        {"revoked_at": None},
        {"surprise": 1},
    ],
)
def test_a_document_with_anything_else_in_it_is_refused(members):
    assert read_issuer_document(changed_document())
    with pytest.raises(Malformed):
        read_issuer_document(changed_document(**members))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"issuer":"https://a.example","jwks":{"keys":[]},"jwks":{"keys":[]}}',
        b'{"issuer":"https://a.example","jwks_uri":"https://a.example/keys"}',
        b'{"issuer":"https://a.example/path","jwks":{"keys":[]}}',
        b'{"issuer":"http://a.example","jwks":{"keys":[]}}',
        b'{"issuer":"https://A.example","jwks":{"keys":[]}}',
        b'{"issuer":"https://a.example","jwks":{"keys":[]}}' + b" " * 1_000_000,
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_document_is_refused(document):
    with pytest.raises(Malformed):
        read_issuer_document(document)


def test_a_key_that_is_there_twice_is_refused():
    with pytest.raises(Malformed):
        PublishedKeys(ISSUER, (OLD, OLD))


def test_a_key_of_another_curve_is_refused():
    with pytest.raises(Malformed):
        thumbprint(generate_private_key(SECP384R1()).public_key())


# Which one counts


@pytest.mark.parametrize(("kid", "iat"), [(OLD.kid, 1_000), (OLD.kid, 1_999), (NEW.kid, 1_900), (NEW.kid, 10**9)])
def test_a_key_counts_from_its_begin_to_its_end(kid, iat):
    assert KEYS.key_at(kid, iat).kid == kid


@pytest.mark.parametrize(
    ("kid", "iat", "reason"),
    [
        (OLD.kid, 999, "valid from 1000"),
        (OLD.kid, 2_000, "valid until 2000"),
        (NEW.kid, 1_899, "valid from 1900"),
        ("x" * 43, 1_500, "has no key"),
    ],
)
def test_a_key_counts_at_no_other_time_and_a_stranger_s_never(kid, iat, reason):
    with pytest.raises(SignatureRejected, match=reason):
        KEYS.key_at(kid, iat)


def test_a_key_has_no_name_but_its_own():
    with pytest.raises(Malformed):
        PublishedKey(NEW.kid, OLD.key, 0)


# The file


def test_rotation_with_overlap(file):
    first = add_key(file, 1_000)
    keys = FileIssuerKeys(file, ISSUER)
    assert keys.signing(1_000).kid == first
    second = add_key(file, 5_000, overlap_seconds=100)
    # Read again by itself; the old key may sign a while, and whoever asks gets the new one.
    assert keys.signing(5_000).kid == second
    assert keys.signing(4_999).kid == first
    assert [(key.kid, key.valid_from, key.valid_until) for key in keys.published().keys] == [
        (first, 1_000, 5_100),
        (second, 5_000, None),
    ]
    third = add_key(file, 5_050, overlap_seconds=10_000)
    assert [key.valid_until for key in keys.published().keys] == [5_100, 15_050, None]
    assert keys.signing(5_060).kid == third


def test_what_a_key_of_the_file_signs_verifies_under_what_is_published(file):
    add_key(file, 1_000)
    keys = FileIssuerKeys(file, ISSUER)
    key = keys.signing(2_000)
    jwt = read_jwt(write_jwt("dc+sd-jwt", key.kid, {"a": 1}, key.sign), "dc+sd-jwt")
    verify_signature(jwt, read_issuer_document(write_issuer_document(keys.published())).key_at(key.kid, 2_000).key)


def test_a_revoked_key_signs_no_more_and_stays_published(file):
    first, second = add_key(file, 1_000), add_key(file, 2_000, overlap_seconds=10**6)
    keys = FileIssuerKeys(file, ISSUER)
    revoke_key(file, second, 2_500)
    assert keys.signing(3_000).kid == first
    assert [(key.kid, key.revoked_at) for key in keys.published().keys] == [(first, None), (second, 2_500)]


def test_a_revocation_can_be_dated_earlier_and_never_later(file):
    kid = add_key(file, 1_000)
    for at, told in ((5_000, 5_000), (6_000, 5_000), (4_000, 4_000)):
        revoke_key(file, kid, at)
        assert FileIssuerKeys(file, ISSUER).published().keys[0].revoked_at == told


def test_without_a_key_that_may_sign_it_is_said(file):
    keys = FileIssuerKeys(file, ISSUER)
    with pytest.raises(NoSigningKey, match="of 0 keys"):
        keys.signing(1_000)
    kid = add_key(file, 1_000)
    with pytest.raises(NoSigningKey):
        keys.signing(999)
    revoke_key(file, kid, 2_000)
    with pytest.raises(NoSigningKey):
        keys.signing(1_500)


def test_a_key_that_is_not_there_cannot_be_revoked(file):
    with pytest.raises(KeyFileUnusable, match="no key"):
        revoke_key(file, "x" * 43, 1)


def test_the_file_is_its_owner_s_alone(file):
    add_key(file, 1_000)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = FileIssuerKeys(file, ISSUER)
    file.chmod(0o640)
    with pytest.raises(KeyFileUnusable, match="0600"):
        FileIssuerKeys(file, ISSUER)
    os.utime(file, ns=(1, 1))
    with pytest.raises(KeyFileUnusable, match="0600"):
        keys.published()


def test_a_file_that_is_there_is_not_begun_anew(file):
    kid = add_key(file, 1_000)
    with pytest.raises(KeyFileUnusable, match="there already"):
        create(file)
    assert FileIssuerKeys(file, ISSUER).published().keys[0].kid == kid


@pytest.mark.parametrize("content", [b"", b"{}", b'{"keys":[{}]}', b'{"keys":[],"keys":[]}', b"\xff", b"[" * 10_000])
def test_a_file_of_something_else_is_refused_in_words(file, content):
    file.write_bytes(content)
    with pytest.raises(KeyFileUnusable, match=str(file)):
        FileIssuerKeys(file, ISSUER)


def test_no_error_tells_a_private_key(file):
    add_key(file, 1_000)
    held = json.loads(file.read_bytes())
    secret = held["keys"][0]["d"]
    wrong = ({"d": secret[:-2]}, {"d": secret + "="}, {"d": "A" * 42 + "E"}, {"d": [secret]}, {"valid_from": secret})
    for members in wrong:
        file.write_text(json.dumps({"keys": [held["keys"][0] | members]}), "utf-8")
        with pytest.raises(KeyFileUnusable) as caught:
            FileIssuerKeys(file, ISSUER)
        assert caught.value.__suppress_context__
        assert secret[:8] not in f"{caught.value} {caught.value.__cause__}"


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(KeyFileUnusable, match="cannot be read"):
        FileIssuerKeys(tmp_path / "none", ISSUER)
    with pytest.raises(KeyFileUnusable, match="cannot be"):
        add_key(tmp_path / "none", 1)


def test_of_changes_at_once_none_is_lost(file):
    with ThreadPoolExecutor(8) as pool:
        kids = list(pool.map(lambda number: add_key(file, 1_000 + number), range(16)))
    assert {key.kid for key in FileIssuerKeys(file, ISSUER).published().keys} == set(kids)
