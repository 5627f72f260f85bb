"""The servers the other tests rest on: what they acknowledged survives kill -9, and they leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from ledger.child_process import ChildFailed
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.folder_lock import FolderInUse
from ledger.local_kafka import LocalKafka
from ledger.postgres_place import SOCKET_PATH_BYTES_MAX, PlaceNotUsable

TOPIC = "volunteer-hours.events"


def processes_naming(folder: Path) -> list[str]:
    """The command lines of all processes that name the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:  # it ended while we looked
                continue
            if str(folder) in command:
                found.append(command)
    return found


def insert(server: EmbeddedPostgres, value: int) -> None:
    with psycopg.connect(server.dsn("ledger")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value integer)")
        connection.execute("INSERT INTO kept VALUES (%s)", (value,))


def kept(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.dsn("ledger")) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def test_postgres_keeps_what_it_committed_through_kill_and_stop(fresh_postgres: EmbeddedPostgres):
    fresh_postgres.create_database("ledger")
    insert(fresh_postgres, 1)
    fresh_postgres.kill()
    began = time.monotonic()
    fresh_postgres.start()
    restart_seconds = time.monotonic() - began
    insert(fresh_postgres, 2)
    fresh_postgres.stop()
    fresh_postgres.start()
    assert kept(fresh_postgres) == [1, 2]
    assert restart_seconds < 10, "2 s on an idle machine; more than 10 s means it waited for something"


def test_postgres_starts_while_a_session_of_the_killed_server_still_runs(fresh_postgres: EmbeddedPostgres):
    fresh_postgres.create_database("ledger")
    with psycopg.connect(fresh_postgres.dsn("ledger"), autocommit=True) as connection:
        process_id = connection.info.backend_pid
        os.kill(process_id, signal.SIGSTOP)  # it can't notice that its server has gone
        fresh_postgres.kill()
        restarted = subprocess.Popen(
            [sys.executable, "-c", f"import os, time; time.sleep(1); os.kill({process_id}, {int(signal.SIGCONT)})"]
        )
        fresh_postgres.start()
        restarted.wait()
    insert(fresh_postgres, 3)
    assert kept(fresh_postgres) == [3]


def test_postgres_has_the_durable_settings_and_every_language(fresh_postgres: EmbeddedPostgres):
    with psycopg.connect(fresh_postgres.dsn()) as connection:
        for name, value in (
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("idle_in_transaction_session_timeout", "5s"),
            ("data_checksums", "on"),
            ("server_encoding", "UTF8"),
            ("listen_addresses", "127.0.0.1"),
        ):
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == (value,), name
        arabic = connection.execute("SELECT to_tsvector('arabic', 'المتطوعون') @@ to_tsquery('arabic', 'متطوع')")
        assert arabic.fetchone() is not None
        version = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
        assert version == (18,)


def test_postgres_without_tcp_is_reached_by_its_closed_folder_only(server_dir: Path):
    with EmbeddedPostgres(server_dir) as server, psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert (server.folder.stat().st_mode & 0o777) == 0o700


def test_postgres_in_a_folder_too_deep_for_a_socket(server_dir: Path):
    deep = server_dir / ("d" * SOCKET_PATH_BYTES_MAX)
    with EmbeddedPostgres(deep) as server, psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        place = connection.execute("SHOW unix_socket_directories").fetchone()
        assert place is not None
        assert (Path(place[0]).stat().st_mode & 0o777) == 0o700
    assert not Path(place[0]).exists()


def test_second_postgres_in_the_same_folder_is_refused_with_the_holder(fresh_postgres: EmbeddedPostgres):
    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}: stop that one"):
        EmbeddedPostgres(fresh_postgres.data_dir).start()


def test_postgres_begins_anew_after_a_crash_in_its_first_start(server_dir: Path):
    server = EmbeddedPostgres(server_dir)
    half_made = server.folder / "cluster.unfinished"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with server:
        assert server.running
    assert not half_made.exists()


def test_postgres_with_a_wrong_setting_tells_it(server_dir: Path):
    server = EmbeddedPostgres(server_dir, settings={"shared_buffers": "a lot"})
    with pytest.raises(ChildFailed, match="shared_buffers"):
        server.start()
    assert not server.running


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_postgres_leaves_no_process(server_dir: Path, end: str):
    server = EmbeddedPostgres(server_dir)
    server.start()
    assert processes_naming(server_dir)
    getattr(server, end)()
    assert wait_for_none(server_dir) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_servers_end_with_their_parent(server_dir: Path, how: signal.Signals):
    program = (
        "import sys, time; from pathlib import Path; from ledger.embedded_postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start(); print('up', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(server_dir)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    parent.send_signal(how)
    parent.wait()
    # A new start does not wait for us to look: it must cope with the old server still on its way out.
    with EmbeddedPostgres(server_dir) as server:
        assert server.running
    assert wait_for_none(server_dir) == []


def wait_for_none(folder: Path) -> list[str]:
    deadline = time.monotonic() + 10
    while (left := processes_naming(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.mark.parametrize("closed", [0o700])
def test_folder_that_the_servers_user_cannot_reach_is_named(server_dir: Path, closed: int):
    outer = server_dir / "closed"
    outer.mkdir(mode=closed)
    server = EmbeddedPostgres(outer / "data")
    if os.geteuid() == 0:  # root's server runs under another user; anybody else's under his own
        with pytest.raises(PlaceNotUsable, match=f"the folder {outer} is closed to others"):
            server.start()
    else:
        with server:
            assert server.running


def test_kafka_keeps_what_it_acknowledged_through_kill_and_stop(fresh_kafka: LocalKafka):
    address = fresh_kafka.bootstrap
    fresh_kafka.create_topic(TOPIC, 3)
    fresh_kafka.create_topic(TOPIC, 3)
    produce(fresh_kafka, [b"first", b"second"])
    fresh_kafka.kill()
    assert wait_for_none(fresh_kafka.data_dir) == []
    fresh_kafka.start()
    assert fresh_kafka.bootstrap == address
    produce(fresh_kafka, [b"third"])
    fresh_kafka.stop()
    assert wait_for_none(fresh_kafka.data_dir) == []
    again = LocalKafka(fresh_kafka.data_dir, short_lived=True)
    with again:
        assert again.bootstrap == address
        assert consume(again, 3) == [b"first", b"second", b"third"]


def test_topic_keeps_everything_and_no_topic_appears_by_itself(kafka: LocalKafka):
    kafka.create_topic("kept-for-ever", 2)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        topic = ConfigResource(ConfigResourceType.TOPIC, "kept-for-ever")
        settings = admin.describe_configs([topic], config_filter="all")["topic"]["kept-for-ever"]
        values = {name: settings[name]["value"] for name in ("retention.ms", "retention.bytes", "cleanup.policy")}
        assert values == {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
        broker = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")], config_filter="all")
        assert broker["broker"]["1"]["auto.create.topics.enable"]["value"] == "false"
        assert len(admin.describe_topics(["kept-for-ever"])[0]["partitions"]) == 2


def test_second_broker_in_the_same_folder_is_refused(kafka: LocalKafka):
    with pytest.raises(FolderInUse, match="stop that one"):
        LocalKafka(kafka.data_dir).start()


def produce(broker: LocalKafka, values: list[bytes]) -> None:
    with KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        for value in values:
            producer.send(TOPIC, value, partition=1).get(timeout=30)


def consume(broker: LocalKafka, count: int) -> list[bytes | None]:
    with KafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(TOPIC, 1)])
        values: list[bytes | None] = []
        deadline = time.monotonic() + 30
        while len(values) < count and time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=500).values():
                values += [record.value for record in records]
        return values
