"""A registration: one volunteer's place in one shift, taken, given back, and perhaps taken again.

Its story in order: `registration_events` (what can happen, and how it folds), here (how it begins and ends),
`approval` (what the organisation decides), `waiting` (who gets a free place), `eligibility` (what the policy asks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain import eligibility, opportunity, prerequisites, shift, volunteer
from ledger.domain.eligibility import age_years
from ledger.domain.event import NewEvent
from ledger.domain.opportunity import Opportunity
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.refusals import Reason, refuse
from ledger.domain.registration_events import (
    Entered,
    Registration,
    RegistrationAccepted,
    RegistrationRequested,
    RegistrationWaitlisted,
    RegistrationWithdrawn,
    WaitingEnded,
    evolve,
    existing,
    found,
    registration_name,
)
from ledger.domain.shift import Shift
from ledger.domain.streams import opportunity_of, shift_of
from ledger.domain.waiting import promotions
from ledger.domain.world import Reads, World

__all__ = [
    "RegisterForShift",
    "Registration",
    "RegistrationAccepted",
    "RegistrationWithdrawn",
    "WithdrawRegistration",
    "evolve",
    "found",
    "refuse_closed",
    "registration_name",
]

WITHDRAWN: Final = "WITHDRAWN"
"""Why a waiting ended: the person, or somebody for them, took it back."""


def refuse_closed(offered: Opportunity, wanted: Shift) -> None:
    """Refuse OPPORTUNITY_CLOSED or SHIFT_CANCELLED where nobody is taken any more."""
    if offered.state == "closed":
        refuse(Reason.OPPORTUNITY_CLOSED, opportunity=offered.name)
    if wanted.state == "cancelled":
        refuse(Reason.SHIFT_CANCELLED, shift=wanted.name)


def is_full(world: World, offered: Opportunity, wanted: Shift) -> bool:
    """Whether who comes now must wait. Refuses SHIFT_FULL when the waiting list has no place either."""
    if world.places_taken(wanted.name) < wanted.places:
        return False
    if world.places_waiting(wanted.name) >= offered.waiting_places:
        refuse(Reason.SHIFT_FULL, places=wanted.places, shift=wanted.name)
    return True


@dataclass(frozen=True, slots=True)
class RegisterForShift:
    """Take a place; where the opportunity asks for approval, ask for one; where all are taken, wait for one.

    Who is registered and asks again keeps what they have: where the policy asks for more than is known of them, or it
    no longer holds, that alone is learnt anew.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, OPPORTUNITY_CLOSED, SHIFT_CANCELLED, SHIFT_HAS_NO_TIMES, ALREADY_REGISTERED,
    SHIFT_FULL, BIRTH_DATE_MISSING, BELOW_MINIMUM_AGE, GUARDIAN_CONSENT_MISSING, CHARTER_NOT_ACCEPTED, TRAINING_MISSING.
    """

    shift: str
    volunteer: str

    @property
    def stream(self) -> str:
        return registration_name(self.shift, self.volunteer)

    def reads(self) -> Reads:
        return Reads(
            streams=(self.stream, self.shift, opportunity_of(self.shift), STANDARD_POLICY_STREAM),
            exists=(self.volunteer,),
            shifts=(self.shift,),
        )

    def decide(self, world: World) -> list[NewEvent]:
        wanted = shift.existing(world, self.shift)
        offered = opportunity.existing(world, wanted.opportunity)
        volunteer.refuse_unknown(world, self.volunteer)
        known = found(world, self.stream)
        if known is not None and known.state not in ("withdrawn", "declined"):
            return self._learnt_anew(world, known, offered, wanted)
        refuse_closed(offered, wanted)
        if wanted.start is None:
            refuse(Reason.SHIFT_HAS_NO_TIMES, shift=self.shift)
        entered = self._entering(world, offered, wanted)(
            registration=self.stream,
            shift=self.shift,
            opportunity=offered.name,
            volunteer=self.volunteer,
            minimum_age_met=self._minimum_age_met(world, offered, wanted),
        )
        trained = prerequisites.established(world, self.stream, offered, wanted, self.volunteer)
        rested_on = [] if trained is None else [NewEvent(self.stream, trained)]
        return [NewEvent(self.stream, entered), *self._learnt(world, wanted), *rested_on]

    def _learnt(self, world: World, wanted: Shift) -> list[NewEvent]:
        learnt = eligibility.established(world, self.stream, wanted, self.volunteer)
        return [] if learnt is None else [NewEvent(self.stream, learnt)]

    def _learnt_anew(self, world: World, known: Registration, offered: Opportunity, wanted: Shift) -> list[NewEvent]:
        if known.state == "absent" or eligibility.is_established(world, known, wanted):
            refuse(Reason.ALREADY_REGISTERED, volunteer=self.volunteer, shift=self.shift)
        refuse_closed(offered, wanted)
        return self._learnt(world, wanted)

    def _entering(self, world: World, offered: Opportunity, wanted: Shift) -> type[Entered]:
        full = is_full(world, offered, wanted)
        if offered.approval_required:
            return RegistrationRequested
        return RegistrationWaitlisted if full else RegistrationAccepted

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
    """Give the place back, to the first who waits; or wait no more.

    Refuses NOT_FOUND, ABSENCE_RECORDED, NOTHING_CHANGES when it was withdrawn or declined already.
    """

    registration: str
    reason: str = WITHDRAWN
    """Why a waiting ends; who gives a place back gives none."""

    @property
    def stream(self) -> str:
        return self.registration

    def reads(self) -> Reads:
        return Reads(streams=(self.registration,), shifts=(shift_of(self.registration),))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.registration)
        offered = opportunity_of(known.shift)
        if known.state in ("requested", "waitlisted"):
            ended = WaitingEnded(
                registration=known.name,
                shift=known.shift,
                opportunity=offered,
                volunteer=known.volunteer,
                reason=self.reason,
            )
            return [NewEvent(known.name, ended)]
        if known.state == "absent":
            refuse(Reason.ABSENCE_RECORDED, registration=known.name)
        if known.state != "accepted":
            refuse(Reason.NOTHING_CHANGES, name=self.registration)
        withdrawn = RegistrationWithdrawn(
            registration=known.name, shift=known.shift, opportunity=offered, volunteer=known.volunteer
        )
        return [NewEvent(known.name, withdrawn), *self._promotions(world, known)]

    def _promotions(self, world: World, known: Registration) -> list[NewEvent]:
        if not world.places_waiting(known.shift):
            return []  # nearly always: then the shift itself need not be looked up
        wanted = shift.existing(world, known.shift)
        return promotions(world, wanted, wanted.places - world.places_taken(known.shift) + 1)
