"""Confirming hours: who may do it, and what verifying, declining and reversing move.

Whoever verifies neither served nor submitted, and holds a verifier's appointment in the organisation where the hours
were served. Coordinators record; they do not verify. The events stand with the attendance they are about, in
`attendance_events` and `group_attendance_state`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import Final, TypedDict

from ledger.domain import attendance_state, organization
from ledger.domain.attendance_events import HoursDeclined, HoursReversed, HoursVerified
from ledger.domain.attendance_state import Attendance
from ledger.domain.event import Event, NewEvent
from ledger.domain.group_attendance_state import (
    GroupAttendance,
    GroupHoursDeclined,
    GroupHoursReversed,
    GroupHoursVerified,
)
from ledger.domain.group_attendance_state import existing as existing_group
from ledger.domain.hours import (
    Allocation,
    Span,
    entries_between,
    first_seconds,
    intervals_of,
    joined,
    seconds_by_date,
    subtract,
)
from ledger.domain.organization import Organization
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import counting_now, releases
from ledger.domain.streams import is_group
from ledger.domain.values import Account, Entry, zone
from ledger.domain.world import Reads, World

NOT_CONFIRMED: Final = "NOT_CONFIRMED"


class _MovedFields(TypedDict):
    """What every event that moves hours says: see `hours.HoursMoved`."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class VerifyHours:
    """Confirm attended hours. What is not confirmed is reversed; what is withheld stays withheld.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, VERIFIER_SERVED, VERIFIER_SUBMITTED,
    NOT_A_VERIFIER, ORGANIZATION_SUSPENDED, ORGANIZATION_NOT_ACCREDITED, NOTHING_TO_VERIFY, VERIFIED_ABOVE_ATTENDED,
    DURATION_OUT_OF_RANGE.
    """

    attendance: str
    verified_seconds: int | None = None
    """The first so many of the attended seconds; None: all."""

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = _with_hours(world, self.attendance)
        verifying = organization.existing(world, known.organization)
        appointment = _appointment(world, known, verifying)
        _refuse_unaccredited(verifying, world.now.astimezone(UTC).date())
        attended_seconds = known.total(Account.ATTENDED)
        if not attended_seconds:
            refuse(Reason.NOTHING_TO_VERIFY, attendance=self.attendance)
        verified_seconds = attended_seconds if self.verified_seconds is None else self.verified_seconds
        if verified_seconds < 1:
            refuse(Reason.DURATION_OUT_OF_RANGE, seconds=verified_seconds, seconds_max=attended_seconds)
        if verified_seconds > attended_seconds:
            refuse(Reason.VERIFIED_ABOVE_ATTENDED, attended_seconds=attended_seconds)
        if isinstance(known, GroupAttendance):
            return [_verify_group(known, verified_seconds, appointment)]
        return _verify(world, known, verified_seconds, appointment)


@dataclass(frozen=True, slots=True)
class DeclineHours:
    """Do not accept what waits for verification: attended and withheld seconds are reversed.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, VERIFIER_SERVED, VERIFIER_SUBMITTED,
    NOT_A_VERIFIER, NOTHING_TO_DECLINE.
    """

    attendance: str
    reason: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = _with_hours(world, self.attendance)
        appointment = _appointment(world, known, organization.existing(world, known.organization))
        if not known.total(Account.ATTENDED) + known.total(Account.WITHHELD):
            refuse(Reason.NOTHING_TO_DECLINE, attendance=self.attendance)
        moved = _moved(known, _without(known.seconds, Account.ATTENDED, Account.WITHHELD), self.reason)
        if isinstance(known, GroupAttendance):
            return [_deciding(known, GroupHoursDeclined(**moved, appointment=appointment, reason=self.reason))]
        declined = HoursDeclined(
            **moved,
            start=known.start,
            end=known.end,
            counted=intervals_of(known.verified),
            appointment=appointment,
            reason=self.reason,
        )
        return [_deciding(known, declined), *releases(world, counting_now(known, known.verified))]


@dataclass(frozen=True, slots=True)
class ReverseHours:
    """Take a verification back: its seconds are reversed.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, VERIFIER_SERVED, VERIFIER_SUBMITTED,
    NOT_A_VERIFIER, NOTHING_TO_REVERSE.
    """

    attendance: str
    reason: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = _with_hours(world, self.attendance)
        appointment = _appointment(world, known, organization.existing(world, known.organization))
        if not known.total(Account.VERIFIED):
            refuse(Reason.NOTHING_TO_REVERSE, attendance=self.attendance)
        moved = _moved(known, _without(known.seconds, Account.VERIFIED), self.reason)
        if isinstance(known, GroupAttendance):
            return [_deciding(known, GroupHoursReversed(**moved, appointment=appointment, reason=self.reason))]
        still_attended = subtract(known.counted, known.verified)
        taken_back = HoursReversed(
            **moved,
            start=known.start,
            end=known.end,
            counted=intervals_of(still_attended),
            appointment=appointment,
            reason=self.reason,
        )
        return [_deciding(known, taken_back), *releases(world, counting_now(known, still_attended))]


def _with_hours(world: World, name: str) -> Attendance | GroupAttendance:
    if not is_group(name):
        return attendance_state.with_hours(world, name)
    known = existing_group(world, name)
    if known.state == "withdrawn":
        refuse(Reason.ATTENDANCE_WITHDRAWN, attendance=name)
    return known


def _appointment(world: World, known: Attendance | GroupAttendance, verifying: Organization) -> str:
    """The appointment that lets the actor judge these hours. Refuses everybody who may not."""
    if world.actor == known.holder:
        refuse(Reason.VERIFIER_SERVED)
    if world.actor in known.submitted_by:
        refuse(Reason.VERIFIER_SUBMITTED)
    appointment = organization.verifier_appointment(verifying, world.actor, world.now)
    if appointment is None:
        refuse(Reason.NOT_A_VERIFIER, actor=world.actor, organization=verifying.name)
    return appointment.name


def _refuse_unaccredited(verifying: Organization, today: date) -> None:
    if verifying.state == "suspended":
        refuse(Reason.ORGANIZATION_SUSPENDED, organization=verifying.name)
    until = verifying.accredited_until
    if verifying.state != "accredited" or (until is not None and until < today):
        refuse(Reason.ORGANIZATION_NOT_ACCREDITED, organization=verifying.name)


def _verify(world: World, known: Attendance, verified_seconds: int, appointment: str) -> list[NewEvent]:
    attended = subtract(known.counted, known.verified)
    confirmed = first_seconds(attended, verified_seconds)
    by_date = seconds_by_date(confirmed, zone(known.time_zone))
    counted: tuple[Span, ...] = joined((*known.verified, *confirmed))
    verified = HoursVerified(
        **_moved(known, _verified_target(known.seconds, by_date), NOT_CONFIRMED),
        start=known.start,
        end=known.end,
        counted=intervals_of(counted),
        appointment=appointment,
        verified_seconds=verified_seconds,
    )
    return [_deciding(known, verified), *releases(world, counting_now(known, counted))]


def _verify_group(known: GroupAttendance, verified_seconds: int, appointment: str) -> NewEvent:
    target = _verified_target(known.seconds, {known.service_date: verified_seconds})
    moved = _moved(known, target, NOT_CONFIRMED)
    return _deciding(known, GroupHoursVerified(**moved, appointment=appointment, verified_seconds=verified_seconds))


def _verified_target(current: Allocation, confirmed_by_date: dict[date, int]) -> Allocation:
    target = _without(current, Account.ATTENDED)
    for day, seconds in confirmed_by_date.items():
        target[day, Account.VERIFIED] = target.get((day, Account.VERIFIED), 0) + seconds
    return target


def _without(current: Allocation, *accounts: Account) -> dict[tuple[date, Account], int]:
    return {key: seconds for key, seconds in current.items() if key[1] not in accounts}


def _moved(known: Attendance | GroupAttendance, target: Allocation, reversed_reason: str) -> _MovedFields:
    return _MovedFields(
        holder=known.holder,
        attendance=known.name,
        organization=known.organization,
        opportunity=known.opportunity,
        shift=known.shift,
        entries=entries_between(known.seconds, target, reversed_reason=reversed_reason),
    )


def _deciding(known: Attendance | GroupAttendance, event: Event) -> NewEvent:
    return NewEvent(known.name, event, policy=known.policy)
