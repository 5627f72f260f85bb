"""An adjudicator's agreement: a signature of their own Ed25519 key over the certificate, as under a signed note."""

from __future__ import annotations

from typing import Final

from ledger.transparency.cosignature import verify_signature
from ledger.transparency.failures import SignatureRejected
from ledger.transparency.verifier_key import SignatureType, parse_vkey

_TITLE: Final = "volunteer-hours/peak-confirmation/v1"


def countersigned_text(session: str, certificate_sha256: str) -> bytes:
    """What is signed: three lines."""
    return f"{_TITLE}\n{session}\n{certificate_sha256}\n".encode()


def verify_confirmation(verifier_key: str, signature: bytes, session: str, certificate_sha256: str) -> str:
    """The adjudicator's name, as their key has it.

    Raises Malformed for what is no verifier key, SignatureRejected for another kind of key and another's signature.
    """
    key = parse_vkey(verifier_key)
    if key.type is not SignatureType.ED25519:
        raise SignatureRejected(f"an adjudicator's key must be Ed25519 (0x01), not {key.type:#04x}")
    verify_signature(key, countersigned_text(session, certificate_sha256), signature)
    return key.name
