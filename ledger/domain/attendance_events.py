"""What can happen to one person's attendance: everything that stands in a stream volunteers/{v}/attendances/{a}.

These names and fields are the stored format: version them with care.

    checked in ─► checked out ─┐
                               ├─► verified ─► reversed        corrected: attended again, to be verified again
    recorded ──────────────────┘─► declined                    withdrawn: for good
                                                               released: withheld seconds begin to count
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from ledger.domain.event import Event, stored_name
from ledger.domain.hours import PresenceMoved
from ledger.domain.values import ImportedFrom, Interval

Method: TypeAlias = Literal["qr", "kiosk", "app", "coordinator"]
Crediting: TypeAlias = Literal["clock", "schedule"]
Source: TypeAlias = Literal["native", "migrated"]


@stored_name("volunteer-checked-in")
class VolunteerCheckedIn(Event):
    """A registered person has come. No seconds move yet: that waits for the check-out."""

    holder: str
    """volunteers/{v}"""
    attendance: str
    organization: str
    opportunity: str
    shift: str
    at: AwareDatetime
    method: Method
    time_zone: str
    """Of the place: calendar dates of service are those of this zone."""
    crediting: Crediting
    """As the opportunity had it when the person came; a later change does not touch who is there."""


class HoursDecided(PresenceMoved):
    """Fields of the events that decide anew which of a person's seconds count.

    `start` and `end` are the span credited, by the clock or by the shift's schedule.
    """

    time_zone: str
    crediting: Crediting
    served: Interval | None = None
    """When the person came and left, where that is not the span credited."""
    source: Source
    imported_from: ImportedFrom | None = None
    flags: tuple[str, ...] = ()
    """What was noticed and accepted, such as BEFORE_SERVICE_DATE."""
    withheld_reason: str | None = None
    """Why the span does not count in whole: OVERLAP or DURATION_ABOVE_CAP."""


@stored_name("volunteer-checked-out")
class VolunteerCheckedOut(HoursDecided):
    """The person has left; from here on the attendance has hours."""

    method: Method


@stored_name("attendance-recorded")
class AttendanceRecorded(HoursDecided):
    """The organisation noted that a person was there from start to end."""


@stored_name("attendance-corrected")
class AttendanceCorrected(HoursDecided):
    """The times were wrong: these are the true ones. What was verified must be verified again."""

    reason: str


@stored_name("attendance-withdrawn")
class AttendanceWithdrawn(PresenceMoved):
    """The attendance should not have been recorded. It stays in history and never counts again."""

    reason: str
    source: Source
    imported_from: ImportedFrom | None = None


@stored_name("hours-verified")
class HoursVerified(PresenceMoved):
    """A verifier confirmed attended seconds; what was attended and not confirmed is reversed."""

    appointment: str
    """organizations/{o}/appointments/{a} that gave the right to verify."""
    verified_seconds: Annotated[int, Field(gt=0)]
    """Confirmed by this event alone."""


@stored_name("hours-declined")
class HoursDeclined(PresenceMoved):
    """A verifier did not accept what waited for verification."""

    appointment: str
    reason: str


@stored_name("hours-reversed")
class HoursReversed(PresenceMoved):
    """A verification was wrong: its seconds are verified no more."""

    appointment: str
    reason: str


@stored_name("hours-released")
class HoursReleased(PresenceMoved):
    """The ground for withholding ended, because a decision about another attendance freed the person's time."""

    reason: str
    """OVERLAP_ENDED or DURATION_WITHIN_CAP."""
    withheld_reason: str | None = None
    """Why the rest is still withheld."""
