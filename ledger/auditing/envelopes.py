"""Check: positions are dense, columns say what the bytes say, time rises, every event lies where it belongs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database, Snapshots
from ledger.auditing.stored_page import AuditedEvent, StoredPage
from ledger.domain.ledger_kind import belongs, kind_of_ledger
from ledger.domain.ledger_opened import FORMAT_VERSION
from ledger.domain.streams import ROUTING_RULE, ledger_stream, partition_of
from ledger.event_bytes import Envelope

PLACE: Final = "store events"
PARTITIONS_MAX: Final = 1_024
"""As in the settings."""


class _Opened(msgspec.Struct):
    ledger_id: str
    partitions: int
    routing_rule: str
    format_version: int


class EnvelopeCheck:
    """The events of one partition, each by itself and after the one before."""

    def __init__(
        self,
        store: Database,
        ledger_id: str,
        partitions: int,
        partition: int,
        head: tuple[int, datetime],
        report: Report,
    ) -> None:
        self._store = store
        self._ledger_id = ledger_id
        self._kind = kind_of_ledger(ledger_id)
        self._partitions = partitions
        self._partition = partition
        self._head = head
        self._report = report
        self._last_time: datetime | None = None

    def page(self, page: StoredPage) -> None:
        expected = page.first
        for event in page.events:
            self._missing(expected, event.position)
            expected = event.position + 1
            self._one(event)
        self._missing(expected, page.last + 1)

    def end(self) -> None:
        """The counter row closes the partition: nothing lies behind it."""
        position, recorded_at = self._head
        where = Where("store partition_counters", self._partition, position)
        if self._last_time is not None:
            self._report.compare(where, {"recorded_at": self._last_time}, {"recorded_at": recorded_at})
        query = "select min(position), count(*) from events where partition = %b and position > %b"
        row = self._store.execute(query, (self._partition, position)).fetchone()
        if row is not None and row[1]:
            self._report.differs(
                Where(PLACE, self._partition, row[0]), "position", f"at most {position}, the counter", row[0]
            )

    def _missing(self, expected: int, found: int) -> None:
        for position in range(expected, min(found, expected + 10)):
            self._report.differs(Where(PLACE, self._partition, position), "row", "there", "missing")

    def _one(self, event: AuditedEvent) -> None:
        where = Where(PLACE, self._partition, event.position, event.stream)
        envelope = event.envelope
        if envelope is None:
            self._report.differs(where, "body", "an event", event.fault)
            return
        self._report.compare(where, self._said(envelope), self._held(event, envelope))
        if self._last_time is not None and event.recorded_at < self._last_time:
            self._report.differs(where, "recorded_at", f"not before {self._last_time}", event.recorded_at)
        self._last_time = event.recorded_at
        if event.position == 1:
            self._opening(where, envelope)

    def _said(self, envelope: Envelope) -> dict[str, object]:
        """What the bytes say must stand in the columns; and what the bytes themselves must say."""
        return {
            "partition": self._partition,
            "position": envelope.position,
            "stream": envelope.subject,
            "version": envelope.streamversion,
            "type": envelope.type,
            "recorded_at": envelope.time,
            "source": self._ledger_id,
            "partition of the stream": self._partition,
            "stream is of this kind of ledger": True,
        }

    def _held(self, event: AuditedEvent, envelope: Envelope) -> dict[str, object]:
        return {
            "partition": envelope.partition,
            "position": event.position,
            "stream": event.stream,
            "version": event.version,
            "type": event.type,
            "recorded_at": event.recorded_at,
            "source": envelope.source,
            "partition of the stream": _home(envelope.subject, self._partitions),
            "stream is of this kind of ledger": belongs(envelope.subject, self._kind),
        }

    def _opening(self, where: Where, envelope: Envelope) -> None:
        expected = {
            "ledger_id": self._ledger_id,
            "partitions": self._partitions,
            "routing_rule": ROUTING_RULE,
            "format_version": FORMAT_VERSION,
        }
        self._report.compare(where, {"subject": ledger_stream(self._partition)}, {"subject": envelope.subject})
        try:
            opened = msgspec.json.decode(envelope.data, type=_Opened)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._report.differs(where, "data", "ledger-opened", str(error))
            return
        self._report.compare(where, expected, msgspec.structs.asdict(opened))


def check_counters(moment: Snapshots, report: Report) -> None:
    """One counter a partition, none of them beyond the last event: what it counted must be there."""
    for partition, (last, counter) in sorted(moment.missing_tails.items()):
        report.differs(Where("store partition_counters", partition, last), "position", last, counter)
        report.differs(Where(PLACE, partition, last + 1), "row", "there", "missing")
    if moment.heads.keys() != set(range(min(moment.partitions, PARTITIONS_MAX))):
        there = ", ".join(map(str, sorted(moment.heads)))
        report.differs(Where("store partition_counters"), "partitions", f"0 to {moment.partitions - 1}", there)


def _home(stream: str, partitions: int) -> int | str:
    try:
        return partition_of(stream, partitions)
    except (ValueError, IndexError):
        return f"none: {stream} is no stream"
