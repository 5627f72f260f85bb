"""The relay: event store → Kafka topic, in order, without holes. Run it as `python -m ledger.relay`.

It keeps no cursor: it resumes from the topic's own tail (`ledger.topic_tail`), compared with the store. Any error of
the producer ends the process and its supervisor starts it again: after an error kafka-python leaves futures open and
threads behind, and only a new process is sure to have none of them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from ledger.database_guard import check_database
from ledger.database_rights import check_rights
from ledger.event_store import Head, heads
from ledger.logs import configure
from ledger.open_ledger import wait_until_opened
from ledger.process_end import run_as_process
from ledger.record_seal import RecordSeal
from ledger.relay_lane import RelayLane, TopicShrank
from ledger.relay_lease import RelayLease
from ledger.settings import Settings
from ledger.topic_guard import check_topic
from ledger.topic_tail import compare_with_store, find_tail

PRODUCER_BATCH_BYTES: Final = 1_000_000
LINGER_MS: Final = 10_000
DELIVERY_MS_MAX: Final = 20_000
FLUSH_SECONDS_MAX: Final = 25.0
IDLE_SECONDS_MIN: Final = 0.01
IDLE_SECONDS_MAX: Final = 0.2
TOPIC_END_SECONDS: Final = 5.0
"""How often an idle relay looks whether the topic still ends where it left it."""

_log = logging.getLogger(__name__)


def run(
    settings: Settings, *, stop: threading.Event, once: bool = False, partitions: Sequence[int] | None = None
) -> None:
    """Relay until `stop` is set; with `once`, until everything stored when it began is on the topic.

    Waits while the ledger is not opened yet, or while another relay holds the lease. `partitions`: all, unless chosen.

    Raises:
        WrongSetting: topic, database or settings could lose the ledger, or belong to another one.
        ForkDetected: topic and store differ. Nothing is sent; a person must look.
        HistoryDeleted: the topic lost its beginning.
        TopicShrank, LeaseLost, KafkaError, psycopg.Error: the process must end; a new one goes on from the tail.
    """
    seal = RecordSeal.of(settings)
    check_topic(settings)
    with psycopg.connect(settings.relay_database, autocommit=True) as connection:
        check_database(connection)
        check_rights(connection, "relay_database")
        chosen = list(range(settings.partitions)) if partitions is None else sorted(partitions)
        lease = _wait_for_lease(connection, chosen, stop) if wait_until_opened(connection, settings, stop) else None
        if lease is None:
            return
        with _clients(settings) as (producer, consumer):
            relay = Relay(settings.topic, connection, lease, producer, consumer)
            relay.resume(chosen, seal)
            relay.relay_all(stop, once=once)
        lease.release()


class Relay:
    """One relay at work: its lanes, one a partition, share a producer and a lease."""

    def __init__(
        self,
        topic: str,
        connection: psycopg.Connection[Any],
        lease: RelayLease,
        producer: KafkaProducer,
        consumer: KafkaConsumer,
    ) -> None:
        """`connection` commits by itself; `consumer` belongs to no group."""
        self._topic = topic
        self._connection = connection
        self._lease = lease
        self._producer = producer
        self._consumer = consumer
        self._lanes: list[RelayLane] = []
        self._flusher = ThreadPoolExecutor(1, "flush")
        self._end_seen_at = time.monotonic()

    def resume(self, partitions: Sequence[int], seal: RecordSeal) -> None:
        """Find where each partition of the topic ends, and that it holds what the store holds."""
        for partition in partitions:
            tail, hashes = find_tail(self._consumer, self._topic, partition, seal)
            compare_with_store(self._connection, partition, hashes)
            _log.info("partition %s: the topic holds positions up to %s", partition, tail.position)
            self._lanes.append(RelayLane(self._topic, partition, seal, tail.position, tail.end_offset))
            self._lease.check()

    def relay_all(self, stop: threading.Event, *, once: bool) -> None:
        """Send batch after batch; when there is nothing to send, look again after 10 to 200 ms."""
        goal = heads(self._connection)
        idle_seconds = IDLE_SECONDS_MIN
        while not stop.is_set():
            if self._send_batches(heads(self._connection)):
                idle_seconds = IDLE_SECONDS_MIN
                continue
            if once and all(lane.sent_position >= goal[lane.partition].position for lane in self._lanes):
                return
            self._check_topic_end()
            stop.wait(idle_seconds)
            idle_seconds = min(IDLE_SECONDS_MAX, idle_seconds * 2)

    def _send_batches(self, stored: dict[int, Head]) -> int:
        """One batch of each partition that has something to send; returns how many events the topic took."""
        ready = [lane for lane in self._lanes if lane.fill(self._connection, stored[lane.partition])]
        # If we were paused until here, another relay may have taken over.
        self._lease.check()
        if not ready:
            return 0
        for lane in ready:
            lane.send(self._producer)
        answers = self._flusher.submit(self._producer.flush, FLUSH_SECONDS_MAX)
        for lane in ready:
            # While the broker writes, the next pages are read.
            lane.fill(self._connection, stored[lane.partition])
        answers.result()
        return sum([lane.confirm() for lane in ready])

    def _check_topic_end(self) -> None:
        # A broker that came back from a power cut without its last records says nothing; without new events nothing
        # else would ever notice, and consumers would wait for records that are not there.
        if time.monotonic() - self._end_seen_at < TOPIC_END_SECONDS:
            return
        places = {TopicPartition(self._topic, lane.partition): lane for lane in self._lanes}
        for place, end_offset in self._consumer.end_offsets(list(places)).items():
            if end_offset < places[place].end_offset:
                raise TopicShrank(f"partition {place.partition}: the topic ends at {end_offset}, it had ended later")
        self._end_seen_at = time.monotonic()


def _wait_for_lease(
    connection: psycopg.Connection[Any], partitions: Sequence[int], stop: threading.Event
) -> RelayLease | None:
    holder = f"{socket.gethostname()}/{os.getpid()}/{time.time_ns()}"
    while not stop.is_set():
        lease = RelayLease.take(connection, partitions, holder)
        if lease is not None:
            return lease
        stop.wait(0.25)
    return None


@contextlib.contextmanager
def _clients(settings: Settings) -> Iterator[tuple[KafkaProducer, KafkaConsumer]]:
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka,
        enable_idempotence=True,
        acks="all",
        # The flush sends, never the clock: what is handed over between two flushes leaves as one batch.
        linger_ms=LINGER_MS,
        batch_size=PRODUCER_BATCH_BYTES,
        max_in_flight_requests_per_connection=1,
        delivery_timeout_ms=DELIVERY_MS_MAX,
        request_timeout_ms=8_000,
        max_block_ms=10_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        with KafkaConsumer(
            bootstrap_servers=settings.kafka,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            metrics_enabled=False,
        ) as consumer:
            yield producer, consumer
    finally:
        with contextlib.suppress(KafkaError):
            producer.close(timeout=1.0)


def main() -> None:
    """The process: settings from LEDGER_… variables, ended by SIGTERM or SIGINT."""
    configure("relay")
    run_as_process(lambda stop: run(Settings(), stop=stop, once="--once" in sys.argv[1:]))


if __name__ == "__main__":
    main()
