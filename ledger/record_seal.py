"""The relay's seal on a record: who may write to the topic is one thing, who may add to the ledger another.

A record without a valid seal is quarantined and does not count as its position.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from ledger.event_bytes import CONTENT_TYPE
from ledger.settings import Settings, WrongSetting

CONTENT_TYPE_HEADER: Final = "content-type"
SEAL_HEADER: Final = "hmac"
KEY_BYTES_MIN: Final = 16

_CONTENT_TYPE_PAIR: Final = (CONTENT_TYPE_HEADER, CONTENT_TYPE.encode("ascii"))
_BLOCK_BYTES: Final = 64
"""Of SHA-256."""


class RecordSeal:
    """HMAC-SHA-256 of the stored bytes under the relay key, 32 raw bytes in the header `hmac`."""

    def __init__(self, key: bytes) -> None:
        """Raises WrongSetting for a key that could be guessed."""
        if len(key) < KEY_BYTES_MIN:
            raise WrongSetting(f"LEDGER_RELAY_KEY has {len(key)} bytes; set one of at least {KEY_BYTES_MIN}")
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    @classmethod
    def of(cls, settings: Settings) -> RecordSeal:
        """The seal under the relay key of the settings."""
        return cls(settings.relay_key.get_secret_value().encode("utf-8"))

    def headers(self, stored: bytes) -> list[tuple[str, bytes]]:
        """The two headers of a record: every further one costs each consumer a tenth of its speed."""
        return [_CONTENT_TYPE_PAIR, (SEAL_HEADER, self._digest(stored))]

    def fault(self, headers: Sequence[tuple[str, str | bytes | None]], stored: bytes) -> str | None:
        """Why a record does not carry our seal over these bytes; None when it does."""
        content_type: str | bytes | None = None
        seal: str | bytes | None = None
        for name, value in headers:
            if name == SEAL_HEADER:
                seal = value
            elif name == CONTENT_TYPE_HEADER:
                content_type = value
        if not isinstance(seal, bytes):
            return "no hmac header"
        if not compare_digest(seal, self._digest(stored)):
            return "hmac does not fit the bytes"
        if content_type != _CONTENT_TYPE_PAIR[1]:
            return f"content-type is not {CONTENT_TYPE}"
        return None

    def _digest(self, stored: bytes) -> bytes:
        """HMAC by RFC 2104, section 2, from the two hash states that every record begins with.

        hmac.digest gives the same in twice the time: it looks up the algorithm anew, and lets go of the interpreter
        each time, which a consumer gets back only when its reading thread pauses.
        """
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(stored)
        outer.update(inner.digest())
        return outer.digest()
