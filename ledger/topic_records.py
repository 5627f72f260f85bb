"""Reading the topic as an outsider would: every record of a partition from its first to where it ends now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from ledger.settings import Settings

POLL_RECORDS_MAX: Final = 5_000
SILENCE_SECONDS_MAX: Final = 60.0


@dataclass(frozen=True, slots=True)
class TopicEnd:
    """The offsets of one partition: its first record and the one that comes next."""

    first_offset: int
    next_offset: int


def topic_ends(settings: Settings) -> dict[int, TopicEnd]:
    """Where each partition of the topic begins and ends now."""
    places = [TopicPartition(settings.topic, number) for number in range(settings.partitions)]
    with _consumer(settings) as consumer:
        consumer.assign(places)
        begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
    return {place.partition: TopicEnd(begins[place], ends[place]) for place in places}


def records(settings: Settings, partition: int, end: TopicEnd) -> Iterator[list[ConsumerRecord]]:
    """All records of a partition before `end`, some thousand at a time.

    Raises:
        TimeoutError: the broker gave nothing for a minute though records are left.
    """
    place = TopicPartition(settings.topic, partition)
    with _consumer(settings) as consumer:
        consumer.assign([place])
        consumer.seek(place, end.first_offset)
        heard_at = time.monotonic()
        while (consumer.position(place) or 0) < end.next_offset:
            got = consumer.poll(timeout_ms=500, max_records=POLL_RECORDS_MAX).get(place, [])
            if got:
                heard_at = time.monotonic()
                yield [record for record in got if record.offset < end.next_offset]
            elif time.monotonic() - heard_at > SILENCE_SECONDS_MAX:
                raise TimeoutError(f"{settings.topic} partition {partition}: no record for {SILENCE_SECONDS_MAX} s")


@contextmanager
def _consumer(settings: Settings) -> Iterator[KafkaConsumer]:
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False)
