"""Constraint rows: what decisions must know beyond the streams they fold, derived from the events alone.

The store changes these rows in the transaction that appends the events; the audit folds them again from the start.
"""

from __future__ import annotations

from msgspec.structs import replace

from ledger.domain.attendance_events import VolunteerCheckedIn
from ledger.domain.event import Event, RecordedEvent
from ledger.domain.group_attendance_state import (
    GroupAttendanceCorrected,
    GroupAttendanceRecorded,
    GroupAttendanceWithdrawn,
    GroupHeadNamed,
    GroupHoursDeclined,
    GroupHoursReversed,
)
from ledger.domain.hours import PresenceMoved, spans_of, to_epoch
from ledger.domain.registration_events import RegistrationAccepted, RegistrationWithdrawn, waiting_after
from ledger.domain.world import Presence

__all__ = ["heads_after", "places_delta", "presence_after", "waiting_after"]


def presence_after(recorded: RecordedEvent, before: Presence | None) -> Presence | None:
    """The presence row of the event's attendance once it is recorded; None when the event touches no presence.

    `before` is that attendance's row so far; its order, the position of the attendance's first event, stays for good.
    Somebody who checked in and is still there has an empty span: the row tells that the person is present, and takes
    no time.
    """
    event = recorded.data
    if isinstance(event, VolunteerCheckedIn):
        at = to_epoch(event.at)
        return Presence(event.holder, event.attendance, at, at, (), recorded.position)
    if not isinstance(event, PresenceMoved):
        return None
    after = Presence(
        volunteer=event.holder,
        attendance=event.attendance,
        start=to_epoch(event.start),
        end=to_epoch(event.end),
        counted=spans_of(event.counted),
        recorded_order=recorded.position,
    )
    return after if before is None else replace(after, recorded_order=before.recorded_order)


def heads_after(event: Event) -> int | None:
    """How many people a group attendance counts once the event is recorded; None when the event does not say."""
    match event:
        case GroupAttendanceRecorded(head_count=heads) | GroupAttendanceCorrected(head_count=heads):
            return heads
        case GroupHeadNamed(heads_left=heads):
            return heads
        case GroupAttendanceWithdrawn() | GroupHoursDeclined() | GroupHoursReversed():
            return 0
    return None


def places_delta(event: Event) -> int:
    """By how much the event changes the places taken in its shift."""
    if isinstance(event, RegistrationAccepted):
        return 1
    if isinstance(event, RegistrationWithdrawn):
        return -1
    return 0
