"""The stored events of one live session: certificates and hours rest on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection

from ledger.domain.event import RecordedEvent
from ledger.domain.live_presence import Presences
from ledger.domain.live_session_events import LiveSessionEnded
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.event_bytes import decode, recorded_event

_EVENTS: Final = "select body from events where stream = %b and version > %b order by version limit %b"
_NOT_COUNTED: Final = """
    select body from events
    where stream = %b and type in ('external-curve-attached', 'peak-certified', 'peak-confirmed') order by version
"""
_TOGETHER: Final = 500


@dataclass(frozen=True, slots=True)
class SessionEvents:
    """Of one session up to its end, in order."""

    bodies: Sequence[bytes]
    events: Sequence[RecordedEvent]

    def presences(self) -> Presences:
        """Who was there when."""
        presences = Presences()
        for event in self.events:
            presences.add(event.data)
        return presences


async def read_until_end(connection: AsyncConnection[Any], session: str) -> SessionEvents:
    """What attendance is counted from. Refuses NOT_FOUND, LIVE_SESSION_OPEN. Raises InvariantBroken on a gap."""
    bodies: list[bytes] = []
    events: list[RecordedEvent] = []
    while True:
        rows = await (await connection.execute(_EVENTS, (session, len(events), _TOGETHER), binary=True)).fetchall()
        for (body,) in rows:
            event = recorded_event(decode(body))
            if event.version != len(events) + 1:
                raise InvariantBroken(f"{session}: version {event.version} follows {len(events)}")
            bodies.append(body)
            events.append(event)
            if isinstance(event.data, LiveSessionEnded):
                return SessionEvents(bodies, events)
        if len(rows) < _TOGETHER:
            break
    raise _no_end(session, began=bool(events))


def _no_end(session: str, *, began: bool) -> Refusal:
    if began:
        return Refusal(Reason.LIVE_SESSION_OPEN, {"session": session})
    return Refusal(Reason.NOT_FOUND, {"name": session})


async def read_afterwards(connection: AsyncConnection[Any], session: str) -> list[RecordedEvent]:
    """Curves attached, the certificate and its confirmations: what counts for no attendance."""
    rows = await (await connection.execute(_NOT_COUNTED, (session,), binary=True)).fetchall()
    return [recorded_event(decode(row[0])) for row in rows]
