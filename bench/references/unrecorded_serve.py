"""Reference: the service as people run it, but nobody records who looks: it shows what the ledger of accesses costs."""

from __future__ import annotations

from ledger import serve
from ledger.access.access_log import Look
from ledger.access_ledger.recording import AccessRecorder
from ledger.command_line import main


class NothingRecorded(AccessRecorder):
    """Forgets every look."""

    async def record(self, look: Look) -> None:
        """At once."""


if __name__ == "__main__":
    setattr(serve, "AccessRecorder", NothingRecorded)  # noqa: B010 -- a type has no other value for the type checker
    main()
