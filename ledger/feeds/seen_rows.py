"""Which ids a file has had so far, and what the ledger had before, in a temporary file: memory stays as it is."""

from __future__ import annotations

import sqlite3
from types import TracebackType

from volunteer_hours.v1.resources_pb2 import Opportunity


class SeenRows:
    """Ids of a file, with the line and the digest of what stood there."""

    def __init__(self) -> None:
        # An empty name: a file of the system's own that is gone with this connection; 2 MiB of it are kept in memory.
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("pragma journal_mode = off")
        self._rows.execute("pragma cache_size = -2048")
        self._rows.execute(
            "create table seen (name text primary key, line integer, digest blob, unchanged integer) without rowid"
        )
        self._rows.execute("create table listed (name text primary key, opportunity blob) without rowid")
        self._rows.execute("begin")

    def __enter__(self) -> SeenRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    def add(self, name: str, line: int, digest: bytes) -> int | None:
        """Remember a row; the line that had the same name before, if one had."""
        added = self._rows.execute("insert or ignore into seen values (?, ?, ?, 0)", (name, line, digest)).rowcount
        return None if added else self._found(name)[0]

    def is_same(self, name: str, line: int, digest: bytes) -> bool:
        """Whether just this row was read before."""
        return self._found(name) == (line, digest)

    def has(self, name: str) -> bool:
        """Whether the file has a row of this name."""
        return self._found(name)[0] is not None

    def mark_unchanged(self, name: str) -> None:
        """The ledger has this row already as it is: it need not be asked a second time."""
        self._rows.execute("update seen set unchanged = 1 where name = ?", (name,))

    def is_unchanged(self, name: str) -> bool:
        """Whether it was marked so."""
        return self._rows.execute("select 1 from seen where name = ? and unchanged = 1", (name,)).fetchone() is not None

    def keep_listed(self, opportunity: Opportunity) -> None:
        """Remember what the ledger had when the import began."""
        self._rows.execute(
            "insert or replace into listed values (?, ?)", (opportunity.name, opportunity.SerializeToString())
        )

    def listed(self, name: str) -> Opportunity | None:
        """What the ledger had of this name when the import began."""
        row: tuple[bytes] | None = self._rows.execute(
            "select opportunity from listed where name = ?", (name,)
        ).fetchone()
        return None if row is None else Opportunity.FromString(row[0])

    def __len__(self) -> int:
        row: tuple[int] = self._rows.execute("select count(*) from seen").fetchone()
        return row[0]

    def _found(self, name: str) -> tuple[int | None, bytes]:
        row: tuple[int, bytes] | None = self._rows.execute(
            "select line, digest from seen where name = ?", (name,)
        ).fetchone()
        return (None, b"") if row is None else row
