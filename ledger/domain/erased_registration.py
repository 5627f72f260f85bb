"""What follows from an erasure where the person is registered: they wait for nothing, and hold no place still to come.

A shift that has begun keeps its registrations: who took part stays told, under the name that nobody can open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain import shift
from ledger.domain.event import NewEvent
from ledger.domain.refusals import Reason, refuse
from ledger.domain.registration import WithdrawRegistration
from ledger.domain.registration_events import existing
from ledger.domain.streams import shift_of
from ledger.domain.world import Reads, World

VOLUNTEER_ERASED: Final = "VOLUNTEER_ERASED"
"""Why a waiting ended."""


@dataclass(frozen=True, slots=True)
class EndRegistration:
    """End the registration of who was erased: asked by what follows alone.

    Refuses NOT_FOUND, NOTHING_CHANGES where nothing is open, the shift has begun, or the person was not erased.
    """

    registration: str
    volunteer: str

    @property
    def stream(self) -> str:
        return self.registration

    def reads(self) -> Reads:
        of_shift = shift_of(self.registration)
        return Reads(streams=(self.registration, of_shift), exists=(self.volunteer,), shifts=(of_shift,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.registration)
        wanted = shift.existing(world, known.shift)
        begun = wanted.start is None or wanted.start <= world.now
        holds_a_place = known.state == "accepted" and not begun
        if not world.erased(known.volunteer) or not (holds_a_place or known.state in ("requested", "waitlisted")):
            refuse(Reason.NOTHING_CHANGES, name=self.registration)
        return WithdrawRegistration(self.registration, VOLUNTEER_ERASED).decide(world)
