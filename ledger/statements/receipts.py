"""Receipts: with one the same browser opens a link again, for fifteen minutes, and that counts as no further view."""

from __future__ import annotations

import hmac
import time
from typing import Final

LIFE_SECONDS: Final = 15 * 60
_PURPOSE: Final = b"volunteer-hours/statement-receipt\n"
_SECONDS_DIGITS_MAX: Final = 12


class Receipts:
    """Made and known again by all processes that have the same secret."""

    def __init__(self, secret: bytes) -> None:
        self._keyed = hmac.new(secret, _PURPOSE, "sha256")

    def give(self, share: str) -> str:
        """A receipt for a view of this link that was counted now."""
        until = int(time.time()) + LIFE_SECONDS
        return f"{until}.{self._mark(share, until)}"

    def holds(self, receipt: str, share: str) -> bool:
        """Whether it is of this link and not over. Anything else, whatever its form, is no receipt."""
        until, _, mark = receipt.partition(".")
        if not (until.isascii() and until.isdecimal() and len(until) <= _SECONDS_DIGITS_MAX and mark.isascii()):
            return False
        return hmac.compare_digest(mark, self._mark(share, int(until))) and time.time() < int(until)

    def _mark(self, share: str, until: int) -> str:
        keyed = self._keyed.copy()
        keyed.update(f"{share}\n{until}".encode())
        return keyed.hexdigest()
