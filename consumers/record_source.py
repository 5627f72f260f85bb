"""Where records come from: one seam, two Kafka clients.

kafka-python comes with every installation. confluent-kafka (the extra `fast`) reads several times as fast; where it is
installed it is used. What is done with the records is the same, and so are the tests.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Final, Protocol

from ledger.settings import Settings

POLL_RECORDS_MAX: Final = 20_000
"""Of one batch: in a backlog the same holders come again and again, and each holder's balance changes once a batch."""
POLL_SECONDS: Final = 0.2
SESSION_MS: Final = 6_000
"""The shortest that Kafka's own default (group.min.session.timeout.ms) accepts: how long a killed consumer blocks."""


class TopicRecord(Protocol):
    """A record as it stands on the topic."""

    @property
    def offset(self) -> int:
        """Its place in its Kafka partition."""
        ...

    @property
    def value(self) -> bytes | None:
        """The stored bytes, if it is ours."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, str | bytes | None]]:
        """Names and values."""
        ...


class OffsetLost(Exception):
    """The topic no longer holds the offset we were at: retention, or a broker that lost its last records."""


class Listener(Protocol):
    """Told when the group gives or takes partitions, possibly on the client's own thread: it only looks and notes."""

    def given(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Partitions we may read now; returns the offset to begin at for each."""
        ...

    def taken(self, partitions: Collection[int]) -> None:
        """Partitions that are no longer ours."""
        ...


class RecordSource(Protocol):
    """One client of one topic. Nothing is ever committed to Kafka: the read database knows where we are."""

    def follow(self, listener: Listener) -> None:
        """Join the consumer group and read what it gives us."""
        ...

    def read(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions from these offsets, without a group."""
        ...

    def poll(self) -> Mapping[int, Sequence[TopicRecord]]:
        """Records by partition, in order of offset; empty after a moment without any.

        Raises:
            OffsetLost: search by position and seek.
        """
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Read on from another offset."""
        ...

    def next_offset(self, partition: int) -> int:
        """The offset that is read next; every earlier one has come out of poll."""
        ...

    def ends(self) -> dict[int, int]:
        """The offset the next record written will get, by partition."""
        ...

    def close(self) -> None:
        """Leave the group, so that others go on at once."""
        ...


class Client(Enum):
    """The Kafka clients there are."""

    KAFKA_PYTHON = "kafka-python"
    CONFLUENT_KAFKA = "confluent-kafka"


def fastest_client() -> Client:
    """The fastest client that is installed."""
    return Client.KAFKA_PYTHON if importlib.util.find_spec("confluent_kafka") is None else Client.CONFLUENT_KAFKA


def open_source(settings: Settings, client: Client) -> RecordSource:
    """A source of the settings' topic by this client."""
    if client is Client.CONFLUENT_KAFKA:
        from consumers.fast_source import FastSource  # only where it is installed

        return FastSource(settings)
    from consumers.plain_source import PlainSource

    return PlainSource(settings)
