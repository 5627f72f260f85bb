"""Do the databases keep what they acknowledge, and may each role do its work and nothing more?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from ledger.database_guard import check_database
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

_FORBIDDEN: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "database": (
        *((table, right) for table in ("events", "request_keys") for right in ("UPDATE", "DELETE", "TRUNCATE")),
        *((table, "DELETE") for table in ("presences", "shift_places", "shift_waiting")),
        *((table, "DELETE") for table in ("volunteer_identities", "partition_counters")),
        ("partition_counters", "INSERT"),
        ("ledger", "UPDATE"),
        *((table, right) for table in ("log_tiles", "log_checkpoints") for right in ("INSERT", "UPDATE", "DELETE")),
    ),
    "relay_database": (
        *(("events", right) for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")),
        ("volunteer_identities", "SELECT"),
    ),
    "log_keeper_database": (
        *(("events", right) for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")),
        ("partition_counters", "UPDATE"),
        ("volunteer_identities", "SELECT"),
        ("log_tiles", "UPDATE"),
        *(("log_checkpoints", right) for right in ("DELETE", "TRUNCATE")),
    ),
    "keys_database": (
        *(("person_keys", right) for right in ("UPDATE", "TRUNCATE")),
        *((table, right) for table in ("erased_persons", "erasures_followed") for right in ("DELETE", "TRUNCATE")),
    ),
    "read_database": tuple(("balances", right) for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")),
    "projector_database": (("quarantine", "DELETE"), ("alarms", "DELETE")),
}
"""What the role of each setting must not be able to do."""

_ROLE: Final = "select current_user, rolsuper from pg_roles where rolname = current_user"


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
    for name, forbidden in _FORBIDDEN.items():
        url = getattr(settings, name)
        if not url:
            continue
        with psycopg.connect(url) as connection:
            row = connection.execute(_ROLE).fetchone()
            role, is_superuser = ("?", True) if row is None else row
            can = [f"{right} on {table}" for table, right in forbidden if _may(connection, table, right)]
        label = f"rights of {role}"
        if is_superuser:
            yield wrong(label, f"LEDGER_{name.upper()} is a superuser, whom no right binds; use its own role")
        elif can:
            yield wrong(label, f"it may {', '.join(can)}; revoke that")
        else:
            yield ok(label, "it may do its work and rewrite nothing")


def _may(connection: psycopg.Connection[Any], table: str, right: str) -> bool:
    row = connection.execute(
        "select to_regclass(%s) is not null and has_table_privilege(to_regclass(%s), %s)", [table, table, right]
    ).fetchone()
    return bool(row and row[0])


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
