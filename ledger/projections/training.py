"""What is taught, when it is held, and who has completed it until when? A row a course, a session, and a record."""

from __future__ import annotations

from typing import Final

import msgspec
from psycopg.types.json import Jsonb

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent
from ledger.projections.training_data import (
    CompletionRecorded,
    CompletionRevoked,
    CourseClosed,
    CourseDetails,
    CoursePublished,
    CourseUpdated,
    TrainingSessionCancelled,
    TrainingSessionOpened,
)

_PUBLISHED: Final = """
    insert into courses (course, partition, organization, state, details) values (%s, %s, %s, 'published', %s)
"""
_UPDATED: Final = "update courses set details = %s where course = %s"
_CLOSED: Final = "update courses set state = 'closed' where course = %s"
_OPENED: Final = """
    insert into training_sessions (
        training_session, partition, course, organization, start_time, end_time, time_zone, places, region, online,
        city, live_session, attendance_seconds_min, state
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'open')
"""
_CANCELLED: Final = "update training_sessions set state = 'cancelled' where training_session = %s"
_RECORDED: Final = """
    insert into completion_records (
        completion, number, partition, position, course, organization, result, completes, completed_on, valid_until,
        training_session, live_session, recorded_by, recorded_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_REVOKED: Final = """
    update completion_records set revoked_position = %s, revoked_at = %s, revoked_by = %s, revoked_for = %s
    where number = %s and completion = %s
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring courses and sessions up to date one by one, for they are few; completions come by the thousand."""
    recorded: list[tuple[object, ...]] = []
    revoked: list[tuple[OtherEvent, CompletionRevoked]] = []
    for event, data in batch.directory:
        match data:
            case CoursePublished():
                told = [data.course, event.partition, data.organization, _json(data.course_details)]
                connection.execute(_PUBLISHED, told)
            case CourseUpdated():
                change_one(connection, _UPDATED, [_json(data.course_details), data.course])
            case CourseClosed():
                change_one(connection, _CLOSED, [data.course])
            case TrainingSessionOpened():
                connection.execute(_OPENED, _session_row(event, data))
            case TrainingSessionCancelled():
                change_one(connection, _CANCELLED, [data.training_session])
            case CompletionRecorded():
                recorded.append(_record_row(event, data))
            case CompletionRevoked():
                revoked.append((event, data))
            case _:
                pass  # another projection's
    if recorded:
        connection.cursor().executemany(_RECORDED, recorded)
    # A record comes before what revokes it, and is revoked once: behind all of them is early enough.
    for event, data in revoked:
        told = [event.position, event.time, event.actor, data.reason, data.number, data.completion]
        change_one(connection, _REVOKED, told)


def _session_row(event: OtherEvent, data: TrainingSessionOpened) -> list[object]:
    return [
        data.training_session,
        event.partition,
        data.course,
        data.organization,
        data.start,
        data.end,
        data.time_zone,
        data.places,
        data.place.region,
        data.place.online,
        data.place.city,
        data.live_session,
        data.attendance_seconds_min,
    ]


def _record_row(event: OtherEvent, data: CompletionRecorded) -> tuple[object, ...]:
    return (
        data.completion,
        data.number,
        event.partition,
        event.position,
        data.course,
        data.organization,
        data.result,
        data.completes,
        data.completed_on,
        data.valid_until,
        data.training_session,
        data.live_session,
        event.actor,
        event.time,
    )


def _json(details: CourseDetails) -> Jsonb:
    return Jsonb(details, dumps=msgspec.json.encode)
