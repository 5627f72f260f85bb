"""Which ids a file has had so far, in a temporary file: memory does not grow with the feed."""

from __future__ import annotations

import sqlite3
from types import TracebackType


class SeenRows:
    """Ids of a file, with the line and the digest of what stood there."""

    def __init__(self) -> None:
        # An empty name: a file of the system's own that is gone with this connection; 2 MiB of it are kept in memory.
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("pragma journal_mode = off")
        self._rows.execute("pragma cache_size = -2048")
        self._rows.execute("create table seen (name text primary key, line integer, digest blob) without rowid")
        self._rows.execute("begin")

    def __enter__(self) -> SeenRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    def add(self, name: str, line: int, digest: bytes) -> int | None:
        """Remember a row; the line that had the same name before, if one had."""
        added = self._rows.execute("insert or ignore into seen values (?, ?, ?)", (name, line, digest)).rowcount
        return None if added else self._found(name)[0]

    def is_same(self, name: str, line: int, digest: bytes) -> bool:
        """Whether just this row was read before."""
        return self._found(name) == (line, digest)

    def has(self, name: str) -> bool:
        """Whether the file has a row of this name."""
        return self._found(name)[0] is not None

    def __len__(self) -> int:
        row: tuple[int] = self._rows.execute("select count(*) from seen").fetchone()
        return row[0]

    def _found(self, name: str) -> tuple[int | None, bytes]:
        row: tuple[int, bytes] | None = self._rows.execute(
            "select line, digest from seen where name = ?", (name,)
        ).fetchone()
        return (None, b"") if row is None else row
