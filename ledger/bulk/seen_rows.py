"""Which ids a file has had, and what the ledger has of them, in a temporary file: memory stays as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Listed:
    """A person's attendance as the ledger has it. Times in whole seconds since 1970 UTC."""

    name: str
    shift: str
    start: int
    end: int
    state: int
    """Of resources_pb2.AttendanceState."""


class SeenRows:
    """Ids of the rows so far, and attendances of the shifts that they name. Neither holds personal data."""

    def __init__(self) -> None:
        # An empty name: a file of the system's own that is gone with this connection; 4 MiB of it are kept in memory.
        self.rows = sqlite3.connect("", isolation_level=None)
        self.rows.execute("pragma journal_mode = off")
        self.rows.execute("pragma cache_size = -4096")
        self.rows.execute("create table seen (id text primary key, line integer) without rowid")
        self.rows.execute(
            "create table listed (name text primary key, id text, shift text, first integer, past integer,"
            " state integer)"
        )
        self.rows.execute("create index listed_id on listed (id)")
        self.rows.execute("create table shifts (name text primary key) without rowid")
        self.rows.execute("create table opened (name text primary key, in_ledger integer) without rowid")
        self.rows.execute("create table persons (name text primary key) without rowid")
        self.rows.execute("create table places (name text primary key, state integer, line integer) without rowid")
        self.rows.execute("begin")
        self._any_listed = False

    def __enter__(self) -> SeenRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rows.close()

    def add(self, id_: str, line: int) -> int | None:
        """Remember a row; the line that had the same id before, if one had."""
        if self.rows.execute("insert or ignore into seen values (?, ?)", (id_, line)).rowcount:
            return None
        before: tuple[int] = self.rows.execute("select line from seen where id = ?", (id_,)).fetchone()
        return before[0]

    def is_new_shift(self, name: str) -> bool:
        """Whether what the ledger has at this shift was not kept yet."""
        return self.rows.execute("insert or ignore into shifts values (?)", (name,)).rowcount == 1

    def forget_shift(self, name: str) -> None:
        """What it has could not be kept."""
        self.rows.execute("delete from shifts where name = ?", (name,))

    def keep_shift(self, name: str, *, in_ledger: bool) -> bool:
        """Remember a shift that is there, or will be; whether it was not remembered yet."""
        added = self.rows.execute("insert or ignore into opened values (?, ?)", (name, in_ledger))
        return added.rowcount == 1

    def is_in_ledger(self, shift: str) -> bool:
        """Whether the ledger has this one already."""
        found = self.rows.execute("select 1 from opened where name = ? and in_ledger", (shift,))
        return found.fetchone() is not None

    def knows(self, volunteer: str) -> bool:
        """Whether the ledger was said to have this person."""
        return self.rows.execute("select 1 from persons where name = ?", (volunteer,)).fetchone() is not None

    def remember(self, volunteers: Iterable[str]) -> None:
        """The ledger has these persons."""
        self.rows.executemany("insert or ignore into persons values (?)", ((name,) for name in volunteers))

    def keep_listed(self, listed: Listed) -> None:
        """Remember what the ledger has."""
        self._any_listed = True
        id_ = listed.name.rpartition("/")[2]
        values = (listed.name, id_, listed.shift, listed.start, listed.end, listed.state)
        self.rows.execute("insert or replace into listed values (?, ?, ?, ?, ?, ?)", values)

    def listed(self, id_: str) -> list[Listed]:
        """What the ledger has under this id, whosever it is."""
        if not self._any_listed:
            return []
        found = self.rows.execute("select name, shift, first, past, state from listed where id = ?", (id_,))
        return [Listed(*row) for row in found]

    def listed_of(self, person: str) -> list[Listed]:
        """What the ledger has of a person at the shifts that rows name."""
        if not self._any_listed:
            return []
        prefix = f"{person}/attendances"
        found = self.rows.execute(
            "select name, shift, first, past, state from listed where name > ? and name < ?",
            (f"{prefix}/", f"{prefix}0"),  # 0 comes next behind the slash
        )
        return [Listed(*row) for row in found]

    def missing(self, prefix: str) -> Iterator[Listed]:
        """What the ledger has of ids that begin so, and the file has not."""
        rows = self.rows.execute(
            "select name, shift, first, past, state from listed where substr(id, 1, ?) = ? and id not in "
            "(select id from seen) and name not in (select id from seen) order by name",
            (len(prefix), prefix),
        )
        for row in rows:
            yield Listed(*row)

    def keep_place(self, registration: str, state: int) -> None:
        """Remember a registration that the ledger has; `state` of resources_pb2.RegistrationState."""
        self.rows.execute("insert or replace into places values (?, ?, null)", (registration, state))

    def add_place(self, registration: str, line: int) -> int | None:
        """Remember that a row is of this registration; the line of an earlier one, if one was."""
        found: tuple[int | None] | None = self.rows.execute(
            "select line from places where name = ?", (registration,)
        ).fetchone()
        if found is not None and found[0] is not None:
            return found[0]
        self.rows.execute(
            "insert into places values (?, null, ?) on conflict (name) do update set line = excluded.line",
            (registration, line),
        )
        return None

    def place(self, registration: str) -> int | None:
        """The state of a registration that the ledger has; None where it has none."""
        found: tuple[int | None] | None = self.rows.execute(
            "select state from places where name = ?", (registration,)
        ).fetchone()
        return None if found is None else found[0]
