"""Who acts for an organisation: appointing them, ending it, and asking them for training.

What the events say stands in `organization`, what is asked in `role_training`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.domain import course, role_training
from ledger.domain.event import NewEvent
from ledger.domain.organization import (
    AppointmentEnded,
    MemberAppointed,
    Role,
    RoleTrainingRequired,
    existing,
    organization_of,
)
from ledger.domain.refusals import Reason, refuse
from ledger.domain.volunteer import refuse_erased
from ledger.domain.world import Reads, World


@dataclass(frozen=True, slots=True)
class AppointMember:
    """Let somebody act for an organisation.

    Refuses ALREADY_EXISTS, TIMES_REVERSED, VOLUNTEER_ERASED, MEMBER_ERASED, TRAINING_MISSING.
    """

    appointment: str
    """organizations/{organization}/appointments/{appointment}"""
    member: str
    role: Role
    from_time: datetime | None = None
    """None: from now on."""
    until_time: datetime | None = None

    @property
    def stream(self) -> str:
        return organization_of(self.appointment)

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,), exists=(self.member,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.stream)
        if self.appointment in known.appointments:
            refuse(Reason.ALREADY_EXISTS, name=self.appointment)
        refuse_erased(world, self.member)
        from_time = self.from_time or world.now.replace(microsecond=0)
        if self.until_time is not None and self.until_time <= from_time:
            refuse(Reason.TIMES_REVERSED, start=from_time.isoformat(), end=self.until_time.isoformat())
        first_day = from_time.astimezone(UTC).date()
        completions = role_training.completed(world, known, self.role, self.member, first_day)
        appointed = MemberAppointed(
            organization=known.name,
            appointment=self.appointment,
            member=self.member,
            role=self.role,
            from_time=from_time,
            until_time=self.until_time,
            completions=completions or None,
        )
        return [NewEvent(known.name, appointed)]


@dataclass(frozen=True, slots=True)
class EndAppointment:
    """End an appointment now. Refuses NOT_FOUND, APPOINTMENT_ENDED."""

    appointment: str

    @property
    def stream(self) -> str:
        return organization_of(self.appointment)

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.stream)
        appointment = known.appointments.get(self.appointment)
        if appointment is None:
            refuse(Reason.NOT_FOUND, name=self.appointment)
        now = world.now.replace(microsecond=0)
        if appointment.until_time is not None and appointment.until_time <= now:
            refuse(Reason.APPOINTMENT_ENDED, name=self.appointment)
        ended = AppointmentEnded(organization=known.name, appointment=self.appointment, until_time=now)
        return [NewEvent(known.name, ended)]


@dataclass(frozen=True, slots=True)
class RequireTraining:
    """Ask whoever acts in a role for courses, in place of those asked for so far; with none, for nothing.

    Who was appointed before keeps the appointment, and verifies nothing without them. Refuses NOT_FOUND (the
    organisation, a course), NOTHING_CHANGES.
    """

    organization: str
    role: Role
    courses: tuple[str, ...]

    @property
    def stream(self) -> str:
        return self.organization

    def reads(self) -> Reads:
        return Reads(streams=(self.organization, *self.courses))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.organization)
        for name in self.courses:
            course.existing(world, name)
        if known.required_training.get(self.role, ()) == self.courses:
            refuse(Reason.NOTHING_CHANGES, name=self.organization)
        required = RoleTrainingRequired(organization=self.organization, role=self.role, required_courses=self.courses)
        return [NewEvent(self.organization, required)]
