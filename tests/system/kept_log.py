"""A ledger whose log is kept: what everybody sees of it, and what the signer remembers."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import psycopg
from psycopg import sql

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.log_keeping import keeper
from ledger.log_keeping.signer_folder import origins_of, read_keys, read_signed
from ledger.log_keeping.signer_keys import SignedCheckpoint
from ledger.log_keeping.tile_store import Published, TileStore
from ledger.settings import Settings
from ledger.transparency.tile_tree import TileTree
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import verify_whole_log
from tests.system.stored_history import heads_of, opened_ledger


def emptied_ledger(postgres: EmbeddedPostgres, kafka: LocalKafka, folder: Path, partitions: int) -> Settings:
    """An opened ledger without events, so that every size of its log can be tried; nothing is signed yet."""
    return emptied(opened_ledger(postgres, kafka, partitions), folder)


def emptied(settings: Settings, folder: Path) -> Settings:
    """The same over a ledger that was just opened."""
    with psycopg.connect(settings.owner_database) as owner:
        owner.execute("delete from events")
        owner.execute("update partition_counters set position = 0")
    return settings.model_copy(update={"signer_folder": str(folder / "signer")})


def as_owner(settings: Settings, statement: str) -> None:
    """What only somebody can do who owns the tables."""
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        owner.execute(statement.encode())


def copied_database(postgres: EmbeddedPostgres, settings: Settings) -> dict[str, str]:
    """The event store as it is now, under another name: a backup, restored."""
    name = f"t{uuid.uuid4().hex[:12]}_restored"
    with psycopg.connect(settings.owner_database) as connection:
        source = connection.info.dbname
    with psycopg.connect(settings.owner_database, dbname="postgres", autocommit=True) as owner:
        copy = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(source))
        owner.execute(copy)
    return {
        "database": postgres.dsn(name, "ledger_service"),
        "owner_database": postgres.dsn(name),
        "log_keeper_database": postgres.dsn(name, "ledger_log_keeper"),
    }


def keep_once(settings: Settings) -> None:
    """The keeper, until everything stored now is signed."""
    keeper.run(settings, stop=threading.Event(), once=True)


def remembered(settings: Settings, partition: int) -> SignedCheckpoint:
    """What the signer signed last."""
    folder = Path(settings.signer_folder)
    return read_signed(folder, partition, read_keys(folder, origins_of(settings))[partition])


def memory_bytes(settings: Settings) -> dict[str, bytes]:
    """Every file of the signer but its lock."""
    folder = Path(settings.signer_folder)
    if not folder.exists():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "lock"}


def published(settings: Settings, partition: int = 0) -> list[Published]:
    """Every checkpoint that was given away, by size."""
    with psycopg.connect(settings.log_keeper_database) as connection:
        rows = connection.execute(
            "select size, root, checkpoint from log_checkpoints where partition = %s order by size", [partition]
        ).fetchall()
    return [Published(*row) for row in rows]


def is_caught_up(settings: Settings) -> bool:
    """Whether everything stored is under a published checkpoint."""
    newest = {partition: published(settings, partition)[-1:] for partition in range(settings.partitions)}
    return all(newest[number] and newest[number][0].size == head for number, head in heads_of(settings).items())


def assert_sound(settings: Settings) -> None:
    """All of the log holds: every checkpoint over its events, its tiles, and the signer's memory at the end of it."""
    folder = Path(settings.signer_folder)
    for partition, keys in enumerate(read_keys(folder, origins_of(settings))):
        with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
            rows = connection.execute(
                "select body from events where partition = %s order by position", [partition]
            ).fetchall()
            events = [bytes(row[0]) for row in rows]
            given = published(settings, partition)
            store = TileStore(connection, partition)
            policy = read_policy(keys.verifier_lines())
            for one in given:
                head = verify_whole_log(one.note, events[: one.size], policy).checkpoint
                assert (head.size, head.root) == (one.size, one.root)
                # The tiles of each size are there as that size names them, or full.
                assert TileTree(store, one.size).root(one.size) == one.root
        assert given[-1].size == len(events)
        # Cosignatures stand below the signer's own lines.
        assert given[-1].note.startswith(remembered(settings, partition).note)
