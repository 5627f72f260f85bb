"""Making signatures. Nothing that verifies imports this file, so a verifier can be read without it.

A log MUST NOT sign two checkpoints of which neither continues the other. Nothing here remembers what was signed:
whoever holds a signer keeps the last signed size and root, in one step with the signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_base64, read_text
from ledger.transparency.signed_bytes import TIME_BYTES, cosignature_bytes, subtree_bytes
from ledger.transparency.signed_note import Note, NoteSignature, format_note
from ledger.transparency.verifier_key import VKEY_BYTES_MAX, SignatureType, VerifierKey

SEED_BYTES: Final = 32
"""Of either kind of private key: a random seed is the whole key."""

_FORM: Final = "signer key"
_BEGIN: Final = "PRIVATE+KEY+"


class Signer(Protocol):
    """Something that holds a private key; the key may be in another process or device."""

    @property
    def key(self) -> VerifierKey:
        """What verifies its signatures."""

    def sign(self, text: bytes, unix_seconds: int) -> NoteSignature:
        """Sign a note's text. Kinds that carry a time carry this one. Raises Malformed for a text it cannot sign."""


class SeedSigner:
    """A signer whose private key is a seed in memory."""

    def __init__(self, name: str, kind: SignatureType, seed: bytes) -> None:
        """Raises Malformed for a bad name or a seed that has not 32 bytes."""
        if len(seed) != SEED_BYTES:
            raise Malformed(_FORM, f"a seed must have {SEED_BYTES} bytes, not {len(seed)}")
        self._seed = seed
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey
        if kind is SignatureType.ML_DSA_44:
            self._private = MLDSA44PrivateKey.from_seed_bytes(seed)
        else:
            self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._key = VerifierKey(name, kind, self._private.public_key().public_bytes_raw())

    @property
    def key(self) -> VerifierKey:
        """What verifies its signatures."""
        return self._key

    def sign(self, text: bytes, unix_seconds: int) -> NoteSignature:
        """Sign a note's text. Raises Malformed for an impossible time; ML-DSA-44 also for what is no checkpoint."""
        return NoteSignature(self._key.name, self._key.key_id, self._signature(text, unix_seconds))

    def skey(self) -> str:
        """The private key as `PRIVATE+KEY+<name>+<key id>+<base64 of type ‖ seed>`: keep it where the key belongs."""
        typed = base64_text(bytes([self._key.type]) + self._seed)
        return f"{_BEGIN}{self._key.name}+{self._key.key_id.hex()}+{typed}"

    def named(self, name: str) -> SeedSigner:
        """The same private key under another name, as the log's keys sign balances notes. Raises Malformed."""
        return SeedSigner(name, self._key.type, self._seed)

    def _signature(self, text: bytes, unix_seconds: int) -> bytes:
        if self._key.type is SignatureType.ED25519:
            return self._private.sign(text)
        if self._key.type is SignatureType.ED25519_COSIGNATURE:
            message = cosignature_bytes(unix_seconds, text)
        else:
            message = subtree_bytes(self._key.name, unix_seconds, parse_checkpoint_text(text))
        return unix_seconds.to_bytes(TIME_BYTES, "big") + self._private.sign(message)

    def __repr__(self) -> str:
        return f"SeedSigner({self._key.name!r}, {self._key.type!r}, …)"


def parse_skey(line: str) -> SeedSigner:
    """Read what `SeedSigner.skey` wrote, without a newline. The message of an error never holds the key.

    Raises:
        Malformed: it is none, its type is not known here, or its key id is another key's.
    """
    read_text(line.encode("utf-8", "surrogatepass"), _FORM, VKEY_BYTES_MAX)
    parts = line.removeprefix(_BEGIN).split("+", 2)
    if not line.startswith(_BEGIN) or len(parts) != 3:
        raise Malformed(_FORM, f"it must be {_BEGIN}<name>+<key id>+<base64>")
    name, key_id, encoded = parts
    try:
        typed = read_base64(encoded, _FORM, "the key")
    except Malformed:
        # Not chained: the first error quotes what it read.
        raise Malformed(_FORM, "the key must be canonical standard base64") from None
    if not typed or typed[0] not in list(SignatureType):
        raise Malformed(_FORM, "its type is not known here")
    signer = SeedSigner(name, SignatureType(typed[0]), typed[1:])
    if key_id != signer.key.key_id.hex():
        raise Malformed(_FORM, f"the key id of this name and key must be {signer.key.key_id.hex()}")
    return signer


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer], unix_seconds: int) -> bytes:
    """The bytes of a checkpoint signed by each of them. Raises Malformed for one that could not be read back."""
    return _signed(checkpoint.text(), signers, unix_seconds)


def sign_balances(note: BalancesNote, signers: Sequence[Signer], unix_seconds: int) -> bytes:
    """The bytes of a balances note signed by each of them, whose keys are named like its origin."""
    return _signed(note.text(), signers, unix_seconds)


def _signed(text: bytes, signers: Sequence[Signer], unix_seconds: int) -> bytes:
    return format_note(Note(text, tuple(signer.sign(text, unix_seconds) for signer in signers)))
