"""No second of a person is verified under two linked names.

Verifying looks at the other name's attendances. They may lie in another partition, which no lock holds meanwhile: what
two verifiers confirm in the same moment, and what was verified twice before the link, is found by what follows
(`ledger/linked_overlaps.py`) and disputed, so that it counts once until somebody has decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain import attendance_state, volunteer
from ledger.domain.attendance_state import Attendance
from ledger.domain.disputing import disputed
from ledger.domain.event import NewEvent
from ledger.domain.hours import Span, subtract, total_seconds
from ledger.domain.linking import says_linked
from ledger.domain.refusals import Reason, refuse
from ledger.domain.streams import volunteer_of
from ledger.domain.world import Reads, World, need_states

LINKED_OVERLAP: Final = "LINKED_OVERLAP"
"""Why hours are disputed: they are verified under another name of the person, too."""


def refuse_verified_twice(world: World, known: Attendance, spans: tuple[Span, ...]) -> None:
    """Refuse LINKED_OVERLAP where a second of `spans` is verified under a linked name. Raises NotLoaded."""
    if not spans or not world.ever_linked(known.holder):
        return  # nearly always
    link = volunteer.existing(world, known.holder).link
    if link is None or link.state != "linked":
        return
    window = link.volunteer, min(start for start, _ in spans), max(end for _, end in spans)
    names = [presence.attendance for presence in world.presences(window) if _meet(spans, presence.counted)]
    need_states(world, names)
    for name in names:
        seconds = _meet(spans, attendance_state.existing(world, name).verified)
        if seconds:
            refuse(Reason.LINKED_OVERLAP, attendance=known.name, linked_attendance=name, seconds=seconds)


@dataclass(frozen=True, slots=True)
class DisputeLinkedOverlap:
    """Hours that are verified under both names are contested under this one: follows by itself.

    Refuses NOT_FOUND, NOTHING_CHANGES where they are not, or the names are not linked.
    """

    attendance: str
    linked_attendance: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance, self.linked_attendance, volunteer_of(self.attendance)))

    def decide(self, world: World) -> list[NewEvent]:
        known = attendance_state.existing(world, self.attendance)
        other = attendance_state.existing(world, self.linked_attendance)
        linked = says_linked(volunteer.existing(world, known.holder), other.holder)
        if not linked or not _meet(known.verified, other.verified):
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        return [disputed(known, None, LINKED_OVERLAP)]


def _meet(spans: tuple[Span, ...], others: tuple[Span, ...]) -> int:
    """Seconds that lie in both."""
    return total_seconds(spans) - total_seconds(subtract(spans, others))
