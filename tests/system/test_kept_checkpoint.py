"""What an auditor finds who kept one checkpoint, whatever the operator does with all keys and all databases in hand.

In each case everything that follows from the events was made anew, so that the ledger agrees with itself. Only what was
given away before cannot be made anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from ledger import audit
from ledger.auditing.signed_heads import LogTrust
from ledger.commands.keys import verifier_lines
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping.durable_file import replace_file
from ledger.log_keeping.signer_folder import memory_file, origins_of, read_keys
from ledger.log_keeping.tile_store import TileStore
from ledger.settings import Settings
from ledger.transparency.failures import OutOfTree, StepFailed
from ledger.transparency.tile_tree import TileTree
from ledger.transparency.tree_hash import EMPTY_ROOT
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import verify_growth
from tests.system.kept_log import copied_database, keep_once, published
from tests.system.stored_history import opened_store, store_attendances

SIZE = 302


@pytest.fixture
def log(postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    """A log with one checkpoint, of which the auditor took a copy an hour ago."""
    settings = opened_store(postgres, 1).model_copy(update={"signer_folder": str(tmp_path / "signer")})
    store_attendances(settings, SIZE - 2)
    keep_once(settings)
    return settings


def vkeys(settings: Settings) -> Sequence[str]:
    return verifier_lines(settings, 0)


def signed_anew(settings: Settings, folder: Path) -> Settings:
    """The operator forgets what was signed and lets the same keys sign whatever is stored now."""
    shutil.copytree(settings.signer_folder, folder)
    (keys,) = read_keys(folder, origins_of(settings))
    replace_file(memory_file(folder, 0), keys.sign(0, EMPTY_ROOT, 1_795_000_000).note)
    for kept in folder.glob("mapped-*"):
        kept.unlink()
    with psycopg.connect(settings.owner_database) as owner:
        tables = owner.execute(
            "select tablename from pg_tables where tablename like 'log_%' or tablename like 'map_%'"
        ).fetchall()
        for (table,) in tables:
            owner.execute(f"delete from {table}".encode())
    made = settings.model_copy(update={"signer_folder": str(folder)})
    keep_once(made)
    return made


def assert_found(settings: Settings, kept: bytes, field: str) -> None:
    """The ledger is at one with itself; beside the kept checkpoint it is not: audit and the log's own proof say so."""
    assert [one.line() for one in audit.audit(settings).findings if one.where.place.startswith("log")] == []
    trust = LogTrust.read(settings.log_origin, vkeys(settings), [kept])
    found = [one for one in audit.audit(settings, trust=trust).findings if one.where.place == "kept checkpoint"]
    assert [one.field for one in found] == [field]
    newest = published(settings)[-1]
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        tree = TileTree(TileStore(connection, 0), newest.size)
        try:
            proof = tree.consistency_proof(SIZE, newest.size)
        except OutOfTree:
            proof = []
    with pytest.raises(StepFailed) as failed:
        verify_growth(kept, newest.note, proof, read_policy(vkeys(settings)))
    assert failed.value.number == 15


def test_the_checkpoint_holds_while_the_log_only_grows(log):
    kept = published(log)[-1].note
    store_attendances(log, 50)
    keep_once(log)
    trust = LogTrust.read(log.log_origin, vkeys(log), [kept])
    findings = audit.audit(log, trust=trust).findings
    assert not [one for one in findings if one.where.place.startswith(("log", "kept"))]


def test_an_edited_event_with_everything_derived_from_it_made_anew(log, tmp_path):
    kept = published(log)[-1].note
    with psycopg.connect(log.owner_database) as owner:
        changed = owner.execute(
            "update events set body = replace(convert_from(body, 'UTF8'), '\"attended\",\"seconds\":', "
            '\'"attended","seconds":1\')::bytea where position = 17 returning 1'
        ).fetchall()
        assert changed
    store_attendances(log, 50)
    assert_found(signed_anew(log, tmp_path / "again"), kept, "root")


def test_a_tail_that_was_cut_off(log, tmp_path):
    kept = published(log)[-1].note
    with psycopg.connect(log.owner_database) as owner:
        owner.execute("delete from events where position > 200")
        owner.execute("update partition_counters set position = 200")
    assert_found(signed_anew(log, tmp_path / "again"), kept, "size")


def test_yesterdays_database_restored_and_written_on(log, tmp_path, postgres):
    yesterday = copied_database(postgres, log)
    store_attendances(log, 100)
    keep_once(log)
    today = published(log)[-1].note
    restored = log.model_copy(update=yesterday)
    store_attendances(restored, 150)
    made = signed_anew(restored, tmp_path / "again")
    trust = LogTrust.read(made.log_origin, vkeys(made), [today])
    found = [one for one in audit.audit(made, trust=trust).findings if one.where.place == "kept checkpoint"]
    assert [(one.field, one.where.position) for one in found] == [("root", SIZE + 100)]


def test_two_instances_that_sign_with_the_same_keys(log, tmp_path, postgres):
    other = log.model_copy(update={**copied_database(postgres, log), "signer_folder": str(tmp_path / "copy")})
    shutil.copytree(log.signer_folder, other.signer_folder)
    for instance in (log, other):
        store_attendances(instance, 40)
        keep_once(instance)
    here, there = published(log)[-1], published(other)[-1]
    assert (here.size, here.root) != (there.size, there.root)
    # The auditor asked the one and then the other: both signed the same size, with different roots.
    with pytest.raises(StepFailed, match="15"):
        verify_growth(here.note, there.note, [], read_policy(vkeys(log)))
