"""The topic → projections: the Kafka loop. Run it as `python -m consumers.project`, one process or several.

Kafka's consumer group only shares out the partitions. Where to read on says the read database: its position changes in
the transaction that changes the rows. A stored offset is a hint, looked at before it is believed.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import psycopg
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import LogTruncationError, OffsetOutOfRangeError

from consumers.offset_search import find_offset
from consumers.partition_feed import PartitionFeed
from consumers.quarantine import Quarantine
from ledger.database_guard import check_database
from ledger.domain.refusals import InvariantBroken
from ledger.process_end import run_as_process
from ledger.projections.positions import Applied, ForkDetected, Hole, applied
from ledger.projections.projector import Projector
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from ledger.topic_guard import check_topic

POLL_RECORDS_MAX: Final = 5_000
POLL_MS: Final = 200
SESSION_MS: Final = 6_000
"""The shortest that Kafka's own default (group.min.session.timeout.ms) accepts: how long a killed consumer blocks."""

_log = logging.getLogger(__name__)


def run(settings: Settings, *, stop: threading.Event, once: bool = False) -> None:
    """Apply records until `stop` is set; with `once`, all partitions up to where the topic ends now, without a group.

    Raises:
        WrongSetting: topic or database could lose the ledger.
        ForkDetected: two truths about one position; an alarm is recorded.
        InvariantBroken: an event this program does not know, or cannot be; an alarm is recorded.
        Hole: with `once`, positions are missing before the topic's end.
        KafkaError, psycopg.Error: the process must end; a new one goes on from the position in the database.
    """
    seal = RecordSeal.of(settings)
    check_topic(settings)
    with ExitStack() as stack:
        connections = [
            stack.enter_context(psycopg.connect(settings.projector_database, autocommit=True)) for _ in range(3)
        ]
        check_database(connections[0])
        consumer = stack.enter_context(_consumer(settings, None if once else settings.consumer_group))
        projection = Projection(settings, consumer, connections[0], Quarantine(connections[1]), seal)
        if once:
            projection.catch_up(stop)
        else:
            projection.follow(Assignment(connections[2], consumer), stop)


class Assignment(ConsumerRebalanceListener):
    """Seeks as partitions are given. It runs on the client's thread: it has a connection of its own and only seeks."""

    def __init__(self, connection: psycopg.Connection[Any], consumer: KafkaConsumer) -> None:
        """`connection` commits by itself and is used for nothing else."""
        self._connection = connection
        self._consumer = consumer
        self._changed = threading.Lock()
        self._given: dict[int, Applied] = {}
        self._taken: set[int] = set()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Seek to what the read database says."""
        known = applied(self._connection)
        with self._changed:
            for place in assigned:
                self._given[place.partition] = known.get(place.partition, Applied(0, None, None))
                self._consumer.seek(place, _first_offset(self._given[place.partition]))

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """What is revoked is no longer ours; a batch in work is safe: it locks the position row."""
        with self._changed:
            self._taken.update(place.partition for place in revoked)
            for place in revoked:
                self._given.pop(place.partition, None)

    def changes(self) -> tuple[set[int], dict[int, Applied]]:
        """Partitions taken and partitions given since the last call, to be followed in this order."""
        with self._changed:
            taken, given = self._taken, self._given
            self._taken, self._given = set(), {}
        return taken, given


class Projection:
    """One consumer at work: a feed for each partition it was given."""

    def __init__(
        self,
        settings: Settings,
        consumer: KafkaConsumer,
        connection: psycopg.Connection[Any],
        quarantine: Quarantine,
        seal: RecordSeal,
    ) -> None:
        """`connection` commits by itself; all rows are written through it."""
        self._settings = settings
        self._consumer = consumer
        self._projector = Projector(connection)
        self._quarantine = quarantine
        self._seal = seal
        self._feeds: dict[int, PartitionFeed] = {}

    def follow(self, assignment: Assignment, stop: threading.Event) -> None:
        """Apply what comes, on the partitions the group gives us."""
        self._consumer.subscribe([self._settings.topic], listener=assignment)
        while not stop.is_set():
            records = self._poll()
            taken, given = assignment.changes()
            for partition in taken:
                self._feeds.pop(partition, None)
            for partition, known in given.items():
                self._feeds[partition] = self._feed(partition, known.position)
            self._take(records)

    def catch_up(self, stop: threading.Event) -> None:
        """Apply all partitions up to where the topic ends now. Raises Hole if that leaves records held back."""
        places = [TopicPartition(self._settings.topic, number) for number in range(self._settings.partitions)]
        self._consumer.assign(places)
        ends = self._consumer.end_offsets(places)
        known = self._projector.applied()
        for place in places:
            begun = known.get(place.partition, Applied(0, None, None))
            self._feeds[place.partition] = self._feed(place.partition, begun.position)
            if _first_offset(begun) <= ends[place]:
                self._consumer.seek(place, _first_offset(begun))
            else:
                self._begin_anew(place.partition)
        while not stop.is_set():
            self._take(self._poll())
            if all((self._consumer.position(place) or 0) >= ends[place] for place in places):
                break
        for feed in self._feeds.values():
            if feed.missing_position is not None and not stop.is_set():
                raise Hole(feed.partition, feed.missing_position, feed.missing_position + 1)

    def _poll(self) -> dict[TopicPartition, list[Any]]:
        try:
            return self._consumer.poll(timeout_ms=POLL_MS, max_records=POLL_RECORDS_MAX)
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            _log.warning("the topic no longer holds the offset we were at (%s): searching by position", error)
            for partition in list(self._feeds):
                self._begin_anew(partition)
            return {}

    def _take(self, records: dict[TopicPartition, list[Any]]) -> None:
        for place, batch in records.items():
            feed = self._feeds.get(place.partition)
            if feed is not None:
                with self._alarms(feed):
                    self._take_one(place, feed, batch)
        for feed in self._feeds.values():
            feed.look_at_hole()

    def _take_one(self, place: TopicPartition, feed: PartitionFeed, batch: list[Any]) -> None:
        try:
            repeat_from = feed.take(batch)
        except Hole:
            # Somebody set the read database back while we ran; it is the judge.
            self._begin_anew(place.partition)
            return
        if feed.begins_too_late:
            self._begin_anew(place.partition)
        elif repeat_from is not None:
            self._consumer.seek(place, repeat_from)

    def _begin_anew(self, partition: int) -> None:
        """Search the offset of the next position; if that was tried already, begin at the first record."""
        place = TopicPartition(self._settings.topic, partition)
        tried = partition in self._feeds and self._feeds[partition].was_searched
        known = self._projector.applied().get(partition, Applied(0, None, None))
        feed = self._feeds[partition] = self._feed(partition, known.position)
        feed.was_searched = True
        offset = 0
        if tried:
            feed.trust_start()
        else:
            with _consumer(self._settings, None) as searcher:
                offset = find_offset(searcher, place, known.position + 1, self._seal)
        _log.info("partition %s: reading on from offset %s, position %s is next", partition, offset, known.position + 1)
        self._consumer.seek(place, offset)

    def _feed(self, partition: int, position: int) -> PartitionFeed:
        return PartitionFeed(partition, position, self._projector, self._quarantine, self._seal)

    @contextmanager
    def _alarms(self, feed: PartitionFeed) -> Iterator[None]:
        """A fork, or an event that cannot be, is written down before this process ends by it."""
        try:
            yield
        except ForkDetected as fork:
            self._quarantine.alarm(fork.partition, fork.position, "fork", fork.found)
            raise
        except InvariantBroken as broken:
            self._quarantine.alarm(feed.partition, feed.applied_position + 1, "unreadable event", str(broken))
            raise


def _first_offset(known: Applied) -> int:
    # One record before the hint: its position tells whether the hint is true.
    return max(0, (known.next_offset or 0) - 1)


@contextmanager
def _consumer(settings: Settings, group: str | None) -> Iterator[KafkaConsumer]:
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 4,
        max_poll_records=POLL_RECORDS_MAX,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        metrics_enabled=False,
    )
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False, timeout_ms=3_000)


def main() -> None:
    """The process: settings from LEDGER_… variables, ended by SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run_as_process(lambda stop: run(Settings(), stop=stop, once="--once" in sys.argv[1:]))


if __name__ == "__main__":
    main()
