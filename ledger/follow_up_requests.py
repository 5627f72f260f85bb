"""How the ledger itself asks for what must follow from an event: as whom, and so that it stands once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID, uuid5

from ledger import metrics
from ledger.application import Application
from ledger.domain.event import RecordedEvent
from ledger.domain.follow_ups import FOLLOW_UP_ACTOR
from ledger.domain.refusals import Reason, Refusal
from ledger.domain.world import Command

log = logging.getLogger(__name__)

CLIENT: Final = "ledger/follow-ups"
"""No caller's client has a slash: nobody can use up these request ids."""
ACTOR: Final = FOLLOW_UP_ACTOR
PAGE_COMMANDS_MAX: Final = 500

_NAMESPACE: Final = UUID("6f0c3f0e-9f0b-5b5e-8d3e-7c1b7a5d9e42")


def request_id_of(recorded: RecordedEvent, rule: str) -> str:
    """UUIDv5 of the event's place and the rule."""
    return str(uuid5(_NAMESPACE, f"{recorded.partition}/{recorded.position}/{rule}"))


async def ask(application: Application, command: Command, cause: RecordedEvent, rule: str) -> None:
    """Record the command at most once for (cause, rule). Raises Refusal."""
    await application.execute(
        command,
        client=CLIENT,
        actor=ACTOR,
        request_id=request_id_of(cause, rule),
        # Not what the command says: asked for again, after a crash, the first answer to this cause must stand.
        request_body=f"{rule} {cause.event_id}".encode(),
    )


class FollowUpRequests:
    """Asks for the commands of one rule that several streams may need after one event."""

    def __init__(
        self, application: Application, rule: str, *, settled: Collection[Reason], overtaken: Collection[Reason] = ()
    ) -> None:
        """`settled`: refusals with which nothing is missing. `overtaken`: a later look came first, look again."""
        self._application = application
        self._rule = rule
        self._settled = settled
        self._overtaken = overtaken

    async def stands(self, command: Command, cause: RecordedEvent) -> bool:
        """Ask for one command; False: it is not known whether it stands, or a later look has overtaken it."""
        try:
            await ask(self._application, command, cause, f"{self._rule} {command.stream}")
        except Refusal as refusal:
            return self._is_final(command, cause, refusal)
        metrics.FOLLOW_UPS.labels(self._rule, "OK").inc()
        return True

    async def all_stand(self, commands: Sequence[Command], cause: RecordedEvent, part: str = "") -> bool:
        """Ask for all, page by page; False: of some it is not known yet whether they stand.

        `part`: of a cause that calls for several such lists, the one that this is. The commands and their order must
        be the same each time: an item's key is its place in the page.
        """
        about = f"{self._rule} {part}" if part else self._rule
        for first in range(0, len(commands), PAGE_COMMANDS_MAX):
            page = commands[first : first + PAGE_COMMANDS_MAX]
            outcomes = await self._application.execute_page(
                [(command, f"{self._rule} {command.stream}".encode()) for command in page],
                client=CLIENT,
                actor=ACTOR,
                request_id=request_id_of(cause, f"{about} {first}"),
            )
            for command, outcome in zip(page, outcomes, strict=True):
                if isinstance(outcome, Refusal) and not self._is_final(command, cause, outcome):
                    return False
        return True

    def _is_final(self, command: Command, cause: RecordedEvent, refusal: Refusal) -> bool:
        if refusal.may_be_asked_again or refusal.reason in self._overtaken:
            return False
        if refusal.reason not in self._settled:
            # All that can refuse it was looked at before it was asked for: somebody must look.
            reason = refusal.reason.name
            log.error("%s %s does not follow from event %s: %s", self._rule, command.stream, cause.event_id, reason)
            metrics.FOLLOW_UPS.labels(self._rule, reason).inc()
        return True
