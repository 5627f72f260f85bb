"""An organisation: registered, accredited by the authority, suspended and reinstated, and who acts for it.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

from pydantic import AwareDatetime

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import LocalizedText
from ledger.domain.world import Reads, World

Role: TypeAlias = Literal["coordinator", "verifier"]


@stored_name("organization-registered")
class OrganizationRegistered(Event):
    """An organisation is known; the authority has not accredited it yet."""

    organization: str
    display_name: LocalizedText


@stored_name("organization-accredited")
class OrganizationAccredited(Event):
    """The authority vouches for it: its verifiers' word counts from now on."""

    organization: str
    accredited_until: date | None = None
    """The last day; None: without end."""


@stored_name("organization-suspended")
class OrganizationSuspended(Event):
    """The authority stopped it for a time; its accreditation rests."""

    organization: str
    reason: str
    """A code, not a text about people."""


@stored_name("organization-reinstated")
class OrganizationReinstated(Event):
    """The suspension ended; `state` is what it had been before."""

    organization: str
    state: Literal["registered", "accredited"]


@stored_name("member-appointed")
class MemberAppointed(Event):
    """Somebody may act for the organisation in a role, from when until when."""

    organization: str
    appointment: str
    member: str
    """The actor as authenticated, such as staff/amal."""
    role: Role
    from_time: AwareDatetime
    until_time: AwareDatetime | None = None
    completions: tuple[str, ...] | None = None
    """What it rested on where the role asks for training: volunteers/{v}/completions/{c}."""


@stored_name("role-training-required")
class RoleTrainingRequired(Event):
    """Who acts for the organisation in a role must have completed these courses; what was asked before is replaced."""

    organization: str
    role: Role
    required_courses: tuple[str, ...]
    """Empty: nothing is asked any more."""


@stored_name("appointment-ended")
class AppointmentEnded(Event):
    """An appointment ended before its time or, if it had no end, at `until_time`."""

    organization: str
    appointment: str
    until_time: AwareDatetime


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who may act, in which role, from when until when (None: until ended)."""

    name: str
    member: str
    role: Role
    from_time: datetime
    until_time: datetime | None

    def in_force(self, moment: datetime) -> bool:
        """Whether it holds at `moment`: from included, until not."""
        return self.from_time <= moment and (self.until_time is None or moment < self.until_time)


@dataclass(frozen=True, slots=True)
class Organization:
    """An organisation as its events leave it."""

    name: str
    display_name: LocalizedText
    state: Literal["registered", "accredited", "suspended"]
    state_before_suspension: Literal["registered", "accredited"]
    accredited_until: date | None
    appointments: Mapping[str, Appointment]
    required_training: Mapping[Role, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By role, the courses that whoever acts in it must have completed; a role that asks for none is not in it."""
    suspensions: tuple[tuple[int, int | None], ...] = ()
    """From when until when it was suspended, by record time in whole seconds since 1970 UTC; None: it still is."""

    def suspended_within(self, start: int, end: int) -> bool:
        """Whether a suspension touches the span [start, end)."""
        return any(since < end and (until is None or start < until) for since, until in self.suspensions)


def evolve(state: object | None, recorded: RecordedEvent) -> Organization:
    """The organisation after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, OrganizationRegistered(display_name=display_name):
            return Organization(recorded.stream, display_name, "registered", "registered", None, MappingProxyType({}))
        case Organization(), OrganizationAccredited(accredited_until=until):
            return replace(state, state="accredited", state_before_suspension="accredited", accredited_until=until)
        case Organization(), OrganizationSuspended():
            since = int(recorded.recorded_at.timestamp()), None
            return replace(state, state="suspended", suspensions=(*state.suspensions, since))
        case Organization(), OrganizationReinstated(state=before):
            return replace(state, state=before, suspensions=_ended(state, recorded.recorded_at))
        case Organization(), MemberAppointed() as appointed:
            return _with(state, _appointment(appointed))
        case Organization(), RoleTrainingRequired(role=role, required_courses=courses):
            asked = {one: known for one, known in state.required_training.items() if one != role}
            return replace(state, required_training=MappingProxyType(asked | ({role: courses} if courses else {})))
        case Organization(), AppointmentEnded(appointment=name, until_time=until) if name in state.appointments:
            return _with(state, replace(state.appointments[name], until_time=until))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _appointment(appointed: MemberAppointed) -> Appointment:
    return Appointment(
        appointed.appointment, appointed.member, appointed.role, appointed.from_time, appointed.until_time
    )


def _with(organization: Organization, appointment: Appointment) -> Organization:
    return replace(
        organization, appointments=MappingProxyType({**organization.appointments, appointment.name: appointment})
    )


def _ended(organization: Organization, at: datetime) -> tuple[tuple[int, int | None], ...]:
    # Upwards to the whole second: the second in which it ended was not free of it.
    until = int(at.timestamp()) + bool(at.microsecond)
    return tuple((since, until if end is None else end) for since, end in organization.suspensions)


def existing(world: World, name: str) -> Organization:
    """The organisation called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Organization):
        raise InvariantBroken(f"{name} is no organisation: {type(state).__name__}")
    return state


def suspended_within(world: World, name: str, span: tuple[int, int]) -> bool:
    """Whether whoever offered service was suspended during any of that time. Raises NotLoaded."""
    offering = world.state(name)
    return isinstance(offering, Organization) and bool(offering.suspensions) and offering.suspended_within(*span)


def verifier_appointment(organization: Organization, actor: str, now: datetime) -> Appointment | None:
    """The appointment that lets `actor` verify for the organisation at `now`, if there is one."""
    for appointment in organization.appointments.values():
        if appointment.member == actor and appointment.role == "verifier" and appointment.in_force(now):
            return appointment
    return None


def member_appointment(organization: Organization, actor: str, now: datetime) -> Appointment | None:
    """Any appointment of `actor` that is in force at `now`, if there is one."""
    held = (one for one in organization.appointments.values() if one.member == actor and one.in_force(now))
    return next(held, None)


@dataclass(frozen=True, slots=True)
class RegisterOrganization:
    """Make an organisation known. Refuses ALREADY_EXISTS."""

    organization: str
    display_name: LocalizedText

    @property
    def stream(self) -> str:
        return self.organization

    def reads(self) -> Reads:
        return Reads(streams=(self.organization,))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.organization) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.organization)
        registered = OrganizationRegistered(organization=self.organization, display_name=self.display_name)
        return [NewEvent(self.organization, registered)]


@dataclass(frozen=True, slots=True)
class AccreditOrganization:
    """Accredit, or renew with another end. Refuses ACCREDITATION_IN_PAST, ORGANIZATION_SUSPENDED, NOTHING_CHANGES."""

    organization: str
    accredited_until: date | None

    @property
    def stream(self) -> str:
        return self.organization

    def reads(self) -> Reads:
        return Reads(streams=(self.organization,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.organization)
        if known.state == "suspended":
            refuse(Reason.ORGANIZATION_SUSPENDED, organization=self.organization)
        if self.accredited_until is not None and self.accredited_until < world.now.date():
            refuse(Reason.ACCREDITATION_IN_PAST, date=self.accredited_until)
        if known.state == "accredited" and known.accredited_until == self.accredited_until:
            refuse(Reason.NOTHING_CHANGES, name=self.organization)
        accredited = OrganizationAccredited(organization=self.organization, accredited_until=self.accredited_until)
        return [NewEvent(self.organization, accredited)]


@dataclass(frozen=True, slots=True)
class SuspendOrganization:
    """Stop an organisation for a time. Refuses NOTHING_CHANGES when it is suspended already."""

    organization: str
    reason: str

    @property
    def stream(self) -> str:
        return self.organization

    def reads(self) -> Reads:
        return Reads(streams=(self.organization,))

    def decide(self, world: World) -> list[NewEvent]:
        if existing(world, self.organization).state == "suspended":
            refuse(Reason.NOTHING_CHANGES, name=self.organization)
        suspended = OrganizationSuspended(organization=self.organization, reason=self.reason)
        return [NewEvent(self.organization, suspended)]


@dataclass(frozen=True, slots=True)
class ReinstateOrganization:
    """End a suspension; what held before holds again. Refuses ORGANIZATION_NOT_SUSPENDED."""

    organization: str

    @property
    def stream(self) -> str:
        return self.organization

    def reads(self) -> Reads:
        return Reads(streams=(self.organization,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.organization)
        if known.state != "suspended":
            refuse(Reason.ORGANIZATION_NOT_SUSPENDED, organization=self.organization)
        reinstated = OrganizationReinstated(organization=self.organization, state=known.state_before_suspension)
        return [NewEvent(self.organization, reinstated)]


def organization_of(appointment: str) -> str:
    """The organisation an appointment belongs to."""
    return "/".join(appointment.split("/", 2)[:2])
