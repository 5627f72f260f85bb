"""A ledger in databases of its own, filled by SQL: what relay and consumers are tried on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count as counted
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from pydantic import SecretStr

from ledger.access.master_keys import new_master_key
from ledger.answer_keys import AnswerKeys
from ledger.domain.attendance_events import AttendanceRecorded
from ledger.domain.streams import partition_of
from ledger.domain.values import Account, Entry, Interval
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import Envelope, encode, sha256
from ledger.local_kafka import LocalKafka
from ledger.migrate import migrate
from ledger.open_ledger import open_ledger
from ledger.settings import Settings
from ledger.topic_guard import create_topic
from tests.system.acting import trusting

RELAY_KEY = "a relay key for tests, 32 bytes.."
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


def opened_ledger(postgres: EmbeddedPostgres, kafka: LocalKafka, partitions: int) -> Settings:
    """Databases and a topic of their own, the ledger opened."""
    settings = opened_store(postgres, partitions).model_copy(update={"kafka": kafka.bootstrap})
    create_topic(settings)
    return settings


def opened_store(postgres: EmbeddedPostgres, partitions: int) -> Settings:
    """Databases of their own, the ledger opened; it has no topic."""
    name = f"t{uuid.uuid4().hex[:12]}"
    settings = Settings(
        database=postgres.dsn(f"{name}_events", "ledger_service"),
        owner_database=postgres.dsn(f"{name}_events"),
        relay_database=postgres.dsn(f"{name}_events", "ledger_relay"),
        log_keeper_database=postgres.dsn(f"{name}_events", "ledger_log_keeper"),
        keys_database=postgres.dsn(f"{name}_keys", "ledger_service"),
        owner_keys_database=postgres.dsn(f"{name}_keys"),
        read_database=postgres.dsn(f"{name}_read", "ledger_reader"),
        projector_database=postgres.dsn(f"{name}_read", "ledger_projector"),
        owner_read_database=postgres.dsn(f"{name}_read"),
        access_database=postgres.dsn(f"{name}_access", "ledger_service"),
        access_relay_database=postgres.dsn(f"{name}_access", "ledger_relay"),
        access_log_keeper_database=postgres.dsn(f"{name}_access", "ledger_log_keeper"),
        topic=f"{name}.events",
        access_topic=f"{name}.access",
        consumer_group=f"{name}.projections",
        partitions=partitions,
        http_address="127.0.0.1:0",
        relay_key=SecretStr(RELAY_KEY),
        request_hash_key=SecretStr("a request hash key for tests"),
        master_key=SecretStr(new_master_key()),
        identity_key=SecretStr("an identity key for tests"),
        answer_keys=SecretStr(AnswerKeys.fresh(Settings().log_origin).setting()),
    ).model_copy(update=trusting())
    migrate(settings)  # not the ledger of accesses: `with_access_store` makes it for who serves
    open_ledger(settings)
    return settings


def store_attendances(
    settings: Settings, count: int, *, partition: int = 0, persons: int = 40, padding_bytes: int = 0
) -> None:
    """Append `count` events attendance-recorded to one partition, as the owner, in one transaction."""
    with psycopg.connect(settings.owner_database) as connection:
        # Making the events takes a busy machine a while, and a server of ours ends transactions that idle.
        connection.execute("set idle_in_transaction_session_timeout = 0")
        row = connection.execute(
            "select position from partition_counters where partition = %s for update", [partition]
        ).fetchone()
        first = 1 + (0 if row is None else int(row[0]))
        now = datetime.now(UTC)
        positions = range(first, first + count)
        actor = "staff/synthetic" + "-" * padding_bytes
        events = [
            msgspec.structs.replace(attendance_event(settings, partition, position, now, persons), actor=actor)
            for position in positions
        ]
        with connection.cursor().copy(
            "copy events (partition, position, stream, version, type, recorded_at, body) from stdin (format binary)"
        ) as copy:
            copy.set_types(["int4", "int8", "text", "int4", "text", "timestamptz", "bytea"])
            for event in events:
                place = (partition, event.position, event.subject, event.streamversion)
                copy.write_row((*place, event.type, event.time, encode(event)))
        connection.execute(
            "update partition_counters set position = %s, recorded_at = %s where partition = %s",
            [first + count - 1, now, partition],
        )


@cache
def synthetic_person(partitions: int, partition: int, number: int) -> str:
    """A synthetic person who is at home in that partition."""
    names = (f"volunteers/synthetic-{partition}-{number}-{at}" for at in counted())
    return next(name for name in names if partition_of(name, partitions) == partition)


def attendance_event(settings: Settings, partition: int, position: int, now: datetime, persons: int) -> Envelope:
    """One synthetic person's hour, in a stream of its own."""
    holder = synthetic_person(settings.partitions, partition, position % persons)
    stream = f"{holder}/attendances/{position}"
    start = MORNING + timedelta(hours=position)
    end = start + timedelta(seconds=3600)
    moved = AttendanceRecorded(
        holder=holder,
        attendance=stream,
        organization="organizations/synthetic",
        opportunity="opportunities/synthetic",
        shift="opportunities/synthetic/shifts/1",
        entries=(
            Entry(service_date=date(2026, 3, 2), from_class=Account.OUTSIDE, to_class=Account.ATTENDED, seconds=3600),
        ),
        start=start,
        end=end,
        counted=(Interval(start=start, end=end),),
        time_zone="Asia/Riyadh",
        crediting="clock",
        source="native",
    )
    return Envelope(
        specversion="1.0",
        id=uuid.uuid4().hex,
        source=settings.ledger_id,
        type="attendance-recorded",
        subject=stream,
        time=now,
        partition=partition,
        position=position,
        streamversion=1,
        schemaversion=1,
        actor="staff/synthetic",
        client="tests",
        requestid=f"r-{partition}-{position}",
        requesthash="00" * 32,
        data=msgspec.Raw(moved.to_json()),
    )


def stored_hashes(settings: Settings, partition: int) -> list[bytes]:
    """SHA-256 of the stored bytes, in order of position."""
    with psycopg.connect(settings.owner_database) as connection:
        rows = connection.execute(
            "select body from events where partition = %s order by position", [partition]
        ).fetchall()
    return [sha256(row[0]) for row in rows]


def topic_records(settings: Settings, partition: int) -> list[ConsumerRecord]:
    """Everything on one partition of the topic."""
    place = TopicPartition(settings.topic, partition)
    with KafkaConsumer(bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="none") as consumer:
        consumer.assign([place])
        end = consumer.end_offsets([place])[place]
        consumer.seek(place, consumer.beginning_offsets([place])[place])
        records: list[ConsumerRecord] = []
        while (consumer.position(place) or 0) < end:
            records += consumer.poll(timeout_ms=500, max_records=5000).get(place, [])
        return records


def first_hashes(settings: Settings, partition: int) -> list[bytes]:
    """SHA-256 of the topic's records without repetitions; fails on a position seen with two hashes, or a hole."""
    seen: dict[int, bytes] = {}
    for record in topic_records(settings, partition):
        assert record.value is not None
        position = msgspec.json.decode(record.value)["position"]
        digest = sha256(record.value)
        assert seen.setdefault(position, digest) == digest
        assert position <= len(seen), f"position {position} came before {len(seen)}"
    return [seen[position] for position in sorted(seen)]


def produce(settings: Settings, partition: int, records: list[tuple[bytes | None, list[tuple[str, bytes]]]]) -> None:
    """Write records (value, headers) to the topic as anybody who may write there could."""
    with KafkaProducer(bootstrap_servers=settings.kafka, acks="all", max_request_size=1_048_576) as producer:
        futures = [producer.send(settings.topic, value, b"forged", headers, partition) for value, headers in records]
        producer.flush(30)
        for future in futures:
            future.get(30)


def settings_environment(settings: Settings) -> dict[str, str]:
    """The settings as the LEDGER_ variables of a child."""
    plain = {name: getattr(value, "get_secret_value", lambda v=value: v)() for name, value in settings}
    return {**os.environ, **{f"LEDGER_{name.upper()}": str(value) for name, value in plain.items()}}


@contextmanager
def started(settings: Settings, module: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, killed at the end if it still runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module], env=settings_environment(settings), stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Fail when `condition` does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def projected(settings: Settings) -> tuple[dict[int, int], str]:
    """Positions applied, and one hash over balances and entries in order of their keys."""
    with psycopg.connect(settings.owner_read_database) as connection:
        positions: dict[int, int] = dict(connection.execute("select partition, position from positions").fetchall())
        row = connection.execute(
            "select md5((select coalesce(string_agg(b::text, '|' order by holder), '') from balances b)"
            " || (select coalesce(string_agg(e::text, '|' order by partition, position, entry_index), '')"
            " from entries e))"
        ).fetchone()
    assert row is not None
    return positions, str(row[0])


def heads_of(settings: Settings) -> dict[int, int]:
    """Where each partition of the store ends."""
    with psycopg.connect(settings.owner_database) as connection:
        return dict(connection.execute("select partition, position from partition_counters").fetchall())


def caught_up(settings: Settings) -> bool:
    """Whether everything stored is projected."""
    return projected(settings)[0] == heads_of(settings)
