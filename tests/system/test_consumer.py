"""Consumers on real servers: whatever stands on the topic, and whoever is killed, rows are what the store says."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

import consumers.partition_feed
from consumers import project, project_embedded
from consumers.record_source import Client
from ledger import relay
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import decode, encode
from ledger.event_store import read_page
from ledger.local_kafka import LocalKafka
from ledger.migrate import migrate
from ledger.process_end import STOPPED_LOUDLY
from ledger.projections.positions import ForkDetected, Hole
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from tests.system.stored_history import (
    RELAY_KEY,
    caught_up,
    heads_of,
    opened_ledger,
    produce,
    projected,
    started,
    store_attendances,
    topic_records,
    wait_until,
)

SEAL = RecordSeal(RELAY_KEY.encode())
Produced = tuple[bytes | None, list[tuple[str, bytes]]]


def relay_once(settings: Settings) -> None:
    relay.run(settings, stop=threading.Event(), once=True)


def project_once(settings: Settings, client: Client | None = None) -> None:
    project.run(settings, stop=threading.Event(), once=True, client=client)


CONFLUENT_AT_LENGTH = pytest.param(Client.CONFLUENT_KAFKA, marks=pytest.mark.proof)
"""The same rules as of the client that everybody has; what differs is tested in test_record_source."""
both_clients = pytest.mark.parametrize(
    "client", [Client.KAFKA_PYTHON, CONFLUENT_AT_LENGTH], ids=[Client.KAFKA_PYTHON.value, Client.CONFLUENT_KAFKA.value]
)


def stored_page(settings: Settings, partition: int = 0) -> list[bytes]:
    with psycopg.connect(settings.owner_database) as connection:
        return read_page(connection, partition, 0, 100_000)


def sealed(stored: bytes) -> Produced:
    return stored, SEAL.headers(stored)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.owner_read_database) as connection:
        return connection.execute(query.encode()).fetchall()


def expected(settings: Settings) -> tuple[dict[int, int], str]:
    """What a read database holds that was fed straight from the store."""
    stop = threading.Event()
    name = settings.owner_read_database.replace("_read", "_twin")
    twin = settings.model_copy(
        update={
            "owner_read_database": name,
            "projector_database": settings.projector_database.replace("_read", "_twin"),
        }
    )
    migrate(twin)
    thread = threading.Thread(
        target=project_embedded.feed, args=(settings.relay_database, twin.projector_database, stop)
    )
    thread.start()
    wait_until(lambda: caught_up(twin))
    stop.set()
    thread.join(10)
    return projected(twin)


@contextmanager
def following(settings: Settings, client: Client | None = None) -> Iterator[threading.Thread]:
    """A consumer of the group in this process."""
    stop = threading.Event()
    thread = threading.Thread(target=project.run, args=(settings,), kwargs={"stop": stop, "client": client})
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
def test_topic_becomes_rows(postgres: EmbeddedPostgres, kafka: LocalKafka, partitions: int) -> None:
    settings = opened_ledger(postgres, kafka, partitions)
    for number in range(partitions):
        store_attendances(settings, 2_000 + number, partition=number)
    relay_once(settings)
    project_once(settings)
    assert projected(settings) == expected(settings)
    assert projected(settings)[0] == heads_of(settings)
    seconds = rows(settings, "select sum(attended_seconds)::bigint from balances")[0][0]
    assert seconds == 3600 * sum(2_000 + number for number in range(partitions))
    assert rows(settings, "select * from quarantine") == []


@both_clients
def test_one_partition_stands_still_the_others_go_on(
    postgres: EmbeddedPostgres, kafka: LocalKafka, client: Client
) -> None:
    settings = opened_ledger(postgres, kafka, 3)
    for number in range(3):
        store_attendances(settings, 300, partition=number)
    relay.run(settings, stop=threading.Event(), once=True, partitions=[0, 2])
    project_once(settings, client)
    heads = heads_of(settings)
    assert projected(settings)[0] == {0: heads[0], 2: heads[2]}
    relay_once(settings)
    project_once(settings, client)
    assert projected(settings) == expected(settings)


@both_clients
def test_duplicated_and_late_records_change_nothing(
    postgres: EmbeddedPostgres, kafka: LocalKafka, seed: int, client: Client
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    chance = random.Random(seed)
    store_attendances(settings, 1_500)
    records = [sealed(stored) for stored in stored_page(settings)]
    shuffled: list[Produced] = []
    for first in range(0, len(records), 50):
        window = records[first : first + 50]
        chance.shuffle(window)
        shuffled += window
        shuffled += chance.sample(records[: first + 50], 5)
    produce(settings, 0, shuffled)
    project_once(settings, client)
    once = projected(settings)
    assert once == expected(settings)
    produce(settings, 0, chance.sample(records, len(records)))
    project_once(settings, client)
    assert projected(settings) == once
    assert rows(settings, "select * from quarantine") == []


def poison(settings: Settings, chance: random.Random) -> dict[str, list[Produced]]:
    """Records that anybody with access to the topic could write, by the reason they must be named with."""
    next_event = decode(stored_page(settings)[-1])
    other = encode(msgspec.structs.replace(next_event, position=next_event.position + 1))
    future = encode(msgspec.structs.replace(next_event, position=next_event.position + 1, schemaversion=99))
    elsewhere = encode(msgspec.structs.replace(next_event, partition=7))
    foreign = RecordSeal(b"another key, 32 bytes long......").headers(other)
    return {
        "no value": [(None, SEAL.headers(b""))],
        "no hmac header": [
            (other, []),
            (chance.randbytes(200), []),
            (chance.randbytes(900 * 1024), []),
        ],
        "hmac does not fit the bytes": [(other, foreign), (future, foreign), (other + b" ", SEAL.headers(other))],
        "content-type is not application/cloudevents+json": [(other, SEAL.headers(other)[1:])],
        "the bytes are no event": [sealed(chance.randbytes(300)), sealed(b"{}"), sealed(other[:-20])],
        "the event belongs to another partition": [sealed(elsewhere)],
    }


@both_clients
def test_poison_is_named_and_changes_nothing(
    postgres: EmbeddedPostgres, kafka: LocalKafka, seed: int, client: Client
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 500)
    relay_once(settings)
    by_reason = poison(settings, random.Random(seed))
    produce(settings, 0, [record for records in by_reason.values() for record in records])
    store_attendances(settings, 500)
    relay_once(settings)
    project_once(settings, client)
    assert projected(settings) == expected(settings)
    named = rows(settings, "select reason, count(*) from quarantine group by reason")
    assert dict(named) == {reason: len(records) for reason, records in by_reason.items()}
    largest = rows(settings, "select size_bytes, octet_length(first_bytes) from quarantine order by 1 desc limit 1")
    assert largest == [(900 * 1024, 65_536)]
    with psycopg.connect(settings.owner_read_database) as connection:
        connection.execute("update positions set next_offset = 0")
    project_once(settings, client)
    assert dict(rows(settings, "select reason, count(*) from quarantine group by reason")) == dict(named)


def test_two_truths_stop_the_consumer(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 100)
    relay_once(settings)
    project_once(settings)
    before = projected(settings)
    changed = stored_page(settings)[49].replace(b'"seconds":3600', b'"seconds":7200')
    produce(settings, 0, [sealed(changed)])
    with pytest.raises(ForkDetected, match="partition 0 position 50"):
        project_once(settings)
    with started(settings, "consumers.project", tmp_path / "consumer.log") as process:
        assert process.wait(40) == STOPPED_LOUDLY
    assert projected(settings) == before
    assert rows(settings, "select partition, position, reason from alarms") == [(0, 50, "fork")]


@both_clients
def test_nothing_is_applied_past_a_hole(
    postgres: EmbeddedPostgres, kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(consumers.partition_feed, "HOLE_ALARM_SECONDS", 1.0)
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 300)
    records = [sealed(stored) for stored in stored_page(settings)]
    produce(settings, 0, records[:100] + records[101:])
    with pytest.raises(Hole, match="position 101 is missing"):
        project_once(settings, client)
    with following(settings, client):
        wait_until(lambda: rows(settings, "select position, reason from alarms") == [(101, "hole")])
        assert projected(settings)[0] == {0: 100}
        produce(settings, 0, [records[100]])
        wait_until(lambda: caught_up(settings))
    assert projected(settings) == expected(settings)


def test_the_relay_heals_a_hole(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 300)
    records = [sealed(stored) for stored in stored_page(settings)]
    produce(settings, 0, records[:100] + records[101:])
    relay_once(settings)
    project_once(settings)
    assert projected(settings) == expected(settings)


@both_clients
def test_more_early_records_than_are_held_are_read_again(
    postgres: EmbeddedPostgres, kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(consumers.partition_feed, "EARLY_RECORDS_MAX", 20)
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 300)
    records = [sealed(stored) for stored in stored_page(settings)]
    produce(settings, 0, [*records[1:], records[0]])
    project_once(settings, client)
    assert projected(settings) == expected(settings)


@pytest.mark.parametrize("schema", [2, 99])
def test_event_from_the_future_stops_the_consumer(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, schema: int
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 50)
    relay_once(settings)
    last = decode(stored_page(settings)[-1])
    newer = msgspec.structs.replace(last, position=last.position + 1, schemaversion=schema)
    produce(settings, 0, [sealed(encode(newer))])
    with started(settings, "consumers.project", tmp_path / "consumer.log") as process:
        assert process.wait(40) == STOPPED_LOUDLY
    assert rows(settings, "select reason from alarms") == [("unreadable event",)]
    assert projected(settings)[0].get(0, 0) <= last.position


@both_clients
def test_a_wrong_hint_is_seen_through(postgres: EmbeddedPostgres, kafka: LocalKafka, client: Client) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 4_000)
    relay_once(settings)
    project_once(settings, client)
    store_attendances(settings, 4_000)
    relay_once(settings)
    for hint in (0, 3_000, 8_000, 100_000):
        with psycopg.connect(settings.owner_read_database) as connection:
            connection.execute("update positions set next_offset = %s", [hint])
        with following(settings, client):
            store_attendances(settings, 1)
            relay_once(settings)
            wait_until(partial(caught_up, settings))
    assert projected(settings) == expected(settings)


@both_clients
def test_read_database_emptied_under_the_consumer(
    postgres: EmbeddedPostgres, kafka: LocalKafka, client: Client
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 1_000)
    relay_once(settings)
    with following(settings, client):
        wait_until(lambda: caught_up(settings))
        with psycopg.connect(settings.owner_read_database) as connection:
            names = connection.execute(
                "select tablename from pg_tables where schemaname = 'public'"
                " and tablename not in ('schema_version', 'quarantine', 'alarms')"
            ).fetchall()
            tables = sql.SQL(", ").join(sql.Identifier(str(name)) for (name,) in names)
            connection.execute(sql.SQL("truncate {}").format(tables))
        store_attendances(settings, 10)
        relay_once(settings)
        wait_until(lambda: caught_up(settings))
    assert projected(settings) == expected(settings)


@pytest.mark.proof  # in the small dose test_kills kills all parts under load
def test_consumers_killed_in_the_middle(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, seed: int
) -> None:
    settings = opened_ledger(postgres, kafka, 3)
    chance = random.Random(seed)
    kills = 0
    for number in range(3):
        store_attendances(settings, 8_000, partition=number)
    relay_once(settings)
    for turn in range(2):
        with ExitStack() as stack:
            two = [
                stack.enter_context(started(settings, "consumers.project", tmp_path / f"{turn}-{number}.log"))
                for number in range(2)
            ]
            before = sum(projected(settings)[0].values())
            for number in range(3):
                store_attendances(settings, 1_000, partition=number)
            relay_once(settings)
            wait_until(partial(applied_above, settings, before), 60)
            threading.Event().wait(chance.uniform(0, 0.5))
            for process in two:
                process.kill()
                kills += process.wait(10) == -signal.SIGKILL
    assert kills == 4
    project_once(settings)
    assert projected(settings) == expected(settings)


def applied_above(settings: Settings, events: int) -> bool:
    return sum(projected(settings)[0].values()) > events


def test_paused_consumer_is_replaced_and_does_no_harm(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 500)
    relay_once(settings)
    with started(settings, "consumers.project", tmp_path / "paused.log") as paused:
        wait_until(lambda: caught_up(settings))
        os.kill(paused.pid, signal.SIGSTOP)
        store_attendances(settings, 500)
        relay_once(settings)
        with started(settings, "consumers.project", tmp_path / "second.log") as second:
            wait_until(lambda: caught_up(settings), 40)
            os.kill(paused.pid, signal.SIGCONT)
            store_attendances(settings, 500)
            relay_once(settings)
            wait_until(lambda: caught_up(settings), 40)
            second.terminate()
            assert second.wait(20) == 0
    assert projected(settings) == expected(settings)


@pytest.mark.proof  # in the small dose test_kills kills brokers under everybody
def test_broker_killed_under_the_consumer(postgres: EmbeddedPostgres, fresh_kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, fresh_kafka, 1)
    store_attendances(settings, 3_000)
    relay_once(settings)
    with started(settings, "consumers.project", tmp_path / "consumer.log") as process:
        wait_until(lambda: caught_up(settings))
        fresh_kafka.kill()
        fresh_kafka.start()
        store_attendances(settings, 3_000)
        relay_once(settings)
        wait_until(lambda: caught_up(settings) or process.poll() is not None)
    project_once(settings)
    assert projected(settings) == expected(settings)


def test_embedded_feed_survives_the_database(fresh_postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(fresh_postgres, kafka, 3)
    stop = threading.Event()
    thread = threading.Thread(
        target=project_embedded.feed, args=(settings.relay_database, settings.projector_database, stop)
    )
    thread.start()
    for _ in range(2):
        for number in range(3):
            store_attendances(settings, 1_000, partition=number)
        fresh_postgres.kill()
        fresh_postgres.start()
    wait_until(lambda: caught_up(settings))
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    relay_once(settings)
    assert sum(len(topic_records(settings, number)) for number in range(3)) == sum(heads_of(settings).values())
    assert projected(settings) == expected(settings)
