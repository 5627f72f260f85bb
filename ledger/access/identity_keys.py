"""From an identity number to the key under which it is unique: a keyed hash, so that nobody can try all numbers.

There are only 10^9 numbers of a type: a plain hash of one could be reversed in minutes. Who holds the secret can still
do that, so it lies with the server and nowhere else, and is never changed: a new secret would forget who is registered.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from ledger.domain.identity import IdentityDocument, IdentityType, document, document_of
from ledger.settings import WrongSetting

SECRET_BYTES_MIN: Final = 16


class IdentityKeys:
    """Makes the unique key of an identity document."""

    def __init__(self, secret: bytes, *, verify_check_digit: bool = True) -> None:
        """Raises WrongSetting if the secret is too short to be one."""
        if len(secret) < SECRET_BYTES_MIN:
            raise WrongSetting(f"LEDGER_IDENTITY_KEY must be a secret of at least {SECRET_BYTES_MIN} bytes")
        self._secret = secret
        self._verify_check_digit = verify_check_digit

    def document(self, identity_type: IdentityType, number: str, country: str = "") -> IdentityDocument:
        """The document as it is sealed. Refuses IDENTITY_INVALID, IDENTITY_COUNTRY_INVALID."""
        return document(identity_type, number, country, verify_check_digit=self._verify_check_digit)

    def sealed_document(self, kind: str, number: str) -> IdentityDocument | None:
        """The document whose kind and number were sealed, None for a kind that is none. Refuses as `document` does."""
        return document_of(kind, number, verify_check_digit=self._verify_check_digit)

    def key_of(self, document: IdentityDocument) -> bytes:
        """HMAC-SHA-256(secret, kind + ":" + number): unique by type, country and number."""
        return hmac.digest(self._secret, f"{document.kind}:{document.number}".encode(), hashlib.sha256)
