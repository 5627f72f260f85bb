"""Sealing one field of a person's data, and opening it: pure functions over bytes.

A seal is `p1.<key id>.<nonce>.<ciphertext>`: AES-256-GCM with a random nonce. Its associated data is the JSON array
[ledger id, person, event id, path], so that a seal copied to another person, event or field does not open there.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.domain.refusals import InvariantBroken
from ledger.domain.sealed import SealedField

_FORM: Final = "p1"
_NONCE_BYTES: Final = 12
_KEY_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class PersonKey:
    """One AES-256 key of one person."""

    key_id: str
    volunteer: str
    key: bytes

    def __repr__(self) -> str:
        return f"PersonKey({self.key_id!r}, {self.volunteer!r}, …)"


def new_key(volunteer: str) -> PersonKey:
    """A fresh random key."""
    return PersonKey(_text(os.urandom(_KEY_ID_BYTES)), volunteer, AESGCM.generate_key(bit_length=256))


def seal_text(key: PersonKey, ledger_id: str, event_id: str, path: str, text: str) -> str:
    """The seal of `text` for one field of one event."""
    nonce = os.urandom(_NONCE_BYTES)
    bound_to = _bound_to(ledger_id, key.volunteer, event_id, path)
    ciphertext = AESGCM(key.key).encrypt(nonce, text.encode(), bound_to)
    return f"{_FORM}.{key.key_id}.{_text(nonce)}.{_text(ciphertext)}"


def open_seal(key: PersonKey, ledger_id: str, field: SealedField) -> str:
    """The text in a seal.

    Raises:
        InvariantBroken: the seal was changed, or made for another ledger, person, event or field.
    """
    _, _, nonce, ciphertext = _parts(field.sealed)
    bound_to = _bound_to(ledger_id, field.person, field.event_id, field.path)
    try:
        return AESGCM(key.key).decrypt(_bytes(nonce), _bytes(ciphertext), bound_to).decode()
    except (InvalidTag, ValueError) as error:
        raise InvariantBroken(f"the seal of {field.path} in event {field.event_id} does not open there") from error


def key_id_of(sealed: str) -> str:
    """Which key a seal was made with. Raises InvariantBroken if it has not the form of a seal."""
    return _parts(sealed)[1]


def _parts(sealed: str) -> list[str]:
    parts = sealed.split(".")
    if len(parts) != 4 or parts[0] != _FORM:
        raise InvariantBroken("a sealed field has not the form p1.<key id>.<nonce>.<ciphertext>")
    return parts


def _bound_to(ledger_id: str, person: str, event_id: str, path: str) -> bytes:
    return json.dumps([ledger_id, person, event_id, path], ensure_ascii=False, separators=(",", ":")).encode()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
