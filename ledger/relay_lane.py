"""One partition's way from the event store to the topic: read a page, send one producer batch, check every answer."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import psycopg
from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError
from kafka.producer.future import FutureRecordMetadata

from ledger.event_store import PAGE_SQL, Head, checked_page
from ledger.projections.positions import ForkDetected
from ledger.record_seal import RecordSeal

BATCH_BYTES_MAX: Final = 900_000
RECORD_OVERHEAD_BYTES: Final = 128
"""Headers and lengths around a record's key and value, generously."""
PAGE_EVENTS_MIN: Final = 14
PAGE_EVENTS_MAX: Final = 4_096


class TopicShrank(Exception):
    """The broker lost records it had acknowledged: the relay ends, and starts again from the topic's new tail."""


class RelayLane:
    """Where one partition stands. The next event follows `sent_position`; nothing unconfirmed counts as sent."""

    def __init__(self, topic: str, partition: int, seal: RecordSeal, sent_position: int, end_offset: int) -> None:
        """Begin behind the topic's tail."""
        self.partition = partition
        self.sent_position = sent_position
        self.end_offset = end_offset
        """No later record may get a lower offset: if one does, the broker lost some that it had acknowledged."""
        self._topic = topic
        self._seal = seal
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._read_position = sent_position
        self._page_events = 1_024
        self._sent: list[FutureRecordMetadata] = []

    def fill(self, connection: psycopg.Connection[Any], head: Head) -> bool:
        """Read the next page of the store unless a whole one is waiting; says whether there is anything to send.

        Raises:
            ForkDetected: the topic is ahead of the store.
            InvariantBroken: a row contradicts its bytes, or a position is missing.
        """
        if head.position < self.sent_position:
            raise ForkDetected(self.partition, head.position + 1, "it is on the topic, but not in the event store")
        if len(self._waiting) < self._page_events and head.position > self._read_position:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(PAGE_SQL, (self.partition, self._read_position, self._page_events)).fetchall()
            bodies = checked_page(rows, self.partition, self._read_position)
            self._waiting.extend(zip((row[1].encode("utf-8") for row in rows), bodies, strict=True))
            self._read_position += len(rows)
            self._fit_page(sum(map(len, bodies)), len(bodies))
        return bool(self._waiting)

    def send(self, producer: KafkaProducer) -> None:
        """Hand one batch to the producer. It leaves with the flush: one batch, so that it is taken whole or not at all.

        Split over several batches, a lost first one would be a hole behind the tail that the next relay finds.
        """
        space = BATCH_BYTES_MAX
        waiting, topic, partition, headers = self._waiting, self._topic, self.partition, self._seal.headers
        while waiting:
            stream, stored = waiting[0]
            space -= len(stream) + len(stored) + RECORD_OVERHEAD_BYTES
            if space < 0:
                break
            self._sent.append(producer.send(topic, stored, stream, headers(stored), partition))
            waiting.popleft()

    def confirm(self) -> int:
        """After the flush: every record must have its answer; returns how many the topic took.

        Raises:
            KafkaError: the broker refused a record, or left it without an answer.
            TopicShrank: it gave an offset that it had given before.
        """
        for future in self._sent:
            if future.exception is not None:
                raise future.exception
            if not future.is_done or future.value is None:
                raise KafkaTimeoutError(f"partition {self.partition}: a record has no answer after the flush")
            if future.value.offset < self.end_offset:
                raise TopicShrank(f"partition {self.partition}: offset {future.value.offset} was given out before")
            self.end_offset = future.value.offset + 1
        taken = len(self._sent)
        self.sent_position += taken
        self._sent.clear()
        return taken

    def _fit_page(self, page_bytes: int, events: int) -> None:
        average_bytes = page_bytes // events + RECORD_OVERHEAD_BYTES
        self._page_events = max(PAGE_EVENTS_MIN, min(PAGE_EVENTS_MAX, BATCH_BYTES_MAX // average_bytes))
