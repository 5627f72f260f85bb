"""A registration: one volunteer's place in one shift, taken, given back, and perhaps taken again.

It is a stream of its own in the shift's partition: the hundred-thousandth costs what the first one cost.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ledger.domain import opportunity, shift
from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.opportunity import Opportunity
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.shift import Shift
from ledger.domain.streams import opportunity_of, shift_of
from ledger.domain.world import Reads, World


@stored_name("registration-accepted")
class RegistrationAccepted(Event):
    """A place is taken. It is one more of the shift's places taken."""

    registration: str
    shift: str
    opportunity: str
    volunteer: str
    minimum_age_met: bool | None = None
    """The fact learnt from the sealed birth date, where the opportunity has a minimum age; the date is not kept."""


@stored_name("registration-withdrawn")
class RegistrationWithdrawn(Event):
    """The place is free again."""

    registration: str
    shift: str
    opportunity: str
    volunteer: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as its events leave it."""

    name: str
    shift: str
    volunteer: str
    state: Literal["accepted", "withdrawn"]


def evolve(state: object | None, recorded: RecordedEvent) -> Registration:
    """The registration after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, RegistrationAccepted() as accepted:
            return Registration(recorded.stream, accepted.shift, accepted.volunteer, "accepted")
        case Registration(state="withdrawn"), RegistrationAccepted():
            return replace(state, state="accepted")
        case Registration(state="accepted"), RegistrationWithdrawn():
            return replace(state, state="withdrawn")
    raise InvariantBroken(f"{recorded.stream} cannot hold {recorded.data!r} at version {recorded.version}")


def registration_name(shift_name: str, volunteer: str) -> str:
    """opportunities/{o}/shifts/{s}/registrations/{volunteer id}: at most one registration a person and shift."""
    return f"{shift_name}/registrations/{volunteer.removeprefix('volunteers/')}"


def found(world: World, name: str) -> Registration | None:
    """The registration called `name`, None when there never was one."""
    state = world.state(name)
    if state is not None and not isinstance(state, Registration):
        raise InvariantBroken(f"{name} is no registration: {state!r}")
    return state


def age_years(birth_date: date, day: date) -> int:
    """Completed years on `day`; who was born on 29 February completes one on 1 March of a common year."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


@dataclass(frozen=True, slots=True)
class RegisterForShift:
    """Take a place.

    Refuses NOT_FOUND, OPPORTUNITY_CLOSED, SHIFT_HAS_NO_TIMES, ALREADY_REGISTERED, SHIFT_FULL, BIRTH_DATE_MISSING,
    BELOW_MINIMUM_AGE.
    """

    shift: str
    volunteer: str

    @property
    def stream(self) -> str:
        return registration_name(self.shift, self.volunteer)

    def reads(self) -> Reads:
        return Reads(
            streams=(self.stream, self.shift, opportunity_of(self.shift)),
            exists=(self.volunteer,),
            shifts=(self.shift,),
        )

    def decide(self, world: World) -> list[NewEvent]:
        wanted = shift.existing(world, self.shift)
        offered = opportunity.existing(world, wanted.opportunity)
        if not world.exists(self.volunteer):
            refuse(Reason.NOT_FOUND, name=self.volunteer)
        known = found(world, self.stream)
        if known is not None and known.state == "accepted":
            refuse(Reason.ALREADY_REGISTERED, volunteer=self.volunteer, shift=self.shift)
        if offered.state == "closed":
            refuse(Reason.OPPORTUNITY_CLOSED, opportunity=offered.name)
        if wanted.start is None:
            refuse(Reason.SHIFT_HAS_NO_TIMES, shift=self.shift)
        if world.places_taken(self.shift) >= wanted.places:
            refuse(Reason.SHIFT_FULL, places=wanted.places, shift=self.shift)
        accepted = RegistrationAccepted(
            registration=self.stream,
            shift=self.shift,
            opportunity=offered.name,
            volunteer=self.volunteer,
            minimum_age_met=self._minimum_age_met(world, offered, wanted),
        )
        return [NewEvent(self.stream, accepted)]

    def _minimum_age_met(self, world: World, offered: Opportunity, wanted: Shift) -> bool | None:
        if not offered.minimum_age_years:
            return None
        birth_date = world.birth_date(self.volunteer)
        if birth_date is None:
            refuse(Reason.BIRTH_DATE_MISSING, opportunity=offered.name, volunteer=self.volunteer)
        if age_years(birth_date, shift.day_of_service(wanted)) < offered.minimum_age_years:
            refuse(Reason.BELOW_MINIMUM_AGE, opportunity=offered.name, minimum_age_years=offered.minimum_age_years)
        return True


@dataclass(frozen=True, slots=True)
class WithdrawRegistration:
    """Give the place back. Refuses NOT_FOUND, NOTHING_CHANGES when it was withdrawn already."""

    registration: str

    @property
    def stream(self) -> str:
        return self.registration

    def reads(self) -> Reads:
        return Reads(streams=(self.registration,), shifts=(shift_of(self.registration),))

    def decide(self, world: World) -> list[NewEvent]:
        known = found(world, self.registration)
        if known is None:
            refuse(Reason.NOT_FOUND, name=self.registration)
        if known.state == "withdrawn":
            refuse(Reason.NOTHING_CHANGES, name=self.registration)
        withdrawn = RegistrationWithdrawn(
            registration=known.name,
            shift=known.shift,
            opportunity=opportunity_of(known.shift),
            volunteer=known.volunteer,
        )
        return [NewEvent(known.name, withdrawn)]
