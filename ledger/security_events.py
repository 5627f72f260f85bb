"""What somebody who guards the ledger wants to see in its log: who was turned away, and why.

Each is counted; of equal ones a line is written at once and then every ten seconds, so that whoever is turned away a
thousand times a second can neither fill the disk nor hide another line. A line says nothing of what was asked.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.metrics import SECURITY_EVENTS

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 10.0
REMEMBERED_MAX: Final = 1_000
"""Of (kind, client, cause). When they are used up, clients without a line of their own share one a kind."""
_CLIENT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CAUSE: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _/:,'-]{0,79}")  # no dot: no token fits
UNKNOWN: Final = "?"
"""Instead of what is not told: a name that nobody could have registered, or a cause with signs that no cause has."""


class SecurityEvent(StrEnum):
    """The kinds; names in logs and metrics, for ever."""

    TOKEN_REFUSED = "token-refused"
    CERTIFICATE_REFUSED = "certificate-refused"
    FORBIDDEN = "forbidden"
    QUOTA_EXCEEDED = "quota-exceeded"
    CLIENT_REVOKED = "client-revoked"
    STREAM_ENDED = "stream-ended"
    """What the caller may do ended while a stream was open."""


@dataclass(slots=True)
class _Line:
    written_at: float
    more: int = 0
    """Equal ones since."""


class SecurityLog:
    """Writes the lines of one process. For one thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` gives seconds that never go back."""
        self._now = now
        self._lines: dict[tuple[str, str, str], _Line] = {}

    def tell(self, kind: SecurityEvent, client: str, cause: str) -> None:
        """Count it, and write a line unless the same was written just now; `more` says how many were not."""
        SECURITY_EVENTS.labels(kind.value).inc()
        now = self._now()
        key = (kind.value, _known(_CLIENT, client), _known(_CAUSE, cause))
        line = self._lines.get(key)
        if line is None:
            key = key if self._has_room(now) else (kind.value, UNKNOWN, UNKNOWN)
            line = self._lines.setdefault(key, _Line(now - EVERY_SECONDS))
        if now < line.written_at + EVERY_SECONDS:
            line.more += 1
            return
        more, line.written_at, line.more = line.more, now, 0
        log.warning("security: %s", key[0], extra={"client": key[1], "cause": key[2], "more": more})

    def _has_room(self, now: float) -> bool:
        if len(self._lines) >= REMEMBERED_MAX:
            self._lines = {key: one for key, one in self._lines.items() if now < one.written_at + EVERY_SECONDS}
        return len(self._lines) < REMEMBERED_MAX


_own: Final = SecurityLog()


def security_event(kind: SecurityEvent, client: str, cause: str) -> None:
    """Tell that `client` (its id, empty if it has shown none) was turned away; `cause` is one of a few short texts."""
    _own.tell(kind, client, cause)


def _known(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else UNKNOWN
