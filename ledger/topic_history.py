"""The events of the topic in order of position, each once: what a store or a reader is rebuilt from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import Envelope, decode
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from ledger.topic_records import TopicEnd, records

EARLY_EVENTS_MAX: Final = 100_000


def events_in_order(
    settings: Settings, partition: int, end: TopicEnd, seal: RecordSeal
) -> Iterator[list[tuple[Envelope, bytes]]]:
    """Events 1, 2, 3, … of a partition with their stored bytes, some thousand at a time.

    Records without our seal are passed over; repeated ones must be equal to the first, as far as that is remembered;
    what comes too early waits.

    Raises:
        InvariantBroken: a position is missing though later ones are there, or one position has two events.
    """
    reached = 0
    early: dict[int, tuple[Envelope, bytes]] = {}
    for some in records(settings, partition, end):
        ready: list[tuple[Envelope, bytes]] = []
        for record in some:
            if record.value is None or seal.fault(record.headers, record.value) is not None:
                continue
            envelope = decode(record.value)
            if envelope.partition != partition or envelope.position <= reached:
                continue
            if early.setdefault(envelope.position, (envelope, record.value))[1] != record.value:
                raise InvariantBroken(f"topic, partition {partition}: two events at position {envelope.position}")
            while (following := early.pop(reached + 1, None)) is not None:
                ready.append(following)
                reached += 1
        if len(early) > EARLY_EVENTS_MAX:
            break
        yield ready
    if early:
        raise InvariantBroken(
            f"topic, partition {partition}: position {reached + 1} is missing, {min(early)} is there; "
            "relay again from a store that has it, or take another copy of the topic"
        )
