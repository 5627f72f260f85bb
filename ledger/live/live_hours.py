"""Sees to it that who attended a live session has hours of it: an attendance for each time they were there.

By the usual path from there: attended, then to be verified; overlaps and caps are withheld as everywhere. Every
attendance stands once, by a request id made from the event that ended the session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from ledger.application import Application
from ledger.domain.attendance import RecordAttendance
from ledger.domain.event import RecordedEvent
from ledger.domain.hours import Span
from ledger.domain.live_session_events import LiveSessionEnded
from ledger.domain.opportunity import Crediting, OpportunityPublished, OpportunityUpdated
from ledger.domain.refusals import InvariantBroken, Reason
from ledger.domain.streams import opportunity_of, shift_of
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import FollowUpRequests
from ledger.followed_events import FollowedEvents, StoredRow
from ledger.live.session_events import read_until_end
from ledger.one_follower import Connection, Pool

RULE: Final = "record-live-attendance"
_LOCK_NUMBER: Final = 0x766F_6C69
_DETAILS: Final = """
    select body from events
    where stream = %b and type in ('opportunity-published', 'opportunity-updated') order by version desc limit 1
"""
_NO_HOURS: Final = (Reason.VOLUNTEER_ERASED, Reason.GROUP_ALREADY_COUNTED)
"""Of somebody who is nobody any more; of a shift whose heads were counted."""


class LiveHours:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, application: Application, event_pool: Pool) -> None:
        """`event_pool` reaches the event store as the service's role."""
        self._requests = FollowUpRequests(application, RULE, settled=_NO_HOURS)
        self._events = FollowedEvents(
            event_pool,
            what="hours of live sessions",
            lock_number=_LOCK_NUMBER,
            table="live_hours_followed",
            types=[LiveSessionEnded.stored_name],
        )

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        await self._events.watch(self._do)

    async def _do(self, connection: Connection, partition: int, until: int, rows: Sequence[StoredRow]) -> bool:
        for _, body in rows:
            if not await self._record(connection, recorded_event(decode(body))):
                return False
        return True

    async def _record(self, connection: Connection, ended: RecordedEvent) -> bool:
        """All attendances of one session; False: of some it is not known yet whether they stand."""
        spans = (await read_until_end(connection, ended.stream)).presences().spans()
        crediting = await _crediting(connection, opportunity_of(ended.stream))
        return await self._requests.all_stand(list(attendances(ended.stream, spans, crediting)), ended)


def attendances(session: str, spans: Mapping[str, Sequence[Span]], crediting: Crediting) -> Iterator[RecordAttendance]:
    """What is to be recorded, in an order that depends on nothing else."""
    marked = hashlib.sha256(session.encode()).hexdigest()[:20]
    for volunteer in sorted(spans):
        of_person = spans[volunteer]
        if crediting == "schedule":
            # The shift's times, whoever was there: once, or the second time would overlap the first.
            of_person = [(of_person[0][0], of_person[-1][1])]
        for number, (start, end) in enumerate(of_person, start=1):
            yield RecordAttendance(
                attendance=f"{volunteer}/attendances/live-{marked}-{number}",
                shift=shift_of(session),
                volunteer=volunteer,
                start=datetime.fromtimestamp(start, UTC),
                end=datetime.fromtimestamp(end, UTC),
            )


async def _crediting(connection: Connection, opportunity: str) -> Crediting:
    row = await (await connection.execute(_DETAILS, (opportunity,), binary=True)).fetchone()
    data = None if row is None else recorded_event(decode(row[0])).data
    if not isinstance(data, OpportunityPublished | OpportunityUpdated):
        raise InvariantBroken(f"{opportunity} has a live session and was never published")
    return data.details.crediting
