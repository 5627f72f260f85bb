"""Records by kafka-python."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import LogTruncationError, OffsetOutOfRangeError

from consumers.record_source import POLL_RECORDS_MAX, POLL_SECONDS, SESSION_MS, Listener, OffsetLost, TopicRecord
from ledger.settings import Settings

METADATA_MS_MAX: Final = 5_000


class PlainSource:
    """A RecordSource by the client that every installation has."""

    def __init__(self, settings: Settings) -> None:
        """Connects at once; raises KafkaError."""
        self._topic = settings.topic
        self._places = [TopicPartition(settings.topic, number) for number in range(settings.partitions)]
        self._consumer = KafkaConsumer(
            bootstrap_servers=settings.kafka,
            group_id=settings.consumer_group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 4,
            max_poll_records=POLL_RECORDS_MAX,
            # A client that joined the group before it knew the topic's partitions is given none of them, and looks
            # again only when its knowledge is too old: with the client's own five minutes nothing is projected so long.
            metadata_max_age_ms=METADATA_MS_MAX,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            metrics_enabled=False,
        )

    def follow(self, listener: Listener) -> None:
        """See RecordSource."""
        self._consumer.subscribe([self._topic], listener=_Rebalance(self._consumer, listener))

    def read(self, offsets: Mapping[int, int]) -> None:
        """See RecordSource."""
        self._consumer.assign([TopicPartition(self._topic, partition) for partition in offsets])
        for partition, offset in offsets.items():
            self.seek(partition, offset)

    def poll(self) -> Mapping[int, Sequence[TopicRecord]]:
        """See RecordSource."""
        try:
            polled = self._consumer.poll(timeout_ms=int(POLL_SECONDS * 1000))
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            raise OffsetLost(str(error)) from error
        return {place.partition: records for place, records in polled.items()}

    def seek(self, partition: int, offset: int) -> None:
        """See RecordSource."""
        self._consumer.seek(TopicPartition(self._topic, partition), offset)

    def next_offset(self, partition: int) -> int:
        """See RecordSource."""
        return self._consumer.position(TopicPartition(self._topic, partition)) or 0

    def ends(self) -> dict[int, int]:
        """See RecordSource."""
        return {place.partition: end for place, end in self._consumer.end_offsets(self._places).items()}

    def close(self) -> None:
        """See RecordSource."""
        self._consumer.close(autocommit=False, timeout_ms=3_000)


class _Rebalance(ConsumerRebalanceListener):
    """Runs on the client's IO thread, so it only seeks."""

    def __init__(self, consumer: KafkaConsumer, listener: Listener) -> None:
        self._consumer = consumer
        self._listener = listener

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        offsets = self._listener.given([place.partition for place in assigned])
        for place in assigned:
            self._consumer.seek(place, offsets[place.partition])

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._listener.taken([place.partition for place in revoked])
