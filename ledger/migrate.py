"""Migrations: numbered plain SQL, each applied once, in order, under the owner role and an advisory lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ledger.access.master_keys import master_keys
from ledger.domain.ledger_kind import LedgerKind, kind_of_ledger
from ledger.domain.refusals import InvariantBroken
from ledger.rewrapping import has_plain_rows, wrap_plain_rows
from ledger.settings import Settings

ROLES: Final = ("ledger_service", "ledger_relay", "ledger_log_keeper", "ledger_projector", "ledger_reader")
_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6C_65_64_67_65_72


@dataclass(frozen=True)
class Target:
    """One database to migrate: the owner's URL and the folders of its steps, one after the other."""

    url: str
    folders: tuple[str, ...]


def migrate(settings: Settings) -> list[str]:
    """Bring the databases that are set up to date; returns what was applied. Running it again changes nothing."""
    applied: list[str] = []
    passwords = _passwords(settings)
    for target in targets(settings):
        create_database(target.url)
        applied += _apply(target, passwords)
    if settings.owner_keys_database:
        _wrap_plain_keys(settings)
    return applied


def targets(settings: Settings) -> list[Target]:
    """The databases to migrate; where `settings` are those of a ledger of accesses, that one alone."""
    store = ("events", "access") if kind_of_ledger(settings.ledger_id) is LedgerKind.ACCESS else ("events",)
    named = (
        Target(settings.owner_database, store),
        Target(settings.owner_keys_database, ("keys",)),
        Target(settings.owner_read_database, ("read",)),
        Target(settings.owner_access_database, ("events", "access")),
    )
    return [target for target in named if target.url]


def _wrap_plain_keys(settings: Settings) -> None:
    """Keys of persons from before there were master keys. Raises WrongSetting if there are some, and no master key."""
    if has_plain_rows(settings.owner_keys_database):
        wrap_plain_rows(settings.owner_keys_database, master_keys(settings))


def create_database(url: str) -> None:
    """Create the database that `url` names if it is not there."""
    name = str(conninfo_to_dict(url)["dbname"])
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
            statement = sql.SQL("create database {} encoding 'UTF8' template template0").format(sql.Identifier(name))
            connection.execute(statement)


def _apply(target: Target, passwords: dict[str, str]) -> list[str]:
    done: list[str] = []
    with psycopg.connect(target.url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        _create_roles(connection, passwords)
        connection.execute("create table if not exists schema_version (step text primary key, applied_at timestamptz)")
        connection.execute("grant select on schema_version to " + ", ".join(ROLES))
        known = {str(row[0]) for row in connection.execute("select step from schema_version")}
        steps = steps_of(target.folders)
        if not known <= {step.stem for step in steps}:
            raise InvariantBroken(f"{target.folders[-1]}: a newer program migrated this database; use that one")
        for step in steps:
            if step.stem not in known:
                connection.execute(step.read_bytes())
                connection.execute("insert into schema_version values (%s, clock_timestamp())", [step.stem])
                done.append(f"{step.parent.name}/{step.stem}")
    return done


def steps_of(folders: Sequence[str]) -> list[Path]:
    """The steps of these folders, in the order they are applied in."""
    return [step for folder in folders for step in sorted((_FOLDER / folder).glob("*.sql"))]


def _create_roles(connection: psycopg.Connection, passwords: dict[str, str]) -> None:
    for role in ROLES:
        if connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is None:
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        if role in passwords:
            statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(passwords[role]))
            connection.execute(statement)


def _passwords(settings: Settings) -> dict[str, str]:
    urls = (
        settings.database,
        settings.relay_database,
        settings.log_keeper_database,
        settings.projector_database,
        settings.read_database,
        settings.access_database,
        settings.access_relay_database,
        settings.access_log_keeper_database,
    )
    passwords: dict[str, str] = {}
    for url in urls:
        parts = conninfo_to_dict(url) if url else {}
        if parts.get("user") in ROLES and parts.get("password"):
            passwords[str(parts["user"])] = str(parts["password"])
    return passwords
