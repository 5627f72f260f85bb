"""What every RecordSource promises, asked of each client on a real broker."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import closing

import pytest
from confluent_kafka import TopicPartition
from kafka import KafkaAdminClient

import consumers.plain_source
import consumers.stalled_reading
from consumers.fast_source import FastSource
from consumers.record_source import Client, Listener, RecordSource, open_source
from consumers.stalled_reading import ReadingStalled
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.system.stored_history import opened_ledger, produce

both_clients = pytest.mark.parametrize("client", list(Client), ids=lambda client: client.value)
SECONDS_MAX = 90.0


class FromTheFirst(Listener):
    """Begins every partition at its first record."""

    def __init__(self) -> None:
        self.partitions: set[int] = set()

    def given(self, partitions: Collection[int]) -> Mapping[int, int]:
        self.partitions |= set(partitions)
        return dict.fromkeys(partitions, 0)

    def taken(self, partitions: Collection[int]) -> None:
        self.partitions -= set(partitions)


def read_until(source: RecordSource, wanted: bytes) -> None:
    """Polls until this value comes, whatever comes beside it."""
    give_up = time.monotonic() + SECONDS_MAX
    while time.monotonic() < give_up:
        if any(record.value == wanted for records in source.poll().values() for record in records):
            return
    raise TimeoutError(f"{wanted!r} did not come within {SECONDS_MAX:.0f} s")


@both_clients
def test_first_join_gives_what_there_is(postgres: EmbeddedPostgres, kafka: LocalKafka, client: Client) -> None:
    settings = opened_ledger(postgres, kafka, 2)
    produce(settings, 0, [(b"first", [])])
    listener = FromTheFirst()
    with closing(open_source(settings, client)) as source:
        source.follow(listener)
        read_until(source, b"first")
    assert listener.partitions <= {0, 1}


@both_clients
def test_a_rejoin_longer_than_a_poll_is_not_lost(
    postgres: EmbeddedPostgres, kafka: LocalKafka, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polls of a millisecond: the group's answer always comes after the poll that asked for it."""
    monkeypatch.setattr(consumers.plain_source, "POLL_SECONDS", 0.001)
    settings = opened_ledger(postgres, kafka, 1)
    produce(settings, 0, [(b"before", [])])
    with closing(open_source(settings, client)) as source:
        source.follow(FromTheFirst())
        read_until(source, b"before")
        with_one_more_partition(settings)
        poll_for(source, consumers.plain_source.METADATA_MS_MAX / 1000 + 2)
        produce(settings, 0, [(b"after", [])])
        read_until(source, b"after")


def with_one_more_partition(settings: Settings) -> None:
    """Never done to a ledger's topic; it is what makes a group's leader join anew."""
    with closing(KafkaAdminClient(bootstrap_servers=settings.kafka)) as admin:
        admin.create_partitions({settings.topic: settings.partitions + 1})


def poll_for(source: RecordSource, seconds: float) -> None:
    """As a consumer does while nothing comes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        source.poll()


def test_who_waits_for_a_group_without_end_is_ended(
    postgres: EmbeddedPostgres, kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member that lives and never polls does not give its partitions up: the coordinator waits for five minutes."""
    settings = opened_ledger(postgres, kafka, 1)
    produce(settings, 0, [(b"first", [])])
    with closing(FastSource(settings)) as idle, closing(FastSource(settings)) as source:
        idle.follow(FromTheFirst())
        read_until(idle, b"first")
        monkeypatch.setattr(consumers.stalled_reading, "JOIN_SECONDS_MAX", 2.0)
        source.follow(FromTheFirst())
        with pytest.raises(ReadingStalled, match="the group has given nothing"):
            poll_for(source, SECONDS_MAX)


def test_records_that_are_there_and_do_not_come_end_the_reader(
    postgres: EmbeddedPostgres, kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the client has lost its place: here it was told to fetch no more."""
    monkeypatch.setattr(consumers.stalled_reading, "QUIET_SECONDS", 1.0)
    settings = opened_ledger(postgres, kafka, 1)
    produce(settings, 0, [(b"first", [])])
    with closing(FastSource(settings)) as source:
        source.follow(FromTheFirst())
        read_until(source, b"first")
        poll_for(source, 4.0)  # a quiet topic is no stall
        source._consumer.pause([TopicPartition(settings.topic, 0)])
        produce(settings, 0, [(b"second", [])])
        with pytest.raises(ReadingStalled, match=r"records from \{0: 1\} "):
            poll_for(source, SECONDS_MAX)
    with closing(FastSource(settings)) as source:
        source.follow(FromTheFirst())
        read_until(source, b"second")
