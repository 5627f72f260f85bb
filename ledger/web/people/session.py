"""Who reads pages: a token, sealed in a cookie, and the proof that a form was shown to the same session.

The server keeps nothing but the sessions that were signed out here, until their tokens end by themselves (decision 25).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.requests import Request
from starlette.responses import Response

from ledger.access.token_text import LIFE_SECONDS_MAX

TOKEN_BYTES_MAX: Final = 2_800
"""Sealed and in base64, with its name and attributes, it stays under the 4,096 bytes that browsers keep."""
_SEALED_BYTES_MAX: Final = 4_000
_ID_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_BOUND_TO: Final = b"volunteer-hours session 1"
_ENDED_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's, from signing in to signing out."""

    session_id: bytes
    token: str


class Sessions:
    """Seals and opens them. One process has one; any process with the same key opens what another one sealed."""

    def __init__(self, key: bytes, *, secure: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """`secure`: browsers come over TLS alone; then the cookie is bound to this host (`__Host-`, RFC 6265bis)."""
        self._sealing = AESGCM(_derived(key, b"seal"))
        self._proving = _derived(key, b"forms")
        self._secure = secure
        self._clock = clock
        self._ended: dict[bytes, float] = {}
        self.cookie_name = "__Host-session" if secure else "session"

    def begin(self, token: str) -> Session:
        """A new session, also for a token that has one already: ids are never taken over."""
        return Session(os.urandom(_ID_BYTES), token)

    def keep(self, response: Response, session: Session, seconds: float) -> None:
        """Give it to the browser, for so long."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._sealing.encrypt(nonce, session.session_id + session.token.encode("ascii"), _BOUND_TO)
        text = base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")
        self._set(response, text, max(0, int(seconds)))

    def of(self, request: Request) -> Session | None:
        """The browser's session; None without one that was sealed here and not signed out."""
        text = request.cookies.get(self.cookie_name, "")
        if not text or len(text) > _SEALED_BYTES_MAX or not text.isascii():
            return None
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            opened = self._sealing.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _BOUND_TO)
        except (binascii.Error, ValueError, InvalidTag):
            return None
        session = Session(opened[:_ID_BYTES], opened[_ID_BYTES:].decode("ascii"))
        return None if session.session_id in self._ended else session

    def end(self, response: Response, session: Session | None) -> None:
        """Sign out: the browser forgets it, and so does whoever copied it."""
        self._set(response, "", 0)
        if session is None:
            return
        now = self._clock()
        if len(self._ended) >= _ENDED_MAX:
            self._ended = {one: until for one, until in self._ended.items() if until > now}
        self._ended[session.session_id] = now + LIFE_SECONDS_MAX

    def proof(self, session: Session) -> str:
        """What every form of this session carries."""
        return hmac.new(self._proving, session.session_id, "sha256").hexdigest()

    def is_proof(self, session: Session, text: str) -> bool:
        """Whether a form was shown to this session."""
        return hmac.compare_digest(self.proof(session).encode(), text.encode())

    def _set(self, response: Response, text: str, seconds: int) -> None:
        # Lax, not strict: who reads a QR code with their camera comes from no page of ours.
        response.set_cookie(
            self.cookie_name, text, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"volunteer-hours pages " + purpose).derive(key)
