"""What the organisation decides about a registration: approved, declined, and noted as absent."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.domain import initiative, opportunity, organization, shift
from ledger.domain.attendance_state import Attendance
from ledger.domain.event import NewEvent
from ledger.domain.hours import to_epoch
from ledger.domain.initiative import is_initiative
from ledger.domain.opportunity import Opportunity
from ledger.domain.refusals import Reason, refuse
from ledger.domain.registration import is_full, refuse_closed
from ledger.domain.registration_events import (
    AbsenceRecorded,
    Registration,
    RegistrationAccepted,
    RegistrationDeclined,
    RegistrationWaitlisted,
    existing,
)
from ledger.domain.shift import Shift
from ledger.domain.streams import opportunity_of, shift_of
from ledger.domain.values import SECONDS_PER_DAY
from ledger.domain.volunteer import refuse_erased
from ledger.domain.world import Reads, World, need_states


@dataclass(frozen=True, slots=True)
class ApproveRegistration:
    """Give a place to who asked for one, or a place on the waiting list when all are taken.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, NOT_A_MEMBER, OWN_REGISTRATION, NOT_REQUESTED, OPPORTUNITY_CLOSED,
    SHIFT_CANCELLED, SHIFT_FULL.
    """

    registration: str

    @property
    def stream(self) -> str:
        return self.registration

    def reads(self) -> Reads:
        return _reads(self.registration)

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.registration)
        wanted, offered = _shift_and_opportunity(world, known)
        refuse_others(world, offered, known.volunteer)
        if known.state != "requested":
            refuse(Reason.NOT_REQUESTED, registration=known.name)
        refuse_erased(world, known.volunteer)
        refuse_closed(offered, wanted)
        entering = RegistrationWaitlisted if is_full(world, offered, wanted) else RegistrationAccepted
        entered = entering(
            registration=known.name,
            shift=known.shift,
            opportunity=offered.name,
            volunteer=known.volunteer,
            minimum_age_met=known.minimum_age_met,
        )
        return [NewEvent(known.name, entered)]


@dataclass(frozen=True, slots=True)
class DeclineRegistration:
    """Refuse a place to who asked for one or waits for one. Refuses NOT_FOUND, NOT_A_MEMBER, OWN_REGISTRATION,
    NOT_REQUESTED.
    """

    registration: str
    reason: str

    @property
    def stream(self) -> str:
        return self.registration

    def reads(self) -> Reads:
        return _reads(self.registration)

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.registration)
        _, offered = _shift_and_opportunity(world, known)
        refuse_others(world, offered, known.volunteer)
        if known.state not in ("requested", "waitlisted"):
            refuse(Reason.NOT_REQUESTED, registration=known.name)
        declined = RegistrationDeclined(
            registration=known.name,
            shift=known.shift,
            opportunity=offered.name,
            volunteer=known.volunteer,
            reason=self.reason,
        )
        return [NewEvent(known.name, declined)]


@dataclass(frozen=True, slots=True)
class RecordAbsence:
    """Note that somebody who had a place did not come, once the shift has begun.

    It moves no seconds and is final: who came after all is recorded by RecordAttendance, which needs no registration.
    Refuses NOT_FOUND, NOT_A_MEMBER, OWN_REGISTRATION, NOT_REGISTERED, SHIFT_CANCELLED, SHIFT_NOT_BEGUN,
    ATTENDANCE_THERE.
    """

    registration: str

    @property
    def stream(self) -> str:
        return self.registration

    def reads(self) -> Reads:
        return _reads(self.registration)

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.registration)
        wanted, offered = _shift_and_opportunity(world, known)
        refuse_others(world, offered, known.volunteer)
        if known.state != "accepted":
            refuse(Reason.NOT_REGISTERED, volunteer=known.volunteer, shift=known.shift)
        if wanted.state == "cancelled":
            refuse(Reason.SHIFT_CANCELLED, shift=wanted.name)
        if wanted.start is None or world.now < wanted.start:
            refuse(Reason.SHIFT_NOT_BEGUN, shift=wanted.name)
        self._refuse_attended(world, known, wanted)
        absent = AbsenceRecorded(
            registration=known.name, shift=known.shift, opportunity=offered.name, volunteer=known.volunteer
        )
        return [NewEvent(known.name, absent)]

    def _refuse_attended(self, world: World, known: Registration, wanted: Shift) -> None:
        """The person's rows may lie in another partition: what was committed there by now is seen."""
        if wanted.start is None or wanted.end is None:
            return
        window = to_epoch(wanted.start) - SECONDS_PER_DAY, to_epoch(wanted.end) + SECONDS_PER_DAY
        names = [presence.attendance for presence in world.presences((known.volunteer, *window))]
        need_states(world, names)
        for name in names:
            attendance = world.state(name)
            if not isinstance(attendance, Attendance) or attendance.state == "withdrawn":
                continue
            if attendance.shift == known.shift:
                refuse(Reason.ATTENDANCE_THERE, attendance=name)


def _reads(registration: str) -> Reads:
    of_shift = shift_of(registration)
    return Reads(streams=(registration, of_shift, opportunity_of(registration)), shifts=(of_shift,))


def _shift_and_opportunity(world: World, known: Registration) -> tuple[Shift, Opportunity]:
    wanted = shift.existing(world, known.shift)
    return wanted, opportunity.existing(world, wanted.opportunity)


def refuse_others(world: World, offered: Opportunity, volunteer: str) -> None:
    """Refuse OWN_REGISTRATION to the person, NOT_A_MEMBER to who does not act for whoever offers it."""
    if world.actor == volunteer:
        refuse(Reason.OWN_REGISTRATION, actor=world.actor)
    if is_initiative(offered.organization):
        if world.actor not in initiative.existing(world, offered.organization).responsible:
            refuse(Reason.NOT_A_MEMBER, actor=world.actor, organization=offered.organization)
        return
    offering = organization.existing(world, offered.organization)
    if organization.member_appointment(offering, world.actor, world.now) is None:
        refuse(Reason.NOT_A_MEMBER, actor=world.actor, organization=offering.name)
