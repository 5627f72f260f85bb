"""What pages need of statements: the port between `ledger/web` and the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

OpenedState: TypeAlias = Literal[
    "valid", "superseded", "revoked", "erased", "expired", "unknown", "withdrawn", "share_expired", "used_up"
]
"""The last three: the link was withdrawn, has ended, or was opened as often as it may be. Not to be told to whoever
has no code: nobody guesses 128 bits."""


@dataclass(frozen=True, slots=True)
class OpenedStatement:
    """What whoever opened a link is given. But for `valid`, `superseded` and `expired` it holds a state alone."""

    state: OpenedState
    credential: str | None = None
    """The SD-JWT VC."""
    event: bytes | None = None
    """Stored bytes of `statement-issued`; None while its place in the log is not signed yet."""
    tlog_proof: bytes | None = None
    """That they are in the log; with `event`."""
    balance_proof: bytes | None = None
    """Of a statement of everything."""
    now_verified_seconds: int | None = None
    """Superseded: of the same scope, now."""
    superseded_at: datetime | None = None
    revoked_at: datetime | None = None
    receipt: str | None = None
    """Sent with the next opening by the same browser, it makes that one no further view, for fifteen minutes."""


class StatementDesk(Protocol):
    """Safe to share between requests."""

    async def open(self, code: str, receipt: str | None) -> OpenedStatement:
        """Open a link: counts a view and records who looked, before anything is told. Refuses UNAVAILABLE."""
        ...

    async def status_list(self, partition: int, number: int) -> str:
        """The signed list of status, at most some seconds old. Refuses NOT_FOUND."""
        ...

    async def honour_status_list(self, partition: int, number: int) -> str:
        """The same of honours."""
        ...

    def issuer_document(self) -> bytes:
        """What `/.well-known/jwt-vc-issuer` answers: JSON."""
        ...

    def log_keys(self) -> Sequence[str]:
        """Verifier keys (vkeys) of the logs of all partitions."""
        ...
