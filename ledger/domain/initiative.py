"""An initiative: people who organise volunteering without a legal body, and answer for it by name.

Nobody accredits it, so nobody of it verifies: its hours stay attended until an accredited organisation verifies them.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import LocalizedText
from ledger.domain.volunteer import refuse_unknown
from ledger.domain.world import Reads, World

COLLECTION: Final = "initiatives/"


@stored_name("initiative-registered")
class InitiativeRegistered(Event):
    """An initiative can offer opportunities from now on."""

    initiative: str
    display_name: LocalizedText
    responsible: tuple[str, ...]
    """Who answers for it: actors as authenticated, at least one."""


@dataclass(frozen=True, slots=True)
class Initiative:
    """An initiative as its events leave it."""

    name: str
    display_name: LocalizedText
    responsible: tuple[str, ...]


def evolve(state: object | None, recorded: RecordedEvent) -> Initiative:
    """The initiative after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, InitiativeRegistered() as registered if registered.responsible:
            return Initiative(recorded.stream, registered.display_name, registered.responsible)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def is_initiative(offering: str) -> bool:
    """Whether an opportunity's organisation is an initiative."""
    return offering.startswith(COLLECTION)


def existing(world: World, name: str) -> Initiative:
    """The initiative called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Initiative):
        raise InvariantBroken(f"{name} is no initiative: {type(state).__name__}")
    return state


@dataclass(frozen=True, slots=True)
class RegisterInitiative:
    """Make an initiative known. Refuses ALREADY_EXISTS, and NOT_FOUND, VOLUNTEER_ERASED of who shall answer for it."""

    initiative: str
    display_name: LocalizedText
    responsible: tuple[str, ...]

    @property
    def stream(self) -> str:
        return self.initiative

    def reads(self) -> Reads:
        return Reads(streams=(self.initiative,), exists=self._volunteers())

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.initiative) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.initiative)
        for name in self._volunteers():
            refuse_unknown(world, name)
        registered = InitiativeRegistered(
            initiative=self.initiative, display_name=self.display_name, responsible=self.responsible
        )
        return [NewEvent(self.initiative, registered)]

    def _volunteers(self) -> tuple[str, ...]:
        return tuple(name for name in self.responsible if name.startswith("volunteers/"))
