"""The waiting list of a shift: a place that is freed or added goes to the first who waits, in the same command.

Registrations lie with their shift, so whoever frees a place and whoever gets it are events of one transaction.
"""

from __future__ import annotations

from ledger.domain import opportunity
from ledger.domain.event import NewEvent
from ledger.domain.refusals import InvariantBroken
from ledger.domain.registration_events import RegistrationAccepted, existing
from ledger.domain.shift import Shift
from ledger.domain.world import World, need_states


def promotions(world: World, wanted: Shift, free: int) -> list[NewEvent]:
    """The events by which `free` places go to those who wait for this shift, in their order. Raises NotLoaded.

    Nobody gets a place in a shift that was cancelled or is over, or of a closed opportunity.
    """
    if free <= 0 or not world.places_waiting(wanted.name) or not _takes_people(world, wanted):
        return []
    names = world.first_waiting(wanted.name, free)
    need_states(world, names)
    return [NewEvent(name, _accepted(world, wanted, name)) for name in names]


def _takes_people(world: World, wanted: Shift) -> bool:
    if wanted.state == "cancelled" or wanted.end is None or wanted.end <= world.now:
        return False
    return opportunity.existing(world, wanted.opportunity).state != "closed"


def _accepted(world: World, wanted: Shift, name: str) -> RegistrationAccepted:
    waiting = existing(world, name)
    if waiting.state != "waitlisted":
        raise InvariantBroken(f"{name} stands on the waiting list of {wanted.name} and is {waiting.state}")
    return RegistrationAccepted(
        registration=name,
        shift=wanted.name,
        opportunity=wanted.opportunity,
        volunteer=waiting.volunteer,
        minimum_age_met=waiting.minimum_age_met,
    )
