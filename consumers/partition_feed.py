"""One partition's records, put in order: next is applied, repeated is compared, early is held back, forged is named.

Nothing is ever applied past a hole. What comes too early is kept, within bounds, until the missing position comes: the
relay repairs a hole by sending from there again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from consumers.quarantine import Quarantine
from consumers.seen_record import EventRecord, RejectedRecord, SeenRecord, UnreadableRecord
from ledger.projections.positions import ForkDetected
from ledger.projections.projector import Projector
from ledger.projections.stored_event import StoredEvent

EARLY_RECORDS_MAX: Final = 20_000
EARLY_BYTES_MAX: Final = 64 * 1024 * 1024
HOLE_ALARM_SECONDS: Final = 30.0
NEAR_POSITIONS: Final = 10_000


class Nexts(NamedTuple):
    """Events whose turn has come, and the hashes of their stored bytes."""

    events: list[StoredEvent]
    hashes: list[bytes]


class PartitionFeed:
    """What this process knows of one partition it was given; the read database stays the judge."""

    def __init__(self, partition: int, applied_position: int, projector: Projector, quarantine: Quarantine) -> None:
        """Begin behind what the read database has applied."""
        self.partition = partition
        self.applied_position = applied_position
        self.begins_too_late = False
        """The first record read lies behind a hole: the offset we began at was wrong, an earlier one must be found."""
        self.was_searched = False
        """We began at an offset found by search; only the first record of the topic is left to try."""
        self._projector = projector
        self._quarantine = quarantine
        self._start_is_trusted = False
        self._early: dict[int, EventRecord] = {}
        self._early_bytes = 0
        self._dropped_offset: int | None = None
        self._hole_since: float | None = None

    def trust_start(self) -> None:
        """There is no earlier offset to begin at: a hole seen from now on is a hole."""
        self._start_is_trusted = True
        self.begins_too_late = False

    def take(self, records: Sequence[SeenRecord]) -> int | None:
        """Apply what can be applied; returns an offset to read again from, if records had to be dropped.

        Raises:
            ForkDetected: two truths about one position.
            Hole: the read database was set back under us.
            InvariantBroken: an event that cannot be, or that this program does not know.
        """
        nexts, repeated, rejected = Nexts([], []), list[EventRecord](), list[RejectedRecord]()
        reached, early = self.applied_position, self._early
        for record in records:
            if not isinstance(record, EventRecord):
                if isinstance(record, UnreadableRecord):
                    raise record.broken
                rejected.append(record)
            elif record.event.position == reached + 1:
                nexts.events.append(record.event)
                nexts.hashes.append(record.sha256)
                reached += 1
                if early:
                    reached = self._release_into(nexts, reached)
            elif record.event.position <= reached:
                repeated.append(record)
            else:
                self._hold(record)
        if rejected:
            # Before anything is applied: if we crash behind this line, the record is at least named.
            self._quarantine.keep(self.partition, rejected)
        self._judge_start(bool(nexts.events or repeated))
        if not self.begins_too_late:
            self._apply(nexts, repeated, records[-1].offset + 1)
        return self._offset_to_repeat()

    def look_at_hole(self) -> None:
        """Raise the alarm about a hole that has stayed for 30 s, and again each 30 s."""
        if self._hole_since is not None and time.monotonic() - self._hole_since >= HOLE_ALARM_SECONDS:
            self._hole_since = time.monotonic()
            missing = self.applied_position + 1
            details = f"the topic lacks it, {len(self._early)} later ones are held back; start the relay again"
            self._quarantine.alarm(self.partition, missing, "hole", details)

    @property
    def missing_position(self) -> int | None:
        """The position that later records wait for, if any do."""
        return self.applied_position + 1 if self._early or self._dropped_offset is not None else None

    def forget_early(self) -> None:
        """Before reading anew from another offset."""
        self._early.clear()
        self._early_bytes = 0
        self._dropped_offset = None
        self._hole_since = None

    def _apply(self, nexts: Nexts, repeated: list[EventRecord], next_offset: int) -> None:
        resume_offset = min([next_offset, *(record.offset for record in self._early.values())])
        if self._dropped_offset is not None:
            resume_offset = min(resume_offset, self._dropped_offset)
        if nexts.events:
            self.applied_position = self._projector.apply_decoded(
                self.partition, nexts.events, nexts.hashes, resume_offset
            )
        # Another process may have applied more than we knew: then what we hold is repetition too.
        while self._early and (position := min(self._early)) <= self.applied_position:
            repeated.append(self._release(position))
        for near in _near_each_other(repeated):
            self.applied_position = self._projector.apply_decoded(
                self.partition, [record.event for record in near], [record.sha256 for record in near], resume_offset
            )
        if not nexts.events and not repeated:
            self._projector.apply(self.partition, [], resume_offset)
        if not self._early:
            self._hole_since = None
        elif self._hole_since is None or nexts.events:
            self._hole_since = time.monotonic()

    def _judge_start(self, fits: bool) -> None:
        if fits:
            self._start_is_trusted = True
            self.was_searched = False
        self.begins_too_late = bool(self._early) and not self._start_is_trusted

    def _hold(self, record: EventRecord) -> None:
        position = record.event.position
        held = self._early.get(position)
        if held is not None:
            if held.stored != record.stored:
                raise ForkDetected(self.partition, position, "the topic holds two different records of it")
            return
        size = len(record.stored)
        if len(self._early) >= EARLY_RECORDS_MAX or self._early_bytes + size > EARLY_BYTES_MAX:
            if self._dropped_offset is None:
                self._dropped_offset = record.offset
            return
        self._early[position] = record
        self._early_bytes += size

    def _release_into(self, nexts: Nexts, reached: int) -> int:
        """Add what was held back and follows now; gives how far that reaches."""
        while reached + 1 in self._early:
            held = self._release(reached + 1)
            nexts.events.append(held.event)
            nexts.hashes.append(held.sha256)
            reached += 1
        return reached

    def _release(self, position: int) -> EventRecord:
        record = self._early.pop(position)
        self._early_bytes -= len(record.stored)
        return record

    def _offset_to_repeat(self) -> int | None:
        if self._early or self._dropped_offset is None:
            return None
        offset, self._dropped_offset = self._dropped_offset, None
        return offset


def _near_each_other(repeated: list[EventRecord]) -> Iterator[list[EventRecord]]:
    """Repeated events in order of position, so grouped that comparing a group never loads hashes of a whole ledger."""
    near: list[EventRecord] = []
    for record in sorted(repeated, key=lambda each: each.event.position):
        if near and record.event.position - near[-1].event.position > NEAR_POSITIONS:
            yield near
            near = []
        near.append(record)
    if near:
        yield near
