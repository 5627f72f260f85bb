"""Keys that tokens are not verified with, although they are in the set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey

from ledger.access.token_keys import ALGORITHMS
from ledger.access.token_text import TokenFault
from tests.access.believing import (
    EDWARDS,
    ISSUED,
    RSA,
    Clock,
    base64url,
    fault_of,
    key_set,
    verifier_of,
)
from tests.system.token_issuer import Issuer

WRONG_KEYS: dict[str, dict[str, Any]] = {
    "for encryption": ISSUED.public_key(use="enc"),
    "of another algorithm": ISSUED.public_key(alg="ES384"),
    "to sign with": ISSUED.public_key(key_ops=["sign"], use="sig"),
    "a private one": {**ISSUED.key.as_dict(private=True), "kid": "key-1"},
    "a secret one": {"kty": "oct", "k": base64url(b"secret" * 8), "kid": "key-1", "alg": "HS256"},
    "of another curve": {**ECKey.generate_key("P-384").as_dict(private=False), "kid": "key-1"},
    "to agree with": {**OKPKey.generate_key("X25519").as_dict(private=False), "kid": "key-1"},
    "of no curve's point": {**ISSUED.public_key(), "y": ISSUED.public_key()["x"]},
    "of a kind to come": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "key-1"},
    "short": {"kty": "RSA", "n": base64url(b"\xc1" + b"\x01" * 127), "e": "AQAB", "kid": "key-1"},
    "without its point": {"kty": "EC", "crv": "P-256", "kid": "key-1"},
    "with a number for a text": {**ISSUED.public_key(), "x": 5},
}


@pytest.mark.parametrize("wrong", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_keys_that_are_of_no_use_are_passed_over(tmp_path: Path, clock: Clock, wrong: dict[str, Any]):
    verifier = verifier_of(tmp_path, clock, wrong, EDWARDS.public_key(), allowed=" ".join(ALGORITHMS))
    assert fault_of(verifier, ISSUED.token()) is TokenFault.UNKNOWN_KEY
    assert verifier.verify(EDWARDS.token())


def test_two_keys_under_one_name_are_told_apart_by_their_kind_alone(tmp_path: Path, clock: Clock):
    other = Issuer("ES256", "key-1")
    verifier = verifier_of(tmp_path, clock, ISSUED.public_key(), RSA.public_key(kid="key-1"))
    assert verifier.verify(ISSUED.token())
    assert verifier.verify(RSA.token(header={"kid": "key-1"}))
    key_set(tmp_path, ISSUED.public_key(), other.public_key())
    assert fault_of(verifier, ISSUED.token()) is TokenFault.UNKNOWN_KEY
