"""A record by itself: is it sealed by the relay, is it an event of this partition? What follows what is asked later.

This is the dearest step of a record, and needs nothing that came before it: it is done ahead, on the reader's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from consumers.record_source import TopicRecord
from ledger.domain.refusals import InvariantBroken
from ledger.projections.stored_event import StoredEvent, decode, sha256
from ledger.record_seal import RecordSeal
from ledger.topic_tail import placed

_MISPLACED: Final = "the event belongs to another partition"


class EventRecord(NamedTuple):
    """A record with a valid seal that holds an event of this partition."""

    offset: int
    stored: bytes
    event: StoredEvent
    sha256: bytes


class RejectedRecord(NamedTuple):
    """A record that is not applied, and why."""

    offset: int
    value: bytes | None
    reason: str


class UnreadableRecord(NamedTuple):
    """A record with a valid seal that claims a place in this partition, but this program cannot read it."""

    offset: int
    broken: InvariantBroken


SeenRecord: TypeAlias = EventRecord | RejectedRecord | UnreadableRecord


def look_at(seal: RecordSeal, partition: int, records: Sequence[TopicRecord]) -> list[SeenRecord]:
    """Look at each record of a partition. Raises nothing: what is wrong is said of each."""
    fault = seal.fault
    seen: list[SeenRecord] = []
    for record in records:
        stored, offset = record.value, record.offset
        reason = "no value" if stored is None else fault(record.headers, stored)
        if stored is None or reason is not None:
            seen.append(RejectedRecord(offset, stored, reason or "no value"))
            continue
        try:
            event = decode(stored)
        except InvariantBroken as broken:
            seen.append(_look_closer(partition, offset, stored, broken))
            continue
        if event.partition == partition and event.position >= 1:
            seen.append(EventRecord(offset, stored, event, sha256(stored)))
        else:
            seen.append(RejectedRecord(offset, stored, _MISPLACED))
    return seen


def _look_closer(partition: int, offset: int, stored: bytes, broken: InvariantBroken) -> SeenRecord:
    place = placed(stored)
    if place is None:
        return RejectedRecord(offset, stored, "the bytes are no event")
    if place.partition != partition or place.position < 1:
        return RejectedRecord(offset, stored, _MISPLACED)
    return UnreadableRecord(offset, broken)
