"""What can happen to a shift once it is open: more or fewer places, other times, and its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ledger.domain.event import NewEvent
from ledger.domain.refusals import Reason, refuse
from ledger.domain.shift import Shift, ShiftCancelled, ShiftRescheduled, ShiftUpdated, check_times, existing
from ledger.domain.values import ImportedFrom
from ledger.domain.waiting import promotions
from ledger.domain.world import Reads, World


@dataclass(frozen=True, slots=True)
class UpdateShift:
    """Change the number of places, the times, or both; places that are added go to those who wait.

    Refuses NOT_FOUND, SHIFT_CANCELLED, PLACES_BELOW_TAKEN, SHIFT_TIMES_OR_DATE, SHIFT_HAS_NO_TIMES, TIMES_REVERSED,
    SHIFT_TOO_LONG, NOTHING_CHANGES.
    """

    shift: str
    places: int | None
    """None: as it is."""
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    """Both, or neither: then the times stay."""

    @property
    def stream(self) -> str:
        return self.shift

    def reads(self) -> Reads:
        return Reads(streams=(self.shift,), shifts=(self.shift,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.shift)
        if known.state == "cancelled":
            refuse(Reason.SHIFT_CANCELLED, shift=known.name)
        changes = [*self._places(world, known), *self._times(known)]
        if not changes:
            refuse(Reason.NOTHING_CHANGES, name=self.shift)
        events = [NewEvent(self.shift, change, source_time=self.source_time) for change in changes]
        if self.places is None or self.places <= known.places:
            return events
        moved = replace(known, end=self.end or known.end)
        return [*events, *promotions(world, moved, self.places - world.places_taken(self.shift))]

    def _places(self, world: World, known: Shift) -> list[ShiftUpdated]:
        if self.places is None or self.places == known.places:
            return []
        places_taken = world.places_taken(self.shift)
        if self.places < places_taken:
            refuse(Reason.PLACES_BELOW_TAKEN, places_taken=places_taken)
        return [
            ShiftUpdated(
                shift=self.shift, opportunity=known.opportunity, places=self.places, imported_from=self.imported_from
            )
        ]

    def _times(self, known: Shift) -> list[ShiftRescheduled]:
        if self.start is None and self.end is None:
            return []
        if self.start is None or self.end is None:
            refuse(Reason.SHIFT_TIMES_OR_DATE)
        if known.start is None:
            refuse(Reason.SHIFT_HAS_NO_TIMES, shift=known.name)
        check_times(self.start, self.end)
        if (self.start, self.end) == (known.start, known.end):
            return []
        return [
            ShiftRescheduled(
                shift=self.shift,
                opportunity=known.opportunity,
                start=self.start,
                end=self.end,
                imported_from=self.imported_from,
            )
        ]


@dataclass(frozen=True, slots=True)
class CancelShift:
    """Take no more registrations and check-ins for it. Refuses NOT_FOUND, NOTHING_CHANGES when it was cancelled."""

    shift: str
    reason: str

    @property
    def stream(self) -> str:
        return self.shift

    def reads(self) -> Reads:
        return Reads(streams=(self.shift,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.shift)
        if known.state == "cancelled":
            refuse(Reason.NOTHING_CHANGES, name=self.shift)
        cancelled = ShiftCancelled(shift=self.shift, opportunity=known.opportunity, reason=self.reason)
        return [NewEvent(self.shift, cancelled)]
