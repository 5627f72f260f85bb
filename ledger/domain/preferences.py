"""Setting what somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.domain import volunteer
from ledger.domain.event import NewEvent
from ledger.domain.preference_events import VolunteerPreferencesSet
from ledger.domain.sealed import Sealed
from ledger.domain.world import Reads, World


@dataclass(frozen=True, slots=True)
class SetVolunteerPreferences:
    """Replace what somebody looks for. Refuses NOT_FOUND, VOLUNTEER_ERASED.

    Two seals of one text differ, so the same said again is recorded again: nobody can tell, and nobody should.
    """

    volunteer: str
    preferences: Sealed
    """Sealed for `event_id`."""
    event_id: str

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer,))

    def decide(self, world: World) -> list[NewEvent]:
        known = volunteer.known_person(world, self.volunteer)
        told = VolunteerPreferencesSet(volunteer=known.name, preferences=self.preferences)
        return [NewEvent(known.name, told, event_id=self.event_id)]
