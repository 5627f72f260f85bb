"""The event by which hours become disputed: what counts, counts for nothing until the dispute is resolved."""

from __future__ import annotations

from ledger.domain.attendance_events import HoursDisputed
from ledger.domain.attendance_state import Attendance
from ledger.domain.event import NewEvent
from ledger.domain.hours import intervals_of, seconds_by_date
from ledger.domain.judging import deciding, moved, without
from ledger.domain.values import COUNTED_CLASSES, Account, zone


def disputed(known: Attendance, appointment: str | None, reason: str) -> NewEvent:
    """All counted seconds of an attendance, disputed. `appointment`: that lets the actor contest, if one is needed."""
    target = without(known.seconds, *COUNTED_CLASSES)
    for day, seconds in seconds_by_date(known.counted, zone(known.time_zone)).items():
        target[day, Account.DISPUTED] = seconds
    event = HoursDisputed(
        **moved(known, target),
        start=known.start,
        end=known.end,
        counted=intervals_of(known.counted),
        appointment=appointment,
        reason=reason,
    )
    return deciding(known, event)
