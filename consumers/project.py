"""The topic → projections: the Kafka loop. Run it as `python -m consumers.project`, one process or several.

Kafka's consumer group only shares out the partitions. Where to read on says the read database: its position changes in
the transaction that changes the rows. A stored offset is a hint, looked at before it is believed.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

import psycopg

from consumers.offset_search import search_offset
from consumers.partition_feed import PartitionFeed
from consumers.quarantine import Quarantine
from consumers.read_ahead import ReadAhead
from consumers.record_source import (
    POLL_RECORDS_MAX,
    Client,
    OffsetLost,
    fastest_client,
    open_source,
)
from consumers.seen_record import SeenRecord
from ledger.database_guard import check_database
from ledger.database_rights import check_rights
from ledger.domain.refusals import InvariantBroken
from ledger.garbage import look_for_cycles_less_often
from ledger.logs import configure
from ledger.process_end import run_as_process
from ledger.projections.positions import Applied, ForkDetected, Hole, applied
from ledger.projections.projector import Projector
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from ledger.told_errors import told
from ledger.topic_guard import check_topic

SWITCH_SECONDS: Final = 0.001
"""How long the reading thread may keep the interpreter while rows wait to be sent; Python's own is five times that."""

_log = logging.getLogger(__name__)


def run(settings: Settings, *, stop: threading.Event, once: bool = False, client: Client | None = None) -> None:
    """Apply records until `stop` is set; with `once`, all partitions up to where the topic ends now, without a group.

    `client`: the fastest that is installed, unless chosen.

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
        check_rights(connections[0], "projector_database")
        source = stack.enter_context(closing(ReadAhead(open_source(settings, client or fastest_client()), seal)))
        quarantine = Quarantine(connections[1], settings.topic)
        projection = Projection(settings, source, connections[0], quarantine, seal)
        look_for_cycles_less_often(after_objects=20 * POLL_RECORDS_MAX)
        sys.setswitchinterval(SWITCH_SECONDS)
        if once:
            projection.catch_up(stop)
        else:
            projection.follow(Assignment(connections[2]), stop)


class Assignment:
    """Says where to begin as the group gives partitions; on the client's thread, so with a connection of its own."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """`connection` commits by itself and is used for nothing else."""
        self._connection = connection
        self._changed = threading.Lock()
        self._given: dict[int, Applied] = {}
        self._taken: set[int] = set()

    def given(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The offsets to begin at: what the read database says."""
        known = applied(self._connection)
        with self._changed:
            for partition in partitions:
                self._given[partition] = known.get(partition, Applied(0, None, None))
            return {partition: _first_offset(self._given[partition]) for partition in partitions}

    def taken(self, partitions: Collection[int]) -> None:
        """No longer ours. A batch in work does no harm: it locks the position row first."""
        with self._changed:
            self._taken.update(partitions)
            for partition in partitions:
                self._given.pop(partition, None)

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
        source: ReadAhead,
        connection: psycopg.Connection[Any],
        quarantine: Quarantine,
        seal: RecordSeal,
    ) -> None:
        """`connection` commits by itself; all rows are written through it."""
        self._settings = settings
        self._source = source
        self._projector = Projector(connection)
        self._quarantine = quarantine
        self._seal = seal
        self._feeds: dict[int, PartitionFeed] = {}

    def follow(self, assignment: Assignment, stop: threading.Event) -> None:
        """Apply what comes, on the partitions the group gives us."""
        self._source.follow(assignment)
        while not stop.is_set():
            polled = self._poll()
            taken, given = assignment.changes()
            for partition in taken:
                self._feeds.pop(partition, None)
            for partition, known in given.items():
                self._feeds[partition] = self._feed(partition, known.position)
            self._take(polled)

    def catch_up(self, stop: threading.Event) -> None:
        """Apply all partitions up to where the topic ends now. Raises Hole if that leaves records held back."""
        ends = self._source.ends()
        known = self._projector.applied()
        begun = {partition: known.get(partition, Applied(0, None, None)) for partition in ends}
        self._feeds = {partition: self._feed(partition, begun[partition].position) for partition in ends}
        self._source.read({partition: min(ends[partition], _first_offset(begun[partition])) for partition in ends})
        for partition, end in ends.items():
            if _first_offset(begun[partition]) > end:
                self._begin_anew(partition)
        while not stop.is_set():
            self._take(self._poll())
            if all(self._source.next_offset(partition) >= end for partition, end in ends.items()):
                break
        for feed in self._feeds.values():
            if feed.missing_position is not None and not stop.is_set():
                raise Hole(feed.partition, feed.missing_position, feed.missing_position + 1)

    def _poll(self) -> Mapping[int, Sequence[SeenRecord]] | None:
        """None: the topic no longer holds where we were."""
        try:
            return self._source.poll()
        except OffsetLost as error:
            _log.warning("the topic no longer holds the offset we were at (%s): searching by position", told(error))
            return None

    def _take(self, polled: Mapping[int, Sequence[SeenRecord]] | None) -> None:
        if polled is None:
            for partition in list(self._feeds):
                self._begin_anew(partition)
            return
        for partition, records in polled.items():
            feed = self._feeds.get(partition)
            if feed is not None:
                with self._alarms(feed):
                    self._take_one(feed, records)
        for feed in self._feeds.values():
            feed.look_at_hole()

    def _take_one(self, feed: PartitionFeed, records: Sequence[SeenRecord]) -> None:
        try:
            repeat_from = feed.take(records)
        except Hole:
            # Somebody set the read database back while we ran; it is the judge.
            self._begin_anew(feed.partition)
            return
        if feed.begins_too_late:
            self._begin_anew(feed.partition)
        elif repeat_from is not None:
            self._source.seek(feed.partition, repeat_from)

    def _begin_anew(self, partition: int) -> None:
        """Search the offset of the next position; if that was tried already, begin at the first record."""
        tried = partition in self._feeds and self._feeds[partition].was_searched
        known = self._projector.applied().get(partition, Applied(0, None, None))
        feed = self._feeds[partition] = self._feed(partition, known.position)
        feed.was_searched = True
        offset = 0
        if tried:
            feed.trust_start()
        else:
            offset = search_offset(self._settings, partition, known.position + 1, self._seal)
        _log.info("partition %s: reading on from offset %s, position %s is next", partition, offset, known.position + 1)
        self._source.seek(partition, offset)

    def _feed(self, partition: int, position: int) -> PartitionFeed:
        return PartitionFeed(partition, position, self._projector, self._quarantine)

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


def main() -> None:
    """The process: settings from LEDGER_… variables, ended by SIGTERM or SIGINT."""
    configure("consume")
    run_as_process(lambda stop: run(Settings(), stop=stop, once="--once" in sys.argv[1:]))


if __name__ == "__main__":
    main()
