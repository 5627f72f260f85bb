"""One bit of one value of one row, changed by a superuser and taken back: any table, any column, whatever its type."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

WITHOUT_MEANING: Final = {
    ("positions", "next_offset"): "where the topic is read on: a hint",
    ("ledger", "opened_at"): "when the database was made",
}
"""Columns that no audit covers, and why a bit of them means nothing."""
LEFT_OUT: Final = frozenset({"quarantine", "alarms", "relay_lease", "schema_version"})
"""Tables that are not about the ledger (`docs/audit.md`, "What no pass covers")."""

_COLUMNS: Final = """
    select c.table_name, c.column_name, c.udt_name from information_schema.columns as c
    join information_schema.tables as t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by 1, 2
"""
_WHOLE_NUMBER_BITS: Final = {"int2": 15, "int4": 31, "int8": 63}


@dataclass(frozen=True, slots=True)
class Flipped:
    """What was changed, and the row as it was."""

    table: str
    column: str
    row: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = {name: str(value)[:60] for name, value in self.row.items()}
        return f"{self.table}.{self.column} of {shown}"


class FlippedRows:
    """The tables of one database, and their bits."""

    def __init__(self, url: str, tables: Sequence[str] | None = None) -> None:
        """`tables`: only these; else all that mean something."""
        self._url = url
        with psycopg.connect(url) as connection:
            found = connection.execute(_COLUMNS).fetchall()
            self._columns = [
                (table, column, kind)
                for table, column, kind in found
                if table not in LEFT_OUT and (tables is None or table in tables) and self._has_rows(connection, table)
            ]

    @property
    def tables(self) -> list[str]:
        """Those with rows, by name."""
        return sorted({table for table, _, _ in self._columns})

    @contextmanager
    def flipped(self, chance: random.Random, table: str) -> Iterator[Flipped | None]:
        """Flip one bit somewhere in `table`; None where the database itself refuses the value, or there is none."""
        column, kind = chance.choice([(column, kind) for name, column, kind in self._columns if name == table])
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        with psycopg.connect(self._url, autocommit=True) as superuser:
            find = sql.SQL("select ctid, {column}::text, to_jsonb({table}) from {table} where {column} is not null")
            rows = superuser.execute(find.format(**names)).fetchall()
            if not rows:
                yield None
                return
            ctid, before, row = chance.choice(rows)
            after = flipped_value(chance, before, kind)
            change = sql.SQL(
                "update {table} set {column} = %s::" + _cast(kind) + " where ctid = %s returning ctid, {column}::text"
            )
            moved = None
            try:
                if after is not None:
                    moved = superuser.execute(change.format(**names), [after, ctid]).fetchone()
            except (psycopg.DataError, psycopg.IntegrityError):
                moved = None
            try:
                # Another spelling of the same value, such as a date with slashes, changed nothing.
                yield Flipped(table, column, row) if moved is not None and moved[1] != before else None
            finally:
                if moved is not None:
                    superuser.execute(change.format(**names), [before, moved[0]])

    def _has_rows(self, connection: psycopg.Connection, table: str) -> bool:
        found = connection.execute(sql.SQL("select from {} limit 1").format(sql.Identifier(table)))
        return found.fetchone() is not None


def flipped_value(chance: random.Random, text: str, kind: str) -> str | None:
    """The value with another bit, written as PostgreSQL writes it; None where that would be no text any more."""
    if kind == "bytea":
        data = bytearray.fromhex(text.removeprefix("\\x"))
        if not data:
            return None
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return "\\x" + data.hex()
    if kind == "bool":
        return str(text == "false").lower()
    if kind in _WHOLE_NUMBER_BITS:
        return str(int(text) ^ 1 << chance.randrange(_WHOLE_NUMBER_BITS[kind]))
    at = chance.randrange(len(text)) if text else 0
    if not text or ord(text[at]) > 127:
        return None
    other = chr(ord(text[at]) ^ 1 << chance.randrange(7))
    return text[:at] + other + text[at + 1 :] if other.isprintable() else None


def _cast(kind: str) -> str:
    return f"{kind.removeprefix('_')}[]" if kind.startswith("_") else kind
