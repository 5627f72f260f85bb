"""What can happen to a registration: one volunteer's place in one shift, or the wish for one.

It is a stream of its own in the shift's partition: the hundred-thousandth costs what the first one cost.

These names and fields are the stored format: version them with care.

    requested ──► declined            accepted ──► withdrawn
        │  └────► waitlisted ──┐         ▲  └────► absent
        └──────────────────────┴─────────┘
    requested, waitlisted ──► withdrawn         withdrawn, declined: may begin again
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from ledger.domain.event import Event, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.world import World

State: TypeAlias = Literal["requested", "waitlisted", "accepted", "declined", "withdrawn", "absent"]


class OfRegistration(Event):
    """Fields of every event of a registration."""

    registration: str
    shift: str
    opportunity: str
    volunteer: str


class Entered(OfRegistration):
    """Somebody comes in: by taking a place, by asking for one, or by waiting for one."""

    minimum_age_met: bool | None = None
    """The fact learnt from the sealed birth date, where the opportunity has a minimum age; the date is not kept."""


@stored_name("registration-accepted")
class RegistrationAccepted(Entered):
    """A place is taken. It is one more of the shift's places taken."""


@stored_name("registration-requested")
class RegistrationRequested(Entered):
    """The opportunity asks for approval: a member of the organisation decides. No place is taken yet."""


@stored_name("registration-waitlisted")
class RegistrationWaitlisted(Entered):
    """All places are taken: who waits is served in the order of these events' positions."""


@stored_name("registration-declined")
class RegistrationDeclined(OfRegistration):
    """The organisation does not take this person for this shift."""

    reason: str


@stored_name("registration-withdrawn")
class RegistrationWithdrawn(OfRegistration):
    """The place is free again."""


@stored_name("waiting-ended")
class WaitingEnded(OfRegistration):
    """Who waited for a place or for an approval waits no more. No place was taken, so none is free."""

    reason: str


@stored_name("absence-recorded")
class AbsenceRecorded(OfRegistration):
    """The person did not come. The place stays taken: nobody could have used it."""


@stored_name("eligibility-established")
class EligibilityEstablished(OfRegistration):
    """What a decision learnt of the person, as the policy asked for it: later decisions rest on this."""

    service_date: date
    """The day the facts are about."""
    adult_at_service: bool | None = None
    """Whether the person is 18 or older on that day; absent where the policy did not ask."""
    consent: str | None = None
    """volunteers/{v}/consents/{c}: the guardian's consent that was in force for that day."""
    charter: str | None = None
    charter_version: Annotated[int, Field(ge=1)] | None = None


@stored_name("training-established")
class TrainingEstablished(OfRegistration):
    """Which completions let the person register, where the opportunity asks for courses."""

    service_date: date
    """The day they were valid on."""
    completions: tuple[str, ...]
    """volunteers/{v}/completions/{c}, in the order the opportunity asked for the courses."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as its events leave it."""

    name: str
    shift: str
    volunteer: str
    state: State
    minimum_age_met: bool | None = None
    waiting_order: int | None = None
    """Position of the event that put it on the waiting list; None when it does not wait."""
    eligibility: EligibilityEstablished | None = None


_STATES: Final[dict[type[Event], State]] = {
    RegistrationAccepted: "accepted",
    RegistrationRequested: "requested",
    RegistrationWaitlisted: "waitlisted",
    RegistrationDeclined: "declined",
    RegistrationWithdrawn: "withdrawn",
    WaitingEnded: "withdrawn",
    AbsenceRecorded: "absent",
}


def evolve(state: object | None, recorded: RecordedEvent) -> Registration:
    """The registration after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case ((None | Registration(state="withdrawn" | "declined")), Entered() as entered):
            begun = Registration(
                recorded.stream, entered.shift, entered.volunteer, "requested", entered.minimum_age_met
            )
            return _in_state_of(begun, recorded)
        case Registration(state="requested"), (
            RegistrationAccepted() | RegistrationWaitlisted() | RegistrationDeclined() | WaitingEnded()
        ):
            return _in_state_of(state, recorded)
        case Registration(state="waitlisted"), RegistrationAccepted() | RegistrationDeclined() | WaitingEnded():
            return _in_state_of(state, recorded)
        case Registration(state="accepted"), RegistrationWithdrawn() | AbsenceRecorded():
            return _in_state_of(state, recorded)
        case Registration(state="requested" | "waitlisted" | "accepted"), EligibilityEstablished() as learnt:
            return replace(state, eligibility=learnt)
        case Registration(state="requested" | "waitlisted" | "accepted"), TrainingEstablished():
            return state
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _in_state_of(registration: Registration, recorded: RecordedEvent) -> Registration:
    return replace(
        registration,
        state=_STATES[type(recorded.data)],
        waiting_order=waiting_after(recorded, registration.waiting_order),
    )


def waiting_after(recorded: RecordedEvent, before: int | None) -> int | None:
    """The place in the waiting order once the event is recorded; None: it does not wait. `before` is the one so far."""
    if isinstance(recorded.data, RegistrationWaitlisted):
        return recorded.position
    if isinstance(recorded.data, RegistrationAccepted | RegistrationDeclined | WaitingEnded):
        return None
    return before


def registration_name(shift_name: str, volunteer: str) -> str:
    """opportunities/{o}/shifts/{s}/registrations/{volunteer id}: at most one registration a person and shift."""
    return f"{shift_name}/registrations/{volunteer.removeprefix('volunteers/')}"


def found(world: World, name: str) -> Registration | None:
    """The registration called `name`, None when there never was one."""
    state = world.state(name)
    if state is not None and not isinstance(state, Registration):
        raise InvariantBroken(f"{name} is no registration: {type(state).__name__}")
    return state


def existing(world: World, name: str) -> Registration:
    """The registration called `name`. Refuses NOT_FOUND."""
    known = found(world, name)
    if known is None:
        refuse(Reason.NOT_FOUND, name=name)
    return known
