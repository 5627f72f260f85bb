"""Records by confluent-kafka, which reads and checks them in C, ahead of us."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumers.record_source import POLL_RECORDS_MAX, POLL_SECONDS, SESSION_MS, Listener, OffsetLost, TopicRecord
from consumers.stalled_reading import StallWatch
from ledger.settings import Settings

ANSWER_SECONDS_MAX: Final = 30.0
LOOK_SECONDS_MAX: Final = 5.0

_OFFSET_LOST: Final = frozenset(
    {
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError._LOG_TRUNCATION,
    }
)
# The client goes on trying by itself; nothing is lost meanwhile.
_PASSING: Final = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._MAX_POLL_EXCEEDED,
    }
)


class _Read(NamedTuple):
    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, str | bytes | None]]


class FastSource:
    """A RecordSource by the client of the extra `fast`."""

    def __init__(self, settings: Settings) -> None:
        """Connects in the background."""
        self._topic = settings.topic
        self._partitions = range(settings.partitions)
        self._next: dict[int, int] = {}
        self._watch = StallWatch(self._ends_of_ours)
        self._consumer = Consumer(
            {
                "bootstrap.servers": settings.kafka,
                "group.id": settings.consumer_group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "allow.auto.create.topics": False,
                "partition.assignment.strategy": "range",
                "session.timeout.ms": SESSION_MS,
                "heartbeat.interval.ms": SESSION_MS // 4,
                "check.crcs": True,  # off by default in this client
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 32 * 1024,
                "fetch.wait.max.ms": 100,
            }
        )

    def follow(self, listener: Listener) -> None:
        """See RecordSource."""

        def given(consumer: Consumer, places: list[TopicPartition]) -> None:
            offsets = listener.given([place.partition for place in places])
            self._next = dict(offsets)
            consumer.assign([TopicPartition(self._topic, number, offset) for number, offset in offsets.items()])
            self._watch.joined()

        def taken(consumer: Consumer, places: list[TopicPartition]) -> None:
            listener.taken([place.partition for place in places])
            self._next = {}
            consumer.unassign()
            self._watch.joining()

        self._watch.joining()
        self._consumer.subscribe([self._topic], on_assign=given, on_revoke=taken, on_lost=taken)

    def read(self, offsets: Mapping[int, int]) -> None:
        """See RecordSource."""
        self._next = dict(offsets)
        self._consumer.assign([TopicPartition(self._topic, number, offset) for number, offset in offsets.items()])

    def poll(self) -> Mapping[int, Sequence[TopicRecord]]:
        """See RecordSource. Raises ReadingStalled."""
        # `consume` alone waits until it has all it may give, or the whole time: it would delay every lone event.
        first = self._consumer.poll(POLL_SECONDS)
        if first is None:
            self._watch.nothing_came(self._next)
            return {}
        read: defaultdict[int, list[_Read]] = defaultdict(list)
        for message in [first, *self._consumer.consume(POLL_RECORDS_MAX - 1, 0.0)]:
            error = message.error()
            if error is None:
                read[message.partition() or 0].append(_Read(message.offset() or 0, message.value(), _headers(message)))
            else:
                self._look_at(error, message)
        for partition, records in read.items():
            self._come_to(partition, max(self._next.get(partition, 0), records[-1].offset + 1))
        return read

    def seek(self, partition: int, offset: int) -> None:
        """See RecordSource."""
        # This client's own seek does nothing for a partition that has stopped at a lost offset: assign all anew.
        assigned = {place.partition for place in self._consumer.assignment()}
        if partition in assigned:
            self._next[partition] = offset
            self._consumer.assign([TopicPartition(self._topic, number, self._next[number]) for number in assigned])

    def next_offset(self, partition: int) -> int:
        """See RecordSource."""
        return self._next[partition]

    def ends(self) -> dict[int, int]:
        """See RecordSource."""
        return {number: self._end(number, ANSWER_SECONDS_MAX) for number in self._partitions}

    def close(self) -> None:
        """See RecordSource."""
        self._consumer.close()

    def _come_to(self, partition: int, offset: int) -> None:
        self._watch.read()
        if partition in self._next:  # else it was taken from us within this poll
            self._next[partition] = offset

    def _ends_of_ours(self) -> dict[int, int]:
        try:
            return {number: self._end(number, LOOK_SECONDS_MAX) for number in self._next}
        except (KafkaException, TimeoutError):
            return {}  # a broker that is away has nothing that does not come

    def _end(self, partition: int, seconds_max: float) -> int:
        place = TopicPartition(self._topic, partition)
        watermarks = self._consumer.get_watermark_offsets(place, timeout=seconds_max, cached=False)
        if watermarks is None:
            raise TimeoutError(f"the broker did not say in {seconds_max} s where partition {partition} ends")
        return watermarks[1]

    def _look_at(self, error: KafkaError, message: Message) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            # What stands between the last record and the end is nothing of ours, such as marks of a transaction.
            self._come_to(message.partition() or 0, message.offset() or 0)
        elif error.code() in _OFFSET_LOST:
            raise OffsetLost(error.str())
        elif error.code() not in _PASSING:
            raise KafkaException(error)


def _headers(message: Message) -> Sequence[tuple[str, str | bytes | None]]:
    try:
        headers = message.headers()
    except UnicodeDecodeError:
        return ()  # names that are no text: not ours, and so without a seal
    return headers if isinstance(headers, list) else ()
