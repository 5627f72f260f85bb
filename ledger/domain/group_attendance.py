"""Attendance of a group by head count: how many came to a shift and how long they served together.

These names and fields are the stored format: version them with care.

The seconds belong to the opportunity's group account. They are whole seconds of all people together, never split per
head: who served is not known.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ledger.domain.attendance_events import Source
from ledger.domain.event import stored_name
from ledger.domain.hours import HoursMoved
from ledger.domain.values import ImportedFrom


class _HeadsCounted(HoursMoved):
    """Fields of the events that say how many came and how long they served together."""

    head_count: Annotated[int, Field(ge=1)]
    attended_seconds: Annotated[int, Field(gt=0)]
    """As reported, of all people together, whether counted or withheld."""
    service_date: date
    """The shift's calendar date in its place's zone; all entries bear it."""
    time_zone: str
    source: Source
    imported_from: ImportedFrom | None = None
    flags: tuple[str, ...] = ()
    """What was noticed and accepted: BEFORE_SERVICE_DATE, ABOVE_PLACES."""
    withheld_reason: str | None = None
    """DURATION_ABOVE_CAP when the seconds per head are more than one attendance may have."""


@stored_name("group-attendance-recorded")
class GroupAttendanceRecorded(_HeadsCounted):
    """The organisation counted heads at a shift."""


@stored_name("group-attendance-corrected")
class GroupAttendanceCorrected(_HeadsCounted):
    """The count or the seconds were wrong: these are the true ones. What was verified must be verified again."""

    reason: str


@stored_name("group-attendance-withdrawn")
class GroupAttendanceWithdrawn(HoursMoved):
    """The count should not have been recorded. It stays in history and never counts again."""

    reason: str
    source: Source
    imported_from: ImportedFrom | None = None


@stored_name("group-hours-verified")
class GroupHoursVerified(HoursMoved):
    """A verifier confirmed attended seconds; what was attended and not confirmed is reversed."""

    appointment: str
    """organizations/{o}/appointments/{a} that gave the right to verify."""
    verified_seconds: Annotated[int, Field(gt=0)]
    """Confirmed by this event alone."""


@stored_name("group-hours-declined")
class GroupHoursDeclined(HoursMoved):
    """A verifier did not accept what waited for verification."""

    appointment: str
    reason: str


@stored_name("group-hours-reversed")
class GroupHoursReversed(HoursMoved):
    """A verification was wrong: its seconds are verified no more."""

    appointment: str
    reason: str
