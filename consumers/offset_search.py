"""Where on the topic a position stands, found by reading a few records: offsets are hints, positions are true."""

from __future__ import annotations

from typing import Final

from kafka import KafkaConsumer, TopicPartition

from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from ledger.topic_tail import placed, read_between

CLOSE_ENOUGH_RECORDS: Final = 1_000


def search_offset(settings: Settings, partition: int, position: int, seal: RecordSeal) -> int:
    """As find_offset, by a client of its own."""
    with KafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    ) as consumer:
        return find_offset(consumer, TopicPartition(settings.topic, partition), position, seal)


def find_offset(consumer: KafkaConsumer, place: TopicPartition, position: int, seal: RecordSeal) -> int:
    """An offset from which `position` should follow: the record there has a position not above it.

    Repeated records can mislead the search; if a hole shows behind the offset found, begin at the topic's first record.
    `consumer` belongs to no group; its assignment is changed.
    """
    consumer.assign([place])
    low = consumer.beginning_offsets([place])[place]
    high = consumer.end_offsets([place])[place]
    while high - low > CLOSE_ENOUGH_RECORDS:
        middle = (low + high) // 2
        seen = _first_position(consumer, place, middle, high, seal)
        if seen is not None and seen <= position:
            low = middle
        else:
            high = middle
    return low


def _first_position(
    consumer: KafkaConsumer, place: TopicPartition, start: int, end: int, seal: RecordSeal
) -> int | None:
    for record in read_between(consumer, place, start, end):
        if record.value is None or seal.fault(record.headers, record.value) is not None:
            continue
        where = placed(record.value)
        if where is not None and where.partition == place.partition:
            return where.position
    return None
