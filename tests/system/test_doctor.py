"""The doctor on real servers: all well; then one thing after another is put wrong, and it says what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from pydantic import SecretStr

from ledger import doctor
from ledger.doctoring.diagnosis import Health
from ledger.settings import Settings
from tests.system import whole_programme
from tests.system.kept_log import keep_once
from tests.system.stored_history import opened_ledger, produce


@pytest.fixture(scope="module")
def settings(postgres, kafka, tmp_path_factory) -> Settings:
    made = whole_programme.everywhere(opened_ledger(postgres, kafka, 3))
    kept = made.model_copy(update={"signer_folder": str(tmp_path_factory.mktemp("doctor") / "signer")})
    keep_once(kept)
    return kept


def said(settings: Settings, health: Health) -> list[str]:
    return [f"{one.name}: {one.text}" for one in doctor.diagnose(settings) if one.health is health]


def test_all_is_well(settings, capsys):
    assert doctor.run(settings) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "wrong: 0"
    assert not [line for line in lines if line.startswith(("warn", "wrong "))], lines
    assert any("rights of ledger_service" in line for line in lines)
    assert any(line.startswith("ok    topic, partition 2: ") for line in lines)
    assert any(re.fullmatch(r"ok    balance map, partition 2: size (\d+) of \1 is signed", line) for line in lines), (
        lines
    )


def test_a_role_that_may_rewrite_events_is_wrong(settings):
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        owner.execute("grant update on events to ledger_service")
        try:
            assert "rights of ledger_service: it may UPDATE on events; revoke that" in said(settings, Health.WRONG)
        finally:
            owner.execute("revoke update on events from ledger_service")


def test_a_superuser_in_a_role_s_place_is_wrong(settings):
    found = said(settings.model_copy(update={"database": settings.owner_database}), Health.WRONG)
    assert any("is a superuser, whom no right binds" in text for text in found), found


def test_a_role_that_does_not_wait_for_the_disk_is_wrong(settings):
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        owner.execute("alter role ledger_service set synchronous_commit = off")
        try:
            found = said(settings, Health.WRONG)
        finally:
            owner.execute("alter role ledger_service reset synchronous_commit")
    assert any("synchronous_commit is off, it must be on" in text for text in found), found


def test_short_missing_equal_and_example_secrets_are_told(settings):
    short = settings.model_copy(update={"relay_key": SecretStr("short")})
    assert any("LEDGER_RELAY_KEY: has 5 bytes" in text for text in said(short, Health.WRONG))
    equal = settings.model_copy(update={"identity_key": settings.request_hash_key})
    both = "LEDGER_REQUEST_HASH_KEY and LEDGER_IDENTITY_KEY"
    assert any(f"{both}: are the same" in text for text in said(equal, Health.WRONG))
    example = settings.model_copy(update={"identity_key": SecretStr("example-identity-key")})
    assert any("LEDGER_IDENTITY_KEY: is an example" in text for text in said(example, Health.WARN))


def test_another_ledger_and_a_database_that_is_away_are_told(settings):
    other = settings.model_copy(update={"ledger_id": "another"})
    assert any("LEDGER_LEDGER_ID is another" in text for text in said(other, Health.WRONG))
    away = settings.model_copy(update={"database": "postgresql://ledger_service@127.0.0.1:1/nothing"})
    found = said(away, Health.WRONG)
    assert any(text.startswith("databases: cannot be checked") for text in found), found


def test_a_topic_that_would_forget_and_records_of_somebody_else_are_told(postgres, kafka):
    made = whole_programme.everywhere(opened_ledger(postgres, kafka, 1))
    produce(made, 0, [(b"forged", [])])
    whole_programme.publish_and_project(made)
    assert any("quarantine: 1 records" in text for text in said(made, Health.WARN))
    with KafkaAdminClient(bootstrap_servers=made.kafka) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, made.topic, {"retention.ms": "604800000"})])
    found = said(made, Health.WRONG)
    assert any("retention.ms is 604800000, it must be -1" in text for text in found), found


def test_an_unmigrated_database_is_told(settings):
    with psycopg.connect(settings.owner_read_database, autocommit=True) as owner:
        owner.execute("delete from schema_version where step = '0002_quarantine'")
        owner.execute("grant select on schema_version to ledger_projector")
        try:
            found = said(settings, Health.WRONG)
        finally:
            owner.execute("insert into schema_version values ('0002_quarantine', clock_timestamp())")
    assert any("lacks 0002_quarantine; run `hours-ledger migrate`" in text for text in found), found


def test_a_log_that_is_not_kept_is_told(settings, postgres, kafka, tmp_path):
    unkept = opened_ledger(postgres, kafka, 1).model_copy(update={"signer_folder": str(tmp_path / "signer")})
    found = said(unkept, Health.WARN)
    assert "log, partition 0: nothing is signed of 2 events; is keep-log running?" in found
    assert any(text.startswith("signer: ") and "makes it at its first start" in text for text in found), found
    keep_once(unkept)
    with psycopg.connect(unkept.owner_database, autocommit=True) as owner:
        owner.execute("delete from log_checkpoints where size > 1")
        owner.execute("update events set recorded_at = recorded_at - interval '1 hour'")
        assert any("log, partition 0: 2 events and 36" in text for text in said(unkept, Health.WARN))
        owner.execute("delete from log_balances")
        owner.execute("insert into log_checkpoints select partition, 2, root, checkpoint from log_checkpoints limit 1")
        found = said(unkept, Health.WARN)
        assert any("balance map, partition 0: 2 events and 36" in text for text in found), found
        owner.execute("delete from log_checkpoints where size > 1")
        owner.execute("insert into log_checkpoints select partition, 9, root, checkpoint from log_checkpoints")
    assert any("size 9 is signed, the store ends at 2: it lost events" in text for text in said(unkept, Health.WRONG))


def test_a_signer_that_cannot_go_on_is_told(settings):
    folder = Path(settings.signer_folder)
    memory = (folder / "signed-1").read_bytes()
    (folder / "signed-1").unlink()
    try:
        found = said(settings, Health.WRONG)
    finally:
        (folder / "signed-1").write_bytes(memory)
    assert any(text.startswith("signer: partition 1: the signer's memory") for text in found), found
    folder.chmod(0o755)
    try:
        assert any("has mode 0755, open to others" in text for text in said(settings, Health.WRONG))
    finally:
        folder.chmod(0o700)


def test_a_keeper_that_may_rewrite_checkpoints_is_wrong(settings):
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        owner.execute("grant delete on log_checkpoints to ledger_log_keeper")
        try:
            assert "rights of ledger_log_keeper: it may DELETE on log_checkpoints; revoke that" in said(
                settings, Health.WRONG
            )
        finally:
            owner.execute("revoke delete on log_checkpoints from ledger_log_keeper")
