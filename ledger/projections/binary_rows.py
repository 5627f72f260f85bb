"""Rows in PostgreSQL's binary COPY format, packed by hand: at 80,000 events a second each microsecond of a row counts.

A row is its number of columns (int16), then for each column its length in bytes (int32; -1: null) and its value. A
projection packs the columns of fixed size by one `struct.Struct` and puts texts behind them.
Rule: PostgreSQL's documentation, SQL command COPY, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, LiteralString

from ledger.projections.positions import ReadDatabase

NULL: Final = b"\xff\xff\xff\xff"
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_LENGTH: Final = struct.Struct("!i").pack
_MOMENT: Final = struct.Struct("!iq").pack


def text(value: str) -> bytes:
    """A text column."""
    raw = value.encode()
    return _LENGTH(len(raw)) + raw


def text_or_null(value: str | None) -> bytes:
    """A text column that may be null."""
    return NULL if value is None else text(value)


def moment_or_null(value: datetime | None) -> bytes:
    """A timestamptz column that may be null."""
    return NULL if value is None else _MOMENT(8, microseconds(value))


def microseconds(moment: datetime) -> int:
    """The int64 of a timestamptz: microseconds since 2000."""
    return (moment - _EPOCH) // _MICROSECOND


def days(day: date) -> int:
    """The int32 of a date: days since 2000."""
    return day.toordinal() - _EPOCH_DAY


def copy_rows(connection: ReadDatabase, statement: LiteralString, rows: Iterable[bytes]) -> None:
    """Send packed rows by `statement`, a COPY … FROM STDIN (FORMAT BINARY)."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(b"".join((_HEADER, *rows, _TRAILER)))
