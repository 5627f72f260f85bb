"""Rows of an older system, kept in a temporary file until each person's day is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

from ledger.bulk.laying import Span


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that is right in itself."""

    person: str
    day: date
    time_zone: str
    line: int
    record_id: str
    name: str
    """Of its attendance."""
    shift: str
    span: Span | None
    seconds: int
    learnt: int
    """Its source time, in whole seconds since 1970 UTC."""
    notes: str


class OlderDays:
    """Persons' days."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._rows.execute(
            "create table days (person text, day text, zone text, line integer, record_id text, name text, shift text,"
            " first integer, past integer, seconds integer, learnt integer, notes text)"
        )

    def keep(self, row: KeptRow) -> None:
        """One row more."""
        first, past = row.span or (None, None)
        values = (
            row.person, row.day.isoformat(), row.time_zone, row.line, row.record_id, row.name, row.shift, first, past,
            row.seconds, row.learnt, row.notes,
        )  # fmt: skip
        self._rows.execute("insert into days values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def in_order(self) -> Iterator[list[KeptRow]]:
        """All rows of a person, a date and its time zone together, in the order of the file."""
        found = self._rows.execute("select * from days order by person, day, zone, line")
        for _, rows in groupby(map(_kept, found), key=attrgetter("person", "day", "time_zone")):
            yield list(rows)


def _kept(
    row: tuple[str, str, str, int, str, str, str, int | None, int | None, int, int, str],
) -> KeptRow:
    person, day, zone, line, record_id, name, shift, first, past, seconds, learnt, notes = row
    span = None if first is None or past is None else (first, past)
    return KeptRow(person, date.fromisoformat(day), zone, line, record_id, name, shift, span, seconds, learnt, notes)
