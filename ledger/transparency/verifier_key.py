"""Verifier keys, the lines people are given to check signatures with (C2SP signed-note v1.0.0, Verifier keys)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from ledger.transparency.ed25519_point import is_point
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_base64, read_text
from ledger.transparency.signed_note import KEY_ID_BYTES, need_key_name

VKEY_BYTES_MAX: Final = 4_096

_FORM: Final = "verifier key"


class SignatureType(IntEnum):
    """The byte that says which signatures a key makes; assigned by C2SP, never reused."""

    ED25519 = 0x01
    """Of the note's text."""
    ED25519_COSIGNATURE = 0x04
    """With a time: tlog-cosignature, cosignature/v1."""
    ML_DSA_44 = 0x06
    """With a time: tlog-cosignature, subtree/v1; used by logs and by witnesses."""


PUBLIC_KEY_BYTES: Final = {
    SignatureType.ED25519: 32,
    SignatureType.ED25519_COSIGNATURE: 32,
    SignatureType.ML_DSA_44: 1_312,
}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key, the name it signs under, and how it signs."""

    name: str
    type: SignatureType
    public_key: bytes

    def __post_init__(self) -> None:
        """Raises Malformed for a bad name, or bytes that are no key of the type."""
        need_key_name(self.name, _FORM)
        right = PUBLIC_KEY_BYTES[self.type]
        if len(self.public_key) != right:
            raise Malformed(
                _FORM, f"a key of type {self.type:#04x} must have {right} bytes, not {len(self.public_key)}"
            )
        if self.type is not SignatureType.ML_DSA_44 and not is_point(self.public_key):
            raise Malformed(_FORM, "an Ed25519 key must be a point of the curve, in its one spelling (RFC 8032, 5.1.3)")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ public key), its first 4 bytes: it finds a key, it does not prove one."""
        return sha256(self.name.encode() + b"\n" + self._typed_key).digest()[:KEY_ID_BYTES]

    def line(self) -> str:
        """`<name>+<key id in hexadecimal>+<base64 of type ‖ public key>`."""
        return f"{self.name}+{self.key_id.hex()}+{base64_text(self._typed_key)}"

    @property
    def _typed_key(self) -> bytes:
        return bytes([self.type]) + self.public_key


def parse_vkey(line: str) -> VerifierKey:
    """Read a verifier key, without a newline.

    Raises:
        Malformed: it is none, its type is not known here, or its key id is another key's.
    """
    read_text(line.encode("utf-8", "surrogatepass"), _FORM, VKEY_BYTES_MAX)
    name, plus, rest = line.partition("+")
    key_id, second_plus, encoded = rest.partition("+")
    if not plus or not second_plus:
        raise Malformed(_FORM, f"it must be <name>+<key id>+<base64>, not {line[:80]!r}")
    typed = read_base64(encoded, _FORM, "the key")
    if not typed or typed[0] not in list(SignatureType):
        known = ", ".join(f"{known:#04x}" for known in SignatureType)
        raise Malformed(_FORM, f"its type must be one of {known}, not {typed[:1].hex() or 'absent'}")
    key = VerifierKey(name, SignatureType(typed[0]), typed[1:])
    if key_id != key.key_id.hex():
        raise Malformed(_FORM, f"the key id of this name and key must be {key.key_id.hex()}, not {key_id[:20]!r}")
    return key
