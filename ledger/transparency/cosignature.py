"""Verifying the signatures of a checkpoint, with the time that the two timed kinds carry. Only verifying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ledger.transparency.checkpoint import parse_checkpoint_text
from ledger.transparency.failures import SignatureRejected, TransparencyFailure
from ledger.transparency.signed_bytes import (
    ED25519_SIGNATURE_BYTES,
    ML_DSA_44_SIGNATURE_BYTES,
    TIME_BYTES,
    cosignature_bytes,
    subtree_bytes,
)
from ledger.transparency.signed_note import Note
from ledger.transparency.verifier_key import SignatureType, VerifierKey


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A signature that was verified."""

    key: VerifierKey
    unix_seconds: int | None
    """When its signer says it signed; None for plain Ed25519, which says nothing of it."""


def verified_signatures(note: Note, keys: Sequence[VerifierKey]) -> list[SignedBy]:
    """Every key among these that signed the note, in the order of its lines; a key counts once.

    Signatures of other keys mean nothing and are passed over (signed-note v1.0.0, Signatures).

    Raises:
        SignatureRejected: a signature under one of these keys does not fit: somebody tampered, so the rest counts for
            nothing either.
    """
    by_name = {(key.name, key.key_id): key for key in keys}
    found: dict[VerifierKey, SignedBy] = {}
    for line in note.signatures:
        key = by_name.get((line.name, line.key_id))
        if key is not None:
            signed = SignedBy(key, verify_signature(key, note.text, line.signature))
            found.setdefault(key, signed)
    return list(found.values())


def verify_signature(key: VerifierKey, text: bytes, signature: bytes) -> int | None:
    """The time a signature carries, if it is the key's over this text.

    Raises:
        SignatureRejected: it is not.
    """
    try:
        if key.type is SignatureType.ED25519:
            _need_length(signature, ED25519_SIGNATURE_BYTES)
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, text)
            return None
        unix_seconds, proper = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
        if key.type is SignatureType.ED25519_COSIGNATURE:
            _need_length(proper, ED25519_SIGNATURE_BYTES)
            message = cosignature_bytes(unix_seconds, text)
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(proper, message)
        else:
            _need_length(proper, ML_DSA_44_SIGNATURE_BYTES)
            message = subtree_bytes(key.name, unix_seconds, parse_checkpoint_text(text))
            MLDSA44PublicKey.from_public_bytes(key.public_key).verify(proper, message)
    except (InvalidSignature, ValueError, TransparencyFailure) as error:
        signer = f"{key.name} (key {key.key_id.hex()}, {key.type.name})"
        raise SignatureRejected(f"it must be the signature of {signer}: {_why(error)}") from error
    return unix_seconds


def _need_length(signature: bytes, length: int) -> None:
    if len(signature) != length:
        raise ValueError(f"it must have {length} bytes, not {len(signature)}")


def _why(error: Exception) -> str:
    return str(error) or "it does not fit the text"
