"""The relay's seal on a record: who may write to the topic is one thing, who may add to the ledger another.

A record without a valid seal is quarantined and does not count as its position.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from ledger.event_bytes import CONTENT_TYPE
from ledger.settings import Settings, WrongSetting

CONTENT_TYPE_HEADER: Final = "content-type"
SEAL_HEADER: Final = "hmac"
KEY_BYTES_MIN: Final = 16

_CONTENT_TYPE_PAIR: Final = (CONTENT_TYPE_HEADER, CONTENT_TYPE.encode("ascii"))


class RecordSeal:
    """HMAC-SHA-256 of the stored bytes under the relay key, 32 raw bytes in the header `hmac`."""

    def __init__(self, key: bytes) -> None:
        """Raises WrongSetting for a key that could be guessed."""
        if len(key) < KEY_BYTES_MIN:
            raise WrongSetting(f"LEDGER_RELAY_KEY has {len(key)} bytes; set one of at least {KEY_BYTES_MIN}")
        self._key = key

    @classmethod
    def of(cls, settings: Settings) -> RecordSeal:
        """The seal under the relay key of the settings."""
        return cls(settings.relay_key.get_secret_value().encode("utf-8"))

    def headers(self, stored: bytes) -> list[tuple[str, bytes]]:
        """The two headers of a record: every further one costs each consumer a tenth of its speed."""
        return [_CONTENT_TYPE_PAIR, (SEAL_HEADER, hmac.digest(self._key, stored, "sha256"))]

    def fault(self, headers: Sequence[tuple[str, bytes | None]], stored: bytes) -> str | None:
        """Why a record does not carry our seal over these bytes; None when it does."""
        content_type: bytes | None = None
        seal: bytes | None = None
        for name, value in headers:
            if name == SEAL_HEADER:
                seal = value
            elif name == CONTENT_TYPE_HEADER:
                content_type = value
        if seal is None:
            return "no hmac header"
        if not hmac.compare_digest(seal, hmac.digest(self._key, stored, "sha256")):
            return "hmac does not fit the bytes"
        if content_type != _CONTENT_TYPE_PAIR[1]:
            return f"content-type is not {CONTENT_TYPE}"
        return None
