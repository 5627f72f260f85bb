"""The seal is HMAC-SHA-256 as the standard library computes it, whatever the key's length."""

from __future__ import annotations

import hmac

import pytest

from ledger.record_seal import KEY_BYTES_MIN, RecordSeal


@pytest.mark.parametrize("key_bytes", [KEY_BYTES_MIN, 63, 64, 65, 200])
@pytest.mark.parametrize("stored", [b"", b"{}", bytes(range(256)) * 40])
def test_the_seal_is_the_hmac_of_the_stored_bytes(key_bytes: int, stored: bytes) -> None:
    key = bytes(range(1, key_bytes + 1))
    headers = RecordSeal(key).headers(stored)
    assert dict(headers)["hmac"] == hmac.digest(key, stored, "sha256")
    assert RecordSeal(key).fault(headers, stored) is None


def test_a_seal_is_of_these_bytes_only() -> None:
    seal = RecordSeal(b"a key of sixteen")
    headers = seal.headers(b"one")
    assert seal.fault(headers, b"two") == "hmac does not fit the bytes"
    assert seal.fault([("hmac", "text")], b"one") == "no hmac header"
    assert seal.fault(headers[:1], b"one") == "no hmac header"
    assert seal.fault(headers[1:], b"one") == "content-type is not application/cloudevents+json"
