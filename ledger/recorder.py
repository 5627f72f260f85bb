"""The library's seams: our bytes and our positions under `eventsourcing`'s EventStore and Repository.

The library's own recorder cannot serve here: it locks the whole table, draws ids from a sequence, retries a lost COMMIT
into an IntegrityError, and its mapper imports whatever a row names. These two classes replace them; everything above,
`EventStore.put`, `EventStore.get` and `Repository.get`, is the library's. The server's hot path is `group_commit.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.application import Repository
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    ApplicationRecorder,
    EventStore,
    JSONTranscoder,
    Mapper,
    Notification,
    StoredEvent,
    Subscription,
)

from ledger.append_sql import CLOCK, LOCK, EventColumns, raise_counter, statements
from ledger.domain.catalogue import fold
from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.refusals import InvariantBroken
from ledger.domain.streams import partition_of
from ledger.event_bytes import Envelope, decode, encode, recorded_event
from ledger.event_store import column_difference

_NOT_YET: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SELECT: Final = "select partition, position, stream, version, type, recorded_at, body from events"


@dataclass(frozen=True)
class SourcedEvent:
    """An event as the library passes it around; `recorded.position` is 0 until it is stored."""

    recorded: RecordedEvent

    @property
    def originator_id(self) -> str:
        return self.recorded.stream

    @property
    def originator_version(self) -> int:
        return self.recorded.version


class LedgerMapper(Mapper[str]):
    """Maps events to stored bytes by chosen names only: no row can choose what is imported."""

    def __init__(self, ledger_id: str) -> None:
        super().__init__(JSONTranscoder())
        self._ledger_id = ledger_id

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        if not isinstance(domain_event, SourcedEvent):
            raise InvariantBroken(f"{type(domain_event).__name__} is not an event of this ledger")
        recorded = domain_event.recorded
        envelope = Envelope(
            specversion="1.0",
            id=recorded.event_id,
            source=self._ledger_id,
            type=recorded.data.stored_name,
            subject=recorded.stream,
            time=recorded.recorded_at,
            partition=recorded.partition,
            position=recorded.position,
            streamversion=recorded.version,
            schemaversion=recorded.data.schema_version,
            actor=recorded.actor,
            client="ledger",
            requestid="",
            requesthash="",
            data=msgspec.Raw(recorded.data.to_json()),
            sourcetime=recorded.source_time,
            policy=recorded.policy,
            corrects=recorded.corrects,
        )
        return StoredEvent(recorded.stream, recorded.version, recorded.data.stored_name, encode(envelope))

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        recorded = recorded_event(decode(stored_event.state))
        if (recorded.stream, recorded.version) != (stored_event.originator_id, stored_event.originator_version):
            raise InvariantBroken(f"{stored_event.originator_id} holds an event of {recorded.stream}")
        return SourcedEvent(recorded)


class LedgerRecorder(ApplicationRecorder):
    """Appends under the partition's lock and reads by stream or position; notification ids are positions."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], partition: int, partitions: int) -> None:
        self._connect = connect
        self._partition = partition
        self._partitions = partitions

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> Sequence[int]:
        """Append in order; returns the positions. Not retried: psycopg's own errors say what is unknown."""
        if not stored_events:
            return []
        with self._connect() as connection, connection.transaction():
            counter = connection.execute(LOCK, (self._partition,)).fetchone()
            clock = connection.execute(CLOCK).fetchone()
            if counter is None or clock is None:
                raise InvariantBroken(f"partition {self._partition} has no counter row")
            recorded_at = max(counter[1], clock[0])
            positions = range(counter[0] + 1, counter[0] + 1 + len(stored_events))
            placed = [
                self._placed(stored, position, recorded_at)
                for stored, position in zip(stored_events, positions, strict=True)
            ]
            events = EventColumns(positions, *zip(*placed, strict=True))
            added = statements(self._partition, recorded_at, events, None, {}, {}, {}, [], {}, [])
            for text, parameters in [*added, raise_counter(self._partition, positions[-1], recorded_at)]:
                connection.execute(text, parameters)
        return list(positions)

    def _placed(self, stored: StoredEvent, position: int, recorded_at: datetime) -> tuple[str, int, str, bytes]:
        """Stream, version, type and bytes of the event at its position."""
        envelope = decode_pending(stored.state)
        if partition_of(envelope.subject, self._partitions) != self._partition:
            raise InvariantBroken(f"{envelope.subject} does not live in partition {self._partition}")
        body = encode(msgspec.structs.replace(envelope, partition=self._partition, position=position, time=recorded_at))
        return envelope.subject, envelope.streamversion, envelope.type, body

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        order = "desc" if desc else "asc"
        query = f"{_SELECT} where stream = %s and version > %s and version <= %s order by version {order} limit %s"
        bounds = (str(originator_id), gt or 0, lte if lte is not None else 2**31 - 1, limit)
        with self._connect() as connection:
            return [_stored(row) for row in connection.cursor(binary=True).execute(query.encode(), bounds)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = (start or 0) + (0 if inclusive_of_start else 1)
        query = f"{_SELECT} where partition = %s and position >= %s and position <= %s order by position limit %s"
        bounds = (self._partition, first, stop if stop is not None else 2**63 - 1, limit)
        with self._connect() as connection:
            rows = connection.cursor(binary=True).execute(query.encode(), bounds).fetchall()
        return [
            Notification(stored.originator_id, stored.originator_version, stored.topic, stored.state, id=row[1])
            for row in rows
            for stored in [_stored(row)]
            if not topics or stored.topic in topics
        ]

    def max_notification_id(self) -> int | None:
        with self._connect() as connection:
            row = connection.execute(
                "select position from partition_counters where partition = %s", (self._partition,)
            ).fetchone()
        return row[0] or None if row else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Not offered: LISTEN loses events around its start and ends with the server. The relay polls by position."""
        raise InvariantBroken("subscriptions are not offered; read by position instead")


def library_store(
    connect: Callable[[], psycopg.Connection[Any]], ledger_id: str, partition: int, partitions: int
) -> EventStore[str]:
    """The library's event store over one partition."""
    return EventStore(LedgerMapper(ledger_id), LedgerRecorder(connect, partition, partitions))


def library_repository(store: EventStore[str]) -> Repository[str]:
    """The library's repository; fold with `get(stream, projector_func=fold_sourced)`."""
    return Repository(store)


@dataclass(frozen=True)
class FoldedStream:
    """An aggregate as the library's repository gives it: the stream, its version and what our own fold made of it."""

    id: str
    version: int
    state: object


def fold_sourced(folded: FoldedStream | None, events: Iterable[DomainEventProtocol[str]]) -> FoldedStream | None:
    """The library's projector function over our folds. Raises InvariantBroken on an event that cannot follow."""
    for event in events:
        if not isinstance(event, SourcedEvent):
            raise InvariantBroken(f"{type(event).__name__} is not an event of this ledger")
        state = fold(None if folded is None else folded.state, event.recorded)
        folded = FoldedStream(event.originator_id, event.originator_version, state)
    return folded


def pending(new: NewEvent, version: int, event_id: str, actor: str) -> SourcedEvent:
    """An event on its way to the store: its place is given under the lock."""
    return SourcedEvent(
        RecordedEvent(
            stream=new.stream,
            version=version,
            event_id=event_id,
            partition=0,
            position=0,
            recorded_at=_NOT_YET,
            actor=actor,
            data=new.data,
            policy=new.policy,
            corrects=new.corrects,
            source_time=new.source_time,
        )
    )


_PENDING: Final = msgspec.json.Decoder(Envelope)


def decode_pending(stored: bytes) -> Envelope:
    """Bytes that have no position yet."""
    return _PENDING.decode(stored)


def _stored(row: Sequence[Any]) -> StoredEvent:
    difference = column_difference(row[0], tuple(row[1:]))
    if difference:
        raise InvariantBroken(f"partition {row[0]} position {row[1]}: column {difference}")
    return StoredEvent(row[2], row[3], row[4], row[6])
