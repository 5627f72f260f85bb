"""What can happen to one person's attendance: everything that stands in a stream volunteers/{v}/attendances/{a}.

These names and fields are the stored format: version them with care.

    checked in ─► checked out ─┐
    recorded ──────────────────┼─► verified ─► adjusted        corrected: attended again, to be verified again
    claimed ───────────────────┘        └────► reversed        withdrawn: for good
                               └─► declined                    released: withheld seconds begin to count
                                                               disputed ─► resolved: back, or reversed
    received from another shift, person or head count              transferred: to another shift or person, for good
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
Resolution: TypeAlias = Literal["UPHELD", "REJECTED"]
Undisputed: TypeAlias = Literal["claimed", "recorded", "verified", "declined", "reversed"]
"""States in which an attendance with hours can be disputed, and to which a dispute's end leads."""


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


@stored_name("hours-claimed")
class HoursClaimed(HoursDecided):
    """A person says that they served where nobody clocked or noted it: claimed until the organisation answers."""


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


class _OfAttendance(Event):
    """Fields of the events that tell something of an attendance and move no seconds."""

    holder: str
    """volunteers/{v}"""
    attendance: str
    organization: str
    opportunity: str
    shift: str


@stored_name("attendance-confirmed")
class AttendanceConfirmed(_OfAttendance):
    """The person agreed with what is recorded of them; a later correction is to be confirmed again."""


@stored_name("verification-begun")
class VerificationBegun(_OfAttendance):
    """The first of two verifiers agreed: these seconds are verified once another one says the same."""

    appointment: str
    """organizations/{o}/appointments/{a} that gave the right to verify."""
    verified_seconds: Annotated[int, Field(gt=0)]


@stored_name("hours-verified")
class HoursVerified(PresenceMoved):
    """A verifier confirmed claimed or attended seconds; what waited and was not confirmed is reversed."""

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


@stored_name("hours-adjusted")
class HoursAdjusted(PresenceMoved):
    """A verification was too high: its first seconds stay verified, the rest is verified no more."""

    appointment: str
    verified_seconds: Annotated[int, Field(gt=0)]
    """So many stay."""
    reason: str


@stored_name("hours-disputed")
class HoursDisputed(PresenceMoved):
    """Somebody concerned contests the hours: they take the person's time and count for nothing until it is resolved."""

    appointment: str | None = None
    """Of a member of the organisation; absent when the person contests, or whoever answers for the initiative."""
    reason: str


@stored_name("dispute-resolved")
class DisputeResolved(PresenceMoved):
    """A verifier who took no part decided: what was contested is reversed, or is again what it was before."""

    appointment: str
    resolution: Resolution
    """UPHELD: the contested hours were wrong; REJECTED: they stand."""
    attendance_state: Undisputed
    """The attendance's state from now on."""
    reason: str
    withheld_reason: str | None = None
    """Why the rest is still withheld."""


@stored_name("attendance-transferred")
class AttendanceTransferred(PresenceMoved):
    """The hours were another shift's or another person's. They leave here for good, and are received there."""

    reason: str
    was_served: Interval
    """When the person came and left, whatever was credited here: what is received there."""
    to_attendance: str
    """volunteers/{v}/attendances/{a}"""
    to_shift: str


@stored_name("attendance-received")
class AttendanceReceived(HoursDecided):
    """Hours that had been recorded for another shift, another person or a head count begin here, to be verified."""

    transferred_from: str
    """The attendance or group attendance they left; the event that took them from there is what this one corrects."""
