"""Forgetting who a person is: the event comes first, the destruction of their keys follows from it.

What they served stays under their pseudonymous name: no sum, no proof and no one else's record changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain.event import NewEvent
from ledger.domain.linking import link_ended
from ledger.domain.volunteer import VolunteerErased, known_person
from ledger.domain.world import Reads, World

ERASED: Final = "ERASED"
"""Why a link ended: the other name is not linked any more, and says so by what follows."""


@dataclass(frozen=True, slots=True)
class EraseVolunteer:
    """Erase a person. Refuses NOT_FOUND, VOLUNTEER_ERASED when they are erased already."""

    volunteer: str

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer,))

    def decide(self, world: World) -> list[NewEvent]:
        known = known_person(world, self.volunteer)
        erased = VolunteerErased(volunteer=known.name, key_ids=tuple(sorted(known.key_ids)))
        ended = [] if known.link is None else [link_ended(known, known.link, ERASED)]
        return [*ended, NewEvent(known.name, erased)]
