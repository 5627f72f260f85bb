"""The relay on real servers: whatever happens to it or to the broker, the topic becomes what the store is."""

from __future__ import annotations

import random
import threading
from functools import partial
from pathlib import Path

import msgspec
import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from psycopg import sql
from pydantic import SecretStr

from ledger import relay
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_store import heads
from ledger.local_kafka import LocalKafka
from ledger.process_end import START_AGAIN, STOPPED_LOUDLY, WRONG_SETTING
from ledger.projections.positions import ForkDetected
from ledger.record_seal import RecordSeal
from ledger.relay_lane import RelayLane, TopicShrank
from ledger.settings import Settings, WrongSetting
from ledger.topic_guard import check_topic
from ledger.topic_stops import HistoryDeleted
from tests.system.stored_history import (
    RELAY_KEY,
    first_hashes,
    opened_ledger,
    produce,
    started,
    store_attendances,
    stored_hashes,
    topic_records,
    wait_until,
)

SEAL = RecordSeal(RELAY_KEY.encode())


def relay_once(settings: Settings) -> None:
    relay.run(settings, stop=threading.Event(), once=True)


def topic_is_store(settings: Settings) -> bool:
    return all(
        first_hashes(settings, number) == stored_hashes(settings, number) for number in range(settings.partitions)
    )


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
def test_topic_becomes_what_the_store_is(postgres: EmbeddedPostgres, kafka: LocalKafka, partitions: int) -> None:
    settings = opened_ledger(postgres, kafka, partitions)
    for number in range(partitions):
        store_attendances(settings, 3_000 + number, partition=number)
    relay_once(settings)
    for number in range(partitions):
        records = topic_records(settings, number)
        assert len(records) == len(stored_hashes(settings, number))
        for record in records[:50]:
            assert record.value is not None
            assert record.key == msgspec.json.decode(record.value)["subject"].encode()
            assert [name for name, _ in record.headers] == ["content-type", "hmac"]
            assert SEAL.fault(record.headers, record.value) is None
    assert topic_is_store(settings)


def record_count(settings: Settings) -> int:
    places = [TopicPartition(settings.topic, number) for number in range(settings.partitions)]
    with KafkaConsumer(bootstrap_servers=settings.kafka, group_id=None) as consumer:
        return sum(consumer.end_offsets(places).values())


def record_count_above(settings: Settings, count: int) -> bool:
    return record_count(settings) > count


def test_second_run_sends_only_what_is_new(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 6_000)
    relay_once(settings)
    relay_once(settings)
    store_attendances(settings, 10)
    relay_once(settings)
    assert len(topic_records(settings, 0)) == len(stored_hashes(settings, 0))
    assert topic_is_store(settings)


def test_events_of_the_greatest_size_pass(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 60, padding_bytes=64_000)
    relay_once(settings)
    assert topic_is_store(settings)


@pytest.mark.proof  # in the small dose test_kills kills all parts under load
def test_killed_in_the_middle_and_started_again(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, seed: int
) -> None:
    settings = opened_ledger(postgres, kafka, 3)
    waits = random.Random(seed)
    for number in range(3):
        store_attendances(settings, 12_000, partition=number)
    kills = 0
    for _ in range(3):
        with started(settings, "ledger.relay", tmp_path / "relay.log") as process:
            before = record_count(settings)
            wait_until(partial(record_count_above, settings, before), 30)
            threading.Event().wait(waits.uniform(0, 0.3))
            process.kill()
            kills += process.wait(10) == -9
        store_attendances(settings, 2_000)
    assert kills == 3
    relay_once(settings)
    assert topic_is_store(settings)


@pytest.mark.proof  # in the small dose test_kills kills brokers under everybody
def test_broker_killed_under_the_relay(postgres: EmbeddedPostgres, fresh_kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, fresh_kafka, 1)
    store_attendances(settings, 30_000)
    with started(settings, "ledger.relay", tmp_path / "relay.log") as process:
        wait_until(lambda: record_count(settings))
        fresh_kafka.kill()
        store_attendances(settings, 1_000)
        # An outage longer than the flush may take ends the relay; a shorter one may not. Both must end well.
        fresh_kafka.start()
        ended = process.poll()
        assert ended in (None, START_AGAIN)
    relay_once(settings)
    assert topic_is_store(settings)


def test_lost_tail_of_the_topic_is_sent_again(postgres: EmbeddedPostgres, fresh_kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, fresh_kafka, 1)
    for _ in range(5):
        store_attendances(settings, 700)
        relay_once(settings)
    fresh_kafka.kill()
    lost_bytes = cut_newest_segment(fresh_kafka, settings.topic, 40_000)
    assert lost_bytes == 40_000
    fresh_kafka.start()
    assert len(topic_records(settings, 0)) < len(stored_hashes(settings, 0))
    relay_once(settings)
    assert topic_is_store(settings)


@pytest.mark.proof  # one that has just started is tested above
def test_idle_relay_notices_a_lost_tail(postgres: EmbeddedPostgres, fresh_kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, fresh_kafka, 1)
    store_attendances(settings, 2_000)
    whole = len(stored_hashes(settings, 0))
    with started(settings, "ledger.relay", tmp_path / "relay.log") as process:
        wait_until(lambda: record_count(settings) == whole)
        fresh_kafka.kill()
        cut_newest_segment(fresh_kafka, settings.topic, 40_000)
        fresh_kafka.start()
        assert process.wait(60) == START_AGAIN
    with started(settings, "ledger.relay", tmp_path / "relay.log"):
        wait_until(lambda: topic_is_store(settings))


def test_offset_given_out_twice_is_noticed(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    relay_once(settings)
    sent = len(stored_hashes(settings, 0))
    store_attendances(settings, 5)
    # The broker had acknowledged records up to offset 99, and now gives out lower ones.
    lane = RelayLane(settings.topic, 0, SEAL, sent, 100)
    with psycopg.connect(settings.relay_database, autocommit=True) as connection:
        assert lane.fill(connection, heads(connection)[0])
    with KafkaProducer(bootstrap_servers=settings.kafka, linger_ms=5_000, batch_size=1_000_000) as producer:
        lane.send(producer)
        producer.flush(30)
    with pytest.raises(TopicShrank, match=f"offset {sent} was given out before"):
        lane.confirm()


def test_two_relays_one_works(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with (
        started(settings, "ledger.relay", tmp_path / "one.log") as one,
        started(settings, "ledger.relay", tmp_path / "two.log") as two,
    ):
        for _ in range(10):
            store_attendances(settings, 500)
            wait_until(lambda: record_count(settings) >= len(stored_hashes(settings, 0)))
        assert len(topic_records(settings, 0)) == len(stored_hashes(settings, 0))
        working = one if "holds positions up to" in (tmp_path / "one.log").read_text() else two
        idle = two if working is one else one
        working.kill()
        store_attendances(settings, 500)
        wait_until(lambda: topic_is_store(settings), 30)
        idle.terminate()
        assert idle.wait(15) == 0


def test_relay_that_lost_its_lease_ends(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with started(settings, "ledger.relay", tmp_path / "relay.log") as process:
        wait_until(lambda: record_count(settings))
        with psycopg.connect(settings.owner_database) as connection:
            connection.execute("update relay_lease set epoch = epoch + 1, holder = 'another'")
        assert process.wait(20) == START_AGAIN
    assert "LeaseLost" in (tmp_path / "relay.log").read_text()


@pytest.mark.parametrize(
    ("name", "value"), [("retention.ms", "604800000"), ("retention.bytes", "1000000"), ("cleanup.policy", "compact")]
)
def test_topic_that_forgets_is_refused(postgres: EmbeddedPostgres, kafka: LocalKafka, name: str, value: str) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic, {name: value})])
    with pytest.raises(WrongSetting, match=rf"{settings.topic}: {name} is {value}, it must be"):
        relay_once(settings)


def test_topic_with_defaults_of_the_broker_is_judged_by_its_real_settings(
    postgres: EmbeddedPostgres, kafka: LocalKafka
) -> None:
    settings = opened_ledger(postgres, kafka, 3)
    with pytest.raises(WrongSetting, match="it has 3 partitions, the ledger has 2"):
        check_topic(settings.model_copy(update={"partitions": 2}))
    with pytest.raises(WrongSetting, match="does not exist; create it first"):
        check_topic(settings.model_copy(update={"topic": "absent.events"}))


def test_guessable_relay_key_is_refused() -> None:
    with pytest.raises(WrongSetting, match="LEDGER_RELAY_KEY"):
        RecordSeal.of(Settings(relay_key=SecretStr("short")))


def test_database_that_does_not_wait_for_its_disk_is_refused(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with psycopg.connect(settings.owner_database, autocommit=True) as connection:
        database = connection.info.dbname
        connection.execute(
            sql.SQL("alter role ledger_relay in database {} set synchronous_commit = off").format(
                sql.Identifier(database)
            )
        )
    with started(settings, "ledger.relay", tmp_path / "relay.log") as process:
        assert process.wait(30) == WRONG_SETTING
    assert "role ledger_relay: synchronous_commit is off" in (tmp_path / "relay.log").read_text()


def test_a_role_that_may_more_than_its_work_is_refused(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with pytest.raises(WrongSetting, match="LEDGER_RELAY_DATABASE: ledger_owner is a superuser"):
        relay_once(settings.model_copy(update={"relay_database": settings.owner_database}))
    with psycopg.connect(settings.owner_database, autocommit=True) as connection:
        connection.execute("grant insert on events to ledger_relay")
    with pytest.raises(WrongSetting, match="LEDGER_RELAY_DATABASE: ledger_relay may INSERT on events; revoke that"):
        relay_once(settings)


def test_changed_event_is_a_fork(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 100)
    relay_once(settings)
    with psycopg.connect(settings.owner_database) as connection:
        connection.execute(
            "update events set body = convert_to(replace(convert_from(body, 'UTF8'), '3600', '3601'), 'UTF8') "
            "where partition = 0 and position = 50"
        )
    with pytest.raises(ForkDetected, match="partition 0 position 50"):
        relay_once(settings)
    with started(settings, "ledger.relay", tmp_path / "relay.log") as process:
        assert process.wait(30) == STOPPED_LOUDLY
    assert len(topic_records(settings, 0)) == len(stored_hashes(settings, 0))


def test_store_behind_the_topic_is_a_fork(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 100)
    relay_once(settings)
    last = len(stored_hashes(settings, 0))
    with psycopg.connect(settings.owner_database) as connection:
        connection.execute("delete from events where position = %s", [last])
        connection.execute("update partition_counters set position = %s", [last - 1])
    with pytest.raises(ForkDetected, match=f"position {last}: it is on the topic, but not in the event store"):
        relay_once(settings)


def test_topic_without_its_beginning_is_refused(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 100)
    relay_once(settings)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.delete_records({TopicPartition(settings.topic, 0): 10})
    with pytest.raises(HistoryDeleted, match="begins at offset 10"):
        relay_once(settings)


def test_forged_and_repeated_records_do_not_mislead_the_tail(
    postgres: EmbeddedPostgres, kafka: LocalKafka, seed: int
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    store_attendances(settings, 6_000)
    relay_once(settings)
    records = topic_records(settings, 0)
    old = [(record.value, [(name, value or b"") for name, value in record.headers]) for record in records]
    forged = [(b'{"partition":0,"position":99999}', [("hmac", bytes(32))])] * 5_000
    again = random.Random(seed).sample(old, 50)
    produce(settings, 0, [*again, *forged, old[4]])
    produce(settings, 0, [(b"its header has no readable name", [(NoText("hmac"), bytes(32))])])
    before = record_count(settings)
    store_attendances(settings, 10)
    relay_once(settings)
    # Nothing but the ten: the tail was found behind the flood, and the stray old record was seen through.
    assert record_count(settings) == before + 10


class NoText(str):
    """The name of a header that only a client of lower manners would write."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


def cut_newest_segment(kafka: LocalKafka, topic: str, lost_bytes: int) -> int:
    """What a power cut does to a log that was acknowledged and never fsynced; returns how many bytes are gone."""
    segment = max((kafka.data_dir / "log" / f"{topic}-0").glob("*.log"))
    size = segment.stat().st_size
    with segment.open("r+b") as file:
        file.truncate(size - lost_bytes)
    return size - segment.stat().st_size
