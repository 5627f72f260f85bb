"""Records by kafka-python.

Its consumer (3.0) can lose a rejoin that it began because the topic's partitions changed: when the coordinator's answer
comes after the poll that asked, the client believes the answer was already taken, sends no more heartbeats, and stands
outside its group for ever without an error. So it joins only once it knows the partitions, and a join without an end
is begun anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import LogTruncationError, OffsetOutOfRangeError, UnknownTopicOrPartitionError

from consumers.record_source import POLL_RECORDS_MAX, POLL_SECONDS, SESSION_MS, Listener, OffsetLost, TopicRecord
from ledger.settings import Settings

METADATA_MS_MAX: Final = 5_000
"""How old the client's knowledge of the topic's partitions may be."""
TOPIC_SECONDS_MAX: Final = 30.0
JOIN_SECONDS_MAX: Final = 2 * SESSION_MS / 1000
"""A member that was killed holds up the others for one session; a join that takes longer than two has been lost."""

_log = logging.getLogger(__name__)


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
            metadata_max_age_ms=METADATA_MS_MAX,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            metrics_enabled=False,
        )
        self._rebalance: _Rebalance | None = None

    def follow(self, listener: Listener) -> None:
        """See RecordSource.

        Raises:
            UnknownTopicOrPartitionError: no broker knows the topic.
        """
        self._rebalance = _Rebalance(self._consumer, listener)
        self._consumer.subscribe([self._topic], listener=self._rebalance)
        # The group is joined in poll. What is learnt before is what the join begins with.
        give_up = time.monotonic() + TOPIC_SECONDS_MAX
        while self._topic not in self._consumer.topics():
            if time.monotonic() > give_up:
                raise UnknownTopicOrPartitionError(f"no broker knows the topic {self._topic}")
            time.sleep(POLL_SECONDS)

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
        if self._rebalance is not None and self._rebalance.joining_seconds > JOIN_SECONDS_MAX:
            self._join_anew(self._rebalance)
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

    def _join_anew(self, rebalance: _Rebalance) -> None:
        _log.warning("the group has given nothing for %.0f s: joining it anew", rebalance.joining_seconds)
        rebalance.joining_since = time.monotonic()
        self._consumer.unsubscribe()
        self._consumer.subscribe([self._topic], listener=rebalance)


class _Rebalance(ConsumerRebalanceListener):
    """Runs on the client's IO thread, so it only seeks."""

    def __init__(self, consumer: KafkaConsumer, listener: Listener) -> None:
        self._consumer = consumer
        self._listener = listener
        self.joining_since: float | None = time.monotonic()

    @property
    def joining_seconds(self) -> float:
        """How long the group has been asked without an answer; 0 in a group, even for a member that it gave nothing."""
        since = self.joining_since
        return 0.0 if since is None else time.monotonic() - since

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.joining_since = None
        offsets = self._listener.given([place.partition for place in assigned])
        for place in assigned:
            self._consumer.seek(place, offsets[place.partition])

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.joining_since = time.monotonic()
        self._listener.taken([place.partition for place in revoked])
