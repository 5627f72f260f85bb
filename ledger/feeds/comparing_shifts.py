"""The shifts that a row asks for, beside those that this feed opened for it. Pure.

A shift can have other places and times; its place, and a date without times, cannot change. Then a new one is opened
and only after it the old one cancelled: whoever is stopped between the two finds both, and cancels the older.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ledger.feeds.cells import Problem
from ledger.feeds.mapping import Mapping
from ledger.feeds.names import key_and_generation, request_id, shift_id
from ledger.feeds.rows import Wanted
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.resources_pb2 import SHIFT_STATE_OPEN, Shift

REPLACED: Final = "FEED_CHANGED"
"""Why the feed cancelled a shift."""
_FIXED: Final = ("place", "time_zone", "service_date")
"""What no command changes."""
ShiftRequest: TypeAlias = registry.OpenShiftRequest | registry.UpdateShiftRequest | registry.CancelShiftRequest


@dataclass(slots=True)
class ShiftChanges:
    """Commands for the shifts of one row: openings, changes, cancellations, in this order."""

    opened: list[ShiftRequest] = field(default_factory=list)
    changed: list[ShiftRequest] = field(default_factory=list)
    cancelled: list[ShiftRequest] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def requests(self) -> tuple[ShiftRequest, ...]:
        """In the order they are sent."""
        return (*self.opened, *self.changed, *self.cancelled)

    @property
    def told(self) -> tuple[str, ...]:
        """The same in words."""
        counts = (("opened", self.opened), ("changed", self.changed), ("cancelled", self.cancelled))
        return tuple(f"{len(some)} shift{'s'[: len(some) != 1]} {what}" for what, some in counts if some)


def shift_changes(wanted: Wanted, present: Sequence[Shift], mapping: Mapping, compared_at: str) -> ShiftChanges:
    """What is to be done about the shifts of a row."""
    return _Comparison(wanted, mapping, compared_at).of(_by_key(present, mapping.feed))


def _by_key(present: Sequence[Shift], feed: str) -> dict[str, list[tuple[int, Shift]]]:
    """This feed's own shifts, each key's from the oldest on; shifts that people opened are theirs."""
    found: dict[str, list[tuple[int, Shift]]] = defaultdict(list)
    for shift in present:
        parts = key_and_generation(shift.name.rpartition("/")[2])
        if parts is not None and shift.imported_from.system == feed:
            found[parts[0]].append((parts[1], shift))
    return {key: sorted(some, key=lambda one: one[0]) for key, some in found.items()}


class _Comparison:
    def __init__(self, wanted: Wanted, mapping: Mapping, compared_at: str) -> None:
        self._wanted = wanted
        self._mapping = mapping
        self._compared_at = compared_at
        self._changes = ShiftChanges()

    def of(self, present: dict[str, list[tuple[int, Shift]]]) -> ShiftChanges:
        for key, shift in self._wanted.shifts.items():
            self._one(key, shift, present.get(key, []))
        for key, known in present.items():
            if key not in self._wanted.shifts:
                self._cancel(shift for _, shift in known)
        return self._changes

    def _one(self, key: str, wanted: Shift, known: list[tuple[int, Shift]]) -> None:
        if not known:
            self._open(shift_id(key, 1), wanted)
            return
        held = [shift for _, shift in known if shift.state == SHIFT_STATE_OPEN]
        if not held:
            self._changes.notes += (f"shift {key} was cancelled in the ledger and stays so",)
            return
        newest = held.pop()
        self._cancel(held)
        if all(getattr(wanted, name) == getattr(newest, name) for name in _FIXED):
            self._update(wanted, newest)
        else:
            self._open(shift_id(key, known[-1][0] + 1), wanted)
            self._cancel([newest])

    def _open(self, id_: str, wanted: Shift) -> None:
        request = registry.OpenShiftRequest(parent=self._wanted.name, shift_id=id_, shift=wanted)
        request.request_id = request_id(self._mapping.feed, self._wanted.record_id, request)
        self._changes.opened.append(request)

    def _update(self, wanted: Shift, known: Shift) -> None:
        request = registry.UpdateShiftRequest(name=known.name)
        if wanted.places != known.places:
            request.places = wanted.places
        if (wanted.start_time, wanted.end_time) != (known.start_time, known.end_time):
            request.start_time.CopyFrom(wanted.start_time)
            request.end_time.CopyFrom(wanted.end_time)
        if not request.places and not request.HasField("start_time"):
            return
        if wanted.places < known.places_taken:
            places = f"{wanted.places} is below the {known.places_taken} places that are taken: let people decide"
            self._wrong(self._mapping.columns.places or "places", places)
        request.imported_from.CopyFrom(wanted.imported_from)
        request.request_id = request_id(self._mapping.feed, self._wanted.record_id, request, self._compared_at)
        self._changes.changed.append(request)

    def _cancel(self, shifts: Iterable[Shift]) -> None:
        for shift in shifts:
            if shift.state != SHIFT_STATE_OPEN:
                continue
            if shift.places_taken:
                taken = f"{shift.places_taken} registered for {shift.name}, which would move: let people decide"
                self._wrong(self._mapping.columns.start or "", taken)
            request = registry.CancelShiftRequest(name=shift.name, reason=REPLACED)
            request.request_id = request_id(self._mapping.feed, self._wanted.record_id, request)
            self._changes.cancelled.append(request)

    def _wrong(self, column: str, what: str) -> None:
        self._changes.problems += (Problem(column, what),)
