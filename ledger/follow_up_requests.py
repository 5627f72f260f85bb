"""As whom the ledger itself asks for what must follow, and under which request ids."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from ledger.domain.event import RecordedEvent
from ledger.domain.follow_ups import FOLLOW_UP_ACTOR

CLIENT: Final = "ledger/follow-ups"
"""No caller's client has a slash: nobody can use up these request ids."""
ACTOR: Final = FOLLOW_UP_ACTOR

_NAMESPACE: Final = UUID("6f0c3f0e-9f0b-5b5e-8d3e-7c1b7a5d9e42")


def request_id_of(recorded: RecordedEvent, rule: str) -> str:
    """UUIDv5 of the event's place and the rule."""
    return str(uuid5(_NAMESPACE, f"{recorded.partition}/{recorded.position}/{rule}"))
