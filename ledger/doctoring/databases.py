"""Do the databases keep what they acknowledge, and may each role do its work and nothing more?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from ledger.database_guard import check_database
from ledger.database_rights import RoleRights, read_by_others
from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.open_ledger import check_same_ledger
from ledger.settings import Settings

DATABASES: Final = {
    "database": "events",
    "relay_database": "events",
    "log_keeper_database": "events",
    "keys_database": "keys",
    "read_database": "read",
    "projector_database": "read",
}
"""Setting → folder of the migrations of the database it names."""

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
SKEW_SECONDS_MAX: Final = 2.0
SERVER_VERSION_MIN: Final = 150_000


def durability(settings: Settings) -> Iterator[Diagnosis]:
    """Settings of the server as the role sees them, version, migrations, and that it is this ledger."""
    for name, folder in DATABASES.items():
        url = getattr(settings, name)
        variable = f"LEDGER_{name.upper()}"
        if not url:
            yield warn(variable, "is not set; what needs it does not run here")
            continue
        with psycopg.connect(url) as connection:
            check_database(connection)
            server = connection.info.server_version
            if server < SERVER_VERSION_MIN:
                yield wrong(variable, f"PostgreSQL {server // 10_000} is too old; use 15 or newer, 18 is tried")
            else:
                yield ok(variable, f"PostgreSQL {server // 10_000} keeps what it acknowledges")
            yield _migrated(connection, variable, MIGRATIONS / folder)
            if name == "database":
                yield _opened(connection, settings)


def _migrated(connection: psycopg.Connection[Any], variable: str, folder: Path) -> Diagnosis:
    known = connection.execute("select to_regclass('schema_version')").fetchone()
    if known is None or known[0] is None:
        return wrong(variable, "is not migrated; run `hours-ledger migrate`")
    readable = connection.execute("select has_table_privilege('schema_version', 'SELECT')").fetchone()
    if readable is None or not readable[0]:
        return ok(variable, "is migrated (this role cannot see how far)")
    done = {row[0] for row in connection.execute("select step from schema_version")}
    steps = {step.stem for step in folder.glob("*.sql")}
    if done == steps:
        return ok(variable, f"has all {len(steps)} migrations")
    missing, unknown = sorted(steps - done), sorted(done - steps)
    if unknown:
        return wrong(variable, f"was migrated by a newer program ({', '.join(unknown)}); use that one")
    return wrong(variable, f"lacks {', '.join(missing)}; run `hours-ledger migrate`")


def _opened(connection: psycopg.Connection[Any], settings: Settings) -> Diagnosis:
    row = connection.execute("select ledger_id, partitions from ledger").fetchone()
    if row is None:
        return wrong("ledger", "is not opened; run `hours-ledger migrate`")
    check_same_ledger(settings, row[0], row[1])
    return ok("ledger", f"{row[0]} with {row[1]} partitions")


def rights(settings: Settings) -> Iterator[Diagnosis]:
    """No role may rewrite what it only has to add, or read what is not its business."""
    roles: dict[str, str] = {}
    for name in DATABASES:
        url = getattr(settings, name)
        if not url:
            continue
        with psycopg.connect(url) as connection:
            found = RoleRights(connection, name)
        roles[name] = found.role
        label = f"rights of {found.role}"
        if found.is_superuser:
            yield wrong(label, f"LEDGER_{name.upper()} is a superuser, whom no right binds; use its own role")
        elif found.too_much:
            yield wrong(label, f"it may {', '.join(found.too_much)}; revoke that")
        else:
            yield ok(label, "it may do its work and rewrite nothing")
    yield from _secrecy(settings, roles)


def _secrecy(settings: Settings, roles: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Which roles can read a database that is not theirs."""
    for name, table, strangers in (
        ("database", "events", ("read_database", "projector_database")),
        (
            "keys_database",
            "person_keys",
            ("relay_database", "log_keeper_database", "read_database", "projector_database"),
        ),
    ):
        url = getattr(settings, name)
        if url:
            with psycopg.connect(url) as connection:
                for told in read_by_others(connection, table, [roles[one] for one in strangers if one in roles]):
                    yield wrong(f"readers of {table}", told)


def clocks(settings: Settings) -> Iterator[Diagnosis]:
    """The database's clock gives record times; ours gives logs and deadlines. And record time is not in the future."""
    if not settings.database:
        return
    with psycopg.connect(settings.database) as connection:
        before = datetime.now(UTC)
        row = connection.execute("select clock_timestamp(), max(recorded_at) from partition_counters").fetchone()
        after = datetime.now(UTC)
    if row is None:
        return
    skew_seconds = abs((row[0] - (before + (after - before) / 2)).total_seconds())
    if skew_seconds > SKEW_SECONDS_MAX:
        said = f"the database's clock is {skew_seconds:.1f} s away from ours"
        yield warn("clocks", f"{said}; let both follow one time server")
    else:
        yield ok("clocks", f"the database's clock is {skew_seconds * 1000:.0f} ms away from ours")
    if row[1] is not None and row[1] > row[0]:
        ahead_seconds = (row[1] - row[0]).total_seconds()
        yield warn("clocks", f"the last event lies {ahead_seconds:.1f} s in the future: the clock was put back")
