"""How much has gone the way: what the event store holds, and what the topic carries."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from kafka import KafkaConsumer, TopicPartition

from ledger.event_store import heads


def counts(relay_database: str, bootstrap: str, topic: str, partitions: int) -> Iterator[str]:
    """One line a place. A topic may carry an event twice, never one less than the store."""
    with psycopg.connect(relay_database) as connection:
        positions = {partition: head.position for partition, head in heads(connection).items()}
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    with KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False) as consumer:
        ends = consumer.end_offsets(places)
    records = {place.partition: ends[place] for place in places}
    yield f"topic {topic}: {sum(records.values())} records ({_each(records)})"
    yield f"event store: {sum(positions.values())} events, last position {_each(positions)}"


def _each(numbers: dict[int, int]) -> str:
    return ", ".join(f"partition {partition}: {number}" for partition, number in sorted(numbers.items()))
