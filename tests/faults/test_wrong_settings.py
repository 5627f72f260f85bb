"""A database that may lose what it acknowledged, a topic that forgets: `serve` names the setting and does not start."""

from __future__ import annotations

import re
import subprocess
import sys

import psycopg
import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from psycopg import sql
from pydantic import SecretStr

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.process_end import WRONG_SETTING
from ledger.settings import Settings
from tests.system.access_store import with_access_store
from tests.system.running_ledger import PROJECT
from tests.system.stored_history import opened_ledger, settings_environment

FORGETTING = [
    ("retention.ms", "604800000", "-1"),
    pytest.param("retention.bytes", "1000000", "-1", marks=pytest.mark.proof),  # of the relay in test_relay, all three
    pytest.param("cleanup.policy", "compact", "delete", marks=pytest.mark.proof),
]


def refused(settings: Settings, message: str) -> None:
    """`serve` ends with exit code 2 and says so; it never says that it serves."""
    done = subprocess.run(
        [sys.executable, "-m", "ledger", "serve", "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0"],
        cwd=PROJECT,
        env=settings_environment(with_access_store(settings)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == WRONG_SETTING, done.stdout + done.stderr
    assert "serving gRPC" not in done.stdout
    said = " ".join(done.stderr.split())  # lines are broken to fit a terminal
    assert re.search(message, said), said


def test_server_that_may_tear_pages_or_lose_them(kafka: LocalKafka, fresh_postgres: EmbeddedPostgres) -> None:
    settings = opened_ledger(fresh_postgres, kafka, 1)
    for wrong in ("fsync", "full_page_writes"):
        with psycopg.connect(fresh_postgres.dsn(), autocommit=True) as connection:
            connection.execute("alter system reset all")
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(wrong)))
            connection.execute("select pg_reload_conf()")
        refused(settings, f"as role ledger_service: {wrong} is off, it must be on$")


def test_no_master_key(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    """Keys of persons would lie plain."""
    settings = opened_ledger(postgres, kafka, 1)
    for wrong, said in (
        ("", "set one of LEDGER_MASTER_KEY_FILE and LEDGER_MASTER_KEY"),
        ("short", "master key 1 must"),
    ):
        refused(settings.model_copy(update={"master_key": SecretStr(wrong)}), said)


def test_commit_that_does_not_wait_for_the_service_alone(postgres: EmbeddedPostgres, kafka: LocalKafka) -> None:
    """Set for one role in one database: the server's own configuration looks right."""
    settings = opened_ledger(postgres, kafka, 1)
    with psycopg.connect(settings.owner_database, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(
            sql.SQL("alter role ledger_service in database {} set synchronous_commit = off").format(name)
        )
    refused(settings, "as role ledger_service: synchronous_commit is off, it must be on")


@pytest.mark.parametrize(("setting", "wrong", "right"), FORGETTING)
def test_topic_that_forgets(
    postgres: EmbeddedPostgres, kafka: LocalKafka, setting: str, wrong: str, right: str
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic, {setting: wrong})])
    refused(settings, rf"topic {settings.topic}: {setting} is {wrong}, it must be {right}")
