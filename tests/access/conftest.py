"""A verifier of tokens that believes three issuers, and its clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.access.tokens import TokenVerifier
from tests.access.believing import EDWARDS, ISSUED, RSA, Clock, verifier_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(tmp_path: Path, clock: Clock) -> TokenVerifier:
    """Believes keys of three kinds, under the algorithms of the settings."""
    keys = ISSUED.public_key(), RSA.public_key(), EDWARDS.public_key()
    return verifier_of(tmp_path, clock, *keys, allowed="ES256 Ed25519 EdDSA PS256 RS256")
