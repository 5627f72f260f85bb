"""Are two read databases the same? SHA-256 of each table: all rows in order of their key, all columns that events made.

Two databases that applied the same events have the same hashes, however the events were cut into batches, on whatever
machine. `docs/audit.md`, "Equal hashes", lists tables, keys and what is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from psycopg import Connection, sql

AnyDatabase: TypeAlias = Connection[Any]
"""A connection to a read database as any role that may select."""


@dataclass(frozen=True, slots=True)
class HashedTable:
    """A table, its primary key, and the columns that do not come from events alone."""

    name: str
    key: tuple[str, ...]
    left_out: frozenset[str] = frozenset()


HASHED_TABLES: Final = (
    HashedTable("positions", ("partition",), frozenset({"next_offset"})),
    HashedTable("journal_lines", ("holder", "position", "entry_index")),
    HashedTable("balances", ("holder",)),
    HashedTable("outside_balances", ("partition",)),
    HashedTable("hours_by_month", ("partition", "opportunity", "organization", "service_month")),
    HashedTable("policies", ("name",)),
    HashedTable("closed_periods", ("period",)),
    HashedTable("anomaly_reviews", ("anomaly",)),
    HashedTable("hours_of_months", ("partition", "service_month")),
    HashedTable("organizations", ("organization",)),
    HashedTable("appointments", ("appointment",)),
    HashedTable("initiatives", ("initiative",)),
    HashedTable("volunteers", ("volunteer",)),
    HashedTable("volunteer_links", ("volunteer", "position")),
    HashedTable("opportunities", ("opportunity",)),
    HashedTable("opportunity_versions", ("opportunity", "position")),
    HashedTable("shifts", ("shift",)),
    HashedTable("shift_versions", ("shift", "position")),
    HashedTable("registrations", ("registration",)),
    HashedTable("registration_versions", ("registration", "position")),
    HashedTable("live_sessions", ("session",)),
    HashedTable("live_connections", ("session", "number")),
    HashedTable("projects", ("project",)),
    HashedTable("project_versions", ("project", "position")),
    HashedTable("donations", ("donation",)),
    HashedTable("donation_movements", ("donation", "position")),
    HashedTable("project_money", ("project", "currency", "platform")),
    HashedTable("subscriptions", ("subscription",)),
    HashedTable("subscription_limits", ("subscription", "version")),
    HashedTable("delivery_places", ("subscription", "entry_partition")),
    HashedTable("open_pieces", ("subscription", "piece")),
    HashedTable("courses", ("course",)),
    HashedTable("training_sessions", ("training_session",)),
    HashedTable("completion_records", ("completion", "number")),
    HashedTable("search_opportunities", ("partition", "number")),
    HashedTable("search_openings", ("partition", "number", "begins_at", "shift")),
    HashedTable("search_contents", ("partition", "number")),
    HashedTable("search_keys", ("key", "partition", "chunk")),
    HashedTable("search_words", ("word", "partition")),
    HashedTable("search_organizations", ("organization",)),
    HashedTable("requirement_standings", ("standing",)),
    HashedTable("recognitions", ("name",)),
    HashedTable("milestones", ("milestone",)),
    HashedTable("nominations", ("nomination",)),
    HashedTable("honours", ("honour", "since_position")),
    HashedTable("statements", ("statement",)),
    HashedTable("statement_shares", ("share",)),
)

APPLIED: Final = "applied_batches"
"""Hashed by what the batches hold, not by how they were cut."""

NOT_HASHED: Final[Mapping[str, str]] = {
    "schema_version": "when this database was migrated",
    "quarantine": "what was found on the topic and is no event; depends on the topic, not on the ledger",
    "alarms": "what the consumers noticed, and when",
}
"""Tables left out, each with its reason."""

_COLUMNS_SQL: Final = """
    select a.attname from pg_attribute a
    where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
    order by a.attname collate "C"
"""
_APPLIED_SQL: Final = """
    select partition, hashes, recorded_times from applied_batches order by partition, first_position
"""


def canonical_hashes(connection: AnyDatabase) -> dict[str, str]:
    """Table → SHA-256, hexadecimal, all of one moment. Memory stays flat. The connection must be in no transaction."""
    connection.autocommit = True
    with _one_moment(connection):
        hashes = {table.name: _table_hash(connection, table) for table in HASHED_TABLES}
        hashes[APPLIED] = _applied_hash(connection)
    return hashes


def canonical_hash(hashes: Mapping[str, str]) -> str:
    """One hash over those of all tables."""
    lines = "".join(f"{table} {digest}\n" for table, digest in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@contextmanager
def _one_moment(connection: AnyDatabase) -> Iterator[None]:
    connection.execute("begin transaction isolation level repeatable read read only")
    try:
        yield
    finally:
        connection.execute("rollback")  # nothing was written


def _table_hash(connection: AnyDatabase, table: HashedTable) -> str:
    names = [str(row[0]) for row in connection.execute(_COLUMNS_SQL, [table.name])]
    columns = [name for name in names if name not in table.left_out]
    statement = sql.SQL("copy (select {} from {} order by {}) to stdout (format binary)").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )
    digest = hashlib.sha256("\n".join(columns).encode())
    # Binary, because texts depend on settings such as DateStyle and TimeZone.
    with connection.cursor() as cursor, cursor.copy(statement) as rows:
        for piece in rows:
            digest.update(piece)
    return digest.hexdigest()


def _applied_hash(connection: AnyDatabase) -> str:
    partitions: dict[int, tuple[Any, Any]] = {}
    with connection.cursor("applied", withhold=False) as cursor:
        for partition, hashes, recorded_times in cursor.execute(_APPLIED_SQL):
            of_hashes, of_times = partitions.setdefault(partition, (hashlib.sha256(), hashlib.sha256()))
            of_hashes.update(hashes)
            of_times.update(recorded_times)
    whole = hashlib.sha256()
    for partition, (of_hashes, of_times) in sorted(partitions.items()):
        whole.update(partition.to_bytes(4, "big") + of_hashes.digest() + of_times.digest())
    return whole.hexdigest()
