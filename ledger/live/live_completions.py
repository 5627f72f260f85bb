"""Sees to it that a live lesson completes the courses whose sessions name it: for everybody who was there long enough.

A session may be opened before the lesson ends, or after; the two lie in different partitions, so both events are
followed, and which session rests on which lesson is kept beside the store. Every completion stands once, by a request
id made from the event that ended the lesson and from the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ledger.application import Application
from ledger.domain.completion import RecordCompletion
from ledger.domain.event import RecordedEvent
from ledger.domain.hours import Span
from ledger.domain.live_session_events import LiveSessionEnded
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.domain.training_session import TrainingSessionOpened
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import FollowUpRequests
from ledger.followed_events import FollowedEvents, StoredRow
from ledger.live.session_events import read_until_end
from ledger.one_follower import Connection, Pool

RULE: Final = "complete-by-live-session"
_LOCK_NUMBER: Final = 0x766F_6C74
_NAMES: Final = """
    insert into training_by_live_session (live_session, training_session) values (%b, %b) on conflict do nothing
"""
_NAMED: Final = """
    select body from events where version = 1 and stream in (
        select training_session from training_by_live_session where live_session = %b
    ) order by stream
"""
_FINAL: Final = (
    Reason.VOLUNTEER_ERASED,
    Reason.TRAINING_SESSION_CANCELLED,
    Reason.COURSE_CLOSED,
    Reason.NOTHING_CHANGES,
)
"""Of somebody who is nobody any more; of what was called off; of who has it already."""


class LiveCompletions:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, application: Application, event_pool: Pool) -> None:
        """`event_pool` reaches the event store as the service's role."""
        self._requests = FollowUpRequests(application, RULE, settled=_FINAL)
        self._events = FollowedEvents(
            event_pool,
            what="completions by live sessions",
            lock_number=_LOCK_NUMBER,
            table="training_followed",
            types=[LiveSessionEnded.stored_name, TrainingSessionOpened.stored_name],
        )

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        await self._events.watch(self._do)

    async def _do(self, connection: Connection, partition: int, until: int, rows: Sequence[StoredRow]) -> bool:
        for _, body in rows:
            recorded = recorded_event(decode(body))
            match recorded.data:
                case LiveSessionEnded(session=lesson):
                    done = await self._complete(connection, lesson, await _named_by(connection, lesson))
                case TrainingSessionOpened(live_session=str(lesson)) as opened:
                    # Kept first: whoever looks at the lesson's end later must find it.
                    await connection.execute(_NAMES, (lesson, opened.training_session))
                    done = await self._complete(connection, lesson, [opened])
                case _:
                    done = True
            if not done:
                return False
        return True

    async def _complete(self, connection: Connection, lesson: str, sessions: Sequence[TrainingSessionOpened]) -> bool:
        """All completions of these sessions, once the lesson has ended; False: of some it is not known yet."""
        if not sessions:
            return True
        try:
            events = await read_until_end(connection, lesson)
        except Refusal as refusal:
            if refusal.reason is Reason.LIVE_SESSION_OPEN:
                return True  # its end is followed too
            raise InvariantBroken(f"{lesson} completes a course and is not there") from refusal
        spans = events.presences().spans()
        for opened in sessions:
            commands = completions(opened, spans, _ended_at(events.events[-1]))
            if not await self._requests.all_stand(commands, events.events[-1], opened.training_session):
                return False
        return True


def completions(
    opened: TrainingSessionOpened, spans: Mapping[str, Sequence[Span]], ended_at: datetime
) -> list[RecordCompletion]:
    """What is to be recorded, in an order that depends on nothing else.

    `spans`: when each person was there, [start, end) in seconds since 1970, disjoint. The day is that on which the
    lesson ended, in the zone of the session: whatever day somebody had planned, it is the one that is known.
    """
    day = ended_at.astimezone(ZoneInfo(opened.time_zone)).date()
    seconds_min = opened.attendance_seconds_min or 1
    return [
        RecordCompletion(
            volunteer=volunteer,
            course=opened.course,
            result="attended",
            completed_on=day,
            training_session=opened.training_session,
            live_session=opened.live_session,
        )
        for volunteer in sorted(spans)
        if sum(end - start for start, end in spans[volunteer]) >= seconds_min
    ]


def _ended_at(recorded: RecordedEvent) -> datetime:
    if not isinstance(recorded.data, LiveSessionEnded):
        raise InvariantBroken(f"{recorded.stream} ends with {type(recorded.data).__name__}")
    return recorded.data.at


async def _named_by(connection: Connection, lesson: str) -> list[TrainingSessionOpened]:
    rows = await (await connection.execute(_NAMED, (lesson,), binary=True)).fetchall()
    opened = [recorded_event(decode(row[0])).data for row in rows]
    return [one for one in opened if isinstance(one, TrainingSessionOpened)]
