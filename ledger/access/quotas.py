"""How much one client may ask of one process: calls and bytes a second, and streams open at once.

Nothing is waited for here. A call beyond its client's quota is refused with the seconds after which it would be let in,
so that a client that asks too much costs the others nothing. Each process counts for itself.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ledger.domain.refusals import Reason, Refusal

BURST_SECONDS: Final = 2
"""A client that was silent may ask for so many seconds' worth at once."""
CLIENTS_MAX: Final = 10_000
"""Accounts kept. Clients beyond share one, so that no number of names makes the memory grow."""
SWEEP_SECONDS: Final = 1
STREAM_RETRY_SECONDS: Final = 1
"""Nobody knows when a stream ends: a client with too many asks again after a second."""
SECOND_NS: Final = 1_000_000_000
BURST_NS: Final = BURST_SECONDS * SECOND_NS
_EVERYBODY_ELSE: Final = ""


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """Of one client, in one process; 0 is no limit."""

    calls_per_second: int
    bytes_per_second: int
    """Of requests, as they arrive."""
    streams: int
    """Open at once."""


class QuotaExceeded(Refusal):
    """A client asked for more than its quota."""

    def __init__(self, client: str, quota: str, limit: int, wait_ns: int) -> None:
        self.client = client
        # Rounded up to milliseconds: who comes back after exactly this time is let in.
        self.retry_after_seconds = math.ceil(wait_ns / 1_000_000) / 1_000
        seconds = f"{self.retry_after_seconds:g}"
        super().__init__(Reason.QUOTA_EXCEEDED, {"quota": quota, "limit": str(limit), "retry_after_seconds": seconds})


class _Bucket:
    """Tokens that come back at a steady rate. It may be overdrawn: a message is as large as it is."""

    __slots__ = ("_full_at_ns", "_per_second")

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._full_at_ns = 0
        """The moment at which nothing will be missing; one number says both how much there is and since when."""

    def is_full(self, now_ns: int) -> bool:
        return self._full_at_ns <= now_ns

    def wait_ns(self, tokens: int, now_ns: int) -> int:
        """Until so many are there; 0 if they are, or if nothing is limited."""
        if not self._per_second:
            return 0
        # At most a whole burst is ever there: who needs more is let in when it is full, and pays it off afterwards.
        needed_ns = min(self._worth_ns(tokens), BURST_NS)
        return max(0, self._full_at_ns - now_ns + needed_ns - BURST_NS)

    def take(self, tokens: int, now_ns: int) -> None:
        if self._per_second:
            self._full_at_ns = max(self._full_at_ns, now_ns) + self._worth_ns(tokens)

    def _worth_ns(self, tokens: int) -> int:
        return round(tokens * SECOND_NS / self._per_second)


class _Account:
    """What one client has used."""

    __slots__ = ("calls", "received", "streams")

    def __init__(self, limits: QuotaLimits) -> None:
        self.calls = _Bucket(limits.calls_per_second)
        self.received = _Bucket(limits.bytes_per_second)
        self.streams = 0

    def is_untouched(self, now_ns: int) -> bool:
        """Whether forgetting it changes nothing."""
        return not self.streams and self.calls.is_full(now_ns) and self.received.is_full(now_ns)


class Quotas:
    """The accounts of all clients of this process. For one thread."""

    def __init__(self, limits: QuotaLimits, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """`now_ns` gives nanoseconds that never go back."""
        self._limits = limits
        self._now_ns = now_ns
        self._accounts: dict[str, _Account] = {}
        self._swept_at_ns = 0

    def admit(self, client: str, body_bytes: int) -> None:
        """Count a call and its request. Refuses QUOTA_EXCEEDED; then nothing is counted."""
        self._count(client, body_bytes)

    def message(self, client: str, body_bytes: int) -> None:
        """Count a further message of an open stream: it costs what a call does. Refuses QUOTA_EXCEEDED."""
        self._count(client, body_bytes)

    @contextlib.contextmanager
    def stream(self, client: str) -> Iterator[None]:
        """Count an open stream until it ends. Refuses QUOTA_EXCEEDED before anything is done."""
        account = self._account(client, self._now_ns())
        if self._limits.streams and account.streams >= self._limits.streams:
            raise QuotaExceeded(client, "open streams", self._limits.streams, STREAM_RETRY_SECONDS * SECOND_NS)
        account.streams += 1
        try:
            yield
        finally:
            account.streams -= 1

    def _count(self, client: str, body_bytes: int) -> None:
        now_ns = self._now_ns()
        account = self._account(client, now_ns)
        if wait_ns := account.calls.wait_ns(1, now_ns):
            raise QuotaExceeded(client, "calls per second", self._limits.calls_per_second, wait_ns)
        if wait_ns := account.received.wait_ns(body_bytes, now_ns):
            raise QuotaExceeded(client, "bytes per second", self._limits.bytes_per_second, wait_ns)
        account.calls.take(1, now_ns)
        account.received.take(body_bytes, now_ns)

    def _account(self, client: str, now_ns: int) -> _Account:
        account = self._accounts.get(client)
        if account is None:
            if len(self._accounts) >= CLIENTS_MAX:
                self._sweep(now_ns)
            if len(self._accounts) >= CLIENTS_MAX:
                client = _EVERYBODY_ELSE
            account = self._accounts.setdefault(client, _Account(self._limits))
        return account

    def _sweep(self, now_ns: int) -> None:
        """Forget whoever has used nothing lately; at most once a second, for it looks at all of them."""
        if now_ns < self._swept_at_ns + SWEEP_SECONDS * SECOND_NS:
            return
        self._swept_at_ns = now_ns
        self._accounts = {name: one for name, one in self._accounts.items() if not one.is_untouched(now_ns)}
