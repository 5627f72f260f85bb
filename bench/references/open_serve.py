"""Reference: the service without any of what access costs: no TLS, no token is looked at, nobody is recorded."""

from __future__ import annotations

from collections.abc import Set
from typing import Final
from unittest import mock

from ledger import serve
from ledger.access.access_log import Look
from ledger.access.caller import TOKEN_ROLES, Caller, Role
from ledger.access.door import Door, Proof
from ledger.access_ledger.recording import AccessRecorder
from ledger.command_line import main

_NO_ORGANIZATION: Final[Set[str]] = frozenset()
_ANYBODY: Final = Caller("bench", "staff/synthetic-coordinator", {Role(role): _NO_ORGANIZATION for role in TOKEN_ROLES})


class NothingRecorded(AccessRecorder):
    """Forgets every look."""

    async def record(self, look: Look) -> None:
        """At once."""


class OpenDoor(Door):
    """Lets everybody in as the same caller."""

    def caller(self, proof: Proof) -> Caller:
        """At once."""
        return _ANYBODY


if __name__ == "__main__":
    # Its own `serve`, but for these two parts.
    with mock.patch.object(serve, "AccessRecorder", NothingRecorded), mock.patch.object(serve, "Door", OpenDoor):
        main()
