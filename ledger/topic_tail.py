"""Where the topic ends: the position up to which nothing is missing on it, found by reading its last records.

Only the topic knows. Kafka does not fsync before it acknowledges, so a power cut may take an acknowledged tail back; a
cursor kept in PostgreSQL would never send it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import psycopg
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import CorruptRecordError

from ledger.event_bytes import sha256
from ledger.projections.positions import ForkDetected
from ledger.record_seal import RecordSeal
from ledger.topic_stops import HistoryDeleted

TAIL_RECORDS: Final = 4_096
TAIL_RECORDS_MAX: Final = 1_048_576
READ_SECONDS_MAX: Final = 60.0

_HASHES_SQL: Final = "select position, sha256(body) from events where partition = %s and position = any(%s)"


class Placed(msgspec.Struct, frozen=True):
    """Where a record belongs, read from its bytes; everything else in them is passed over."""

    partition: int
    position: int


_PLACED: Final = msgspec.json.Decoder(Placed)


@dataclass
class TopicTail:
    """The end of one partition of the topic."""

    position: int
    """Up to here every position is on the topic; 0 when it holds none."""
    end_offset: int
    """The offset the next record will get, if nobody else writes."""


@dataclass
class _Run:
    """What a consumer that starts at these records would reach, holding back what comes too early."""

    reached: int | None
    hashes: dict[int, bytes] = field(default_factory=dict)
    early: set[int] = field(default_factory=set)
    sealed_records: int = 0

    def add(self, partition: int, position: int, digest: bytes) -> None:
        self.sealed_records += 1
        if self.hashes.setdefault(position, digest) != digest:
            raise ForkDetected(partition, position, "the topic holds two different records of it")
        if self.reached is None:
            self.reached = position
        elif position > self.reached:
            self.early.add(position)
        while self.reached + 1 in self.early:
            self.reached += 1
            self.early.remove(self.reached)


def placed(stored: bytes) -> Placed | None:
    """Partition and position that the bytes claim; None when they are no event."""
    try:
        return _PLACED.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def find_tail(
    consumer: KafkaConsumer, topic: str, partition: int, seal: RecordSeal
) -> tuple[TopicTail, dict[int, bytes]]:
    """The tail of one partition, and the hashes by position of the records it was found by.

    `consumer` belongs to no group; its assignment is changed.

    Raises:
        HistoryDeleted: the topic begins later than at its first record.
        ForkDetected: two different records of one position, both sealed by us.
    """
    place = TopicPartition(topic, partition)
    consumer.assign([place])
    begin, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
    if begin > 0:
        raise HistoryDeleted(
            f"topic {topic} partition {partition} begins at offset {begin}: retention or an administrator deleted its "
            "history; set retention.ms=-1 and retention.bytes=-1, then relay into a new topic"
        )
    records = TAIL_RECORDS
    while True:
        start = max(0, end - records)
        run = _read_run(consumer, place, start, end, seal)
        # A repeated old record at the start of the window, or a flood of forged ones, hides where the run begins:
        # look further back. Too low a tail only repeats records; too high a one would be a hole.
        settled = run.sealed_records >= TAIL_RECORDS // 2 and not run.early
        if start == 0 or settled or records >= TAIL_RECORDS_MAX:
            return TopicTail(run.reached or 0, end), run.hashes
        records *= 4


def compare_with_store(connection: psycopg.Connection[Any], partition: int, hashes: Mapping[int, bytes]) -> None:
    """Raise ForkDetected, naming the lowest position, when the store holds other bytes than the topic, or none."""
    positions = sorted(hashes)
    for first in range(0, len(positions), TAIL_RECORDS):
        wanted = positions[first : first + TAIL_RECORDS]
        rows = connection.execute(_HASHES_SQL, [partition, wanted], binary=True).fetchall()
        stored = {int(row[0]): bytes(row[1]) for row in rows}
        for position in wanted:
            if position not in stored:
                raise ForkDetected(partition, position, "it is on the topic, but not in the event store")
            if stored[position] != hashes[position]:
                raise ForkDetected(partition, position, "topic and event store hold different bytes")


def is_unreadable(error: CorruptRecordError) -> bool:
    """Whether kafka-python met a header whose name is no text: it cannot hand the record out, and it is not ours.

    Nor can it hand out what follows in the same batch; a batch has one writer, so that is not ours either.
    """
    return isinstance(error.__context__, UnicodeDecodeError)


def _read_run(consumer: KafkaConsumer, place: TopicPartition, start: int, end: int, seal: RecordSeal) -> _Run:
    run = _Run(0 if start == 0 else None)
    for record in read_between(consumer, place, start, end):
        if record.value is None or seal.fault(record.headers, record.value) is not None:
            continue
        where = placed(record.value)
        if where is not None and where.partition == place.partition:
            run.add(place.partition, where.position, sha256(record.value))
    return run


def read_between(consumer: KafkaConsumer, place: TopicPartition, start: int, end: int) -> Iterator[ConsumerRecord]:
    """The records at offsets start, start + 1, … before `end`. Raises TimeoutError when the broker gives none."""
    if start >= end:
        return
    consumer.seek(place, start)
    deadline = time.monotonic() + READ_SECONDS_MAX
    while True:
        try:
            polled = consumer.poll(timeout_ms=500, max_records=TAIL_RECORDS).get(place, [])
        except CorruptRecordError as error:
            if not is_unreadable(error):
                raise
            consumer.seek(place, (consumer.position(place) or start) + 1)
            continue
        for record in polled:
            if record.offset >= end:
                return
            yield record
            deadline = time.monotonic() + READ_SECONDS_MAX
        if (consumer.position(place, timeout_ms=5_000) or start) >= end:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{place.topic} partition {place.partition}: no record before {end} in {READ_SECONDS_MAX} s"
            )
