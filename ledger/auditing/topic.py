"""Check: the topic, each position once, holds the very bytes of the store; what is not the ledger's is only noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from kafka.consumer.fetcher import ConsumerRecord

from ledger.auditing.finding import Report, Where
from ledger.auditing.json_difference import first_difference
from ledger.auditing.snapshots import Database
from ledger.event_bytes import sha256
from ledger.record_seal import RecordSeal

PLACE: Final = "topic"
NOTED_MAX: Final = 20

_STORED: Final = "select position, stream, body from events where partition = %b and position = any(%b)"


class _Placed(msgspec.Struct):
    partition: int
    position: int


_PLACED: Final = msgspec.json.Decoder(_Placed)


class TopicCheck:
    """One partition of the topic beside the store."""

    def __init__(self, store: Database, partition: int, head: int, seal: RecordSeal, report: Report) -> None:
        self._store = store
        self._partition = partition
        self._head = head
        self._seal = seal
        self._report = report
        self._early: set[int] = set()
        self._noted = 0
        self.reached = 0
        """Up to here the topic lacks nothing."""

    def records(self, records: Sequence[ConsumerRecord]) -> None:
        """The next records, by offset."""
        sealed = [found for record in records if (found := self._sealed(record)) is not None]
        positions = sorted({position for position, _ in sealed})
        rows = self._store.cursor(binary=True).execute(_STORED, (self._partition, positions))
        stored: dict[int, tuple[str, bytes]] = {row[0]: (row[1], bytes(row[2])) for row in rows}
        for position, record in sealed:
            self._compare(position, record, stored.get(position))
            self._reach(position)

    def end(self) -> None:
        """What lies behind a hole was sent, and what should stand before it was lost."""
        if self._early:
            where = Where(PLACE, self._partition, self.reached + 1)
            self._report.differs(where, "record", "there", f"missing; {min(self._early)} follows")
        if self._noted > NOTED_MAX:
            self._report.note(f"topic, partition {self._partition}: {self._noted} records that are not the ledger's")

    def _sealed(self, record: ConsumerRecord) -> tuple[int, ConsumerRecord] | None:
        fault = "no value" if record.value is None else self._seal.fault(record.headers, record.value)
        if fault is None:
            try:
                placed = _PLACED.decode(record.value or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError):
                fault = "the bytes are no event"
            else:
                if placed.partition == self._partition and placed.position >= 1:
                    return placed.position, record
                fault = f"an event of partition {placed.partition}, position {placed.position}"
        self._noted += 1
        if self._noted <= NOTED_MAX:
            self._report.note(
                f"topic, partition {self._partition}, offset {record.offset}: not the ledger's record ({fault}); "
                "it counts as no position"
            )
        return None

    def _compare(self, position: int, record: ConsumerRecord, stored: tuple[str, bytes] | None) -> None:
        where = Where(PLACE, self._partition, position, f"offset {record.offset}")
        value: bytes = record.value or b""
        if stored is None:
            self._report.differs(where, "record", f"none: the store ends at {self._head}", "there")
            return
        stream, body = stored
        if sha256(value) != sha256(body):
            self._report.differs(where, *first_difference(body, value))
        if record.key != stream.encode():
            self._report.differs(where, "key", stream, record.key)

    def _reach(self, position: int) -> None:
        if position > self.reached:
            self._early.add(position)
        while self.reached + 1 in self._early:
            self.reached += 1
            self._early.remove(self.reached)
