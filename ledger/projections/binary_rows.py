"""Rows in PostgreSQL's binary COPY format, packed by hand: at 80,000 events a second each microsecond of a row counts.

A row is its number of columns (int16), then for each column its length in bytes (int32; -1: null) and its value. A
projection packs the columns of fixed size by one `struct.Struct` and puts texts behind them.
Rule: PostgreSQL's documentation, SQL command COPY, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Annotated, Any, Final, LiteralString, TypeAlias

import msgspec
from psycopg import Connection

from ledger.domain.refusals import InvariantBroken

ReadDatabase: TypeAlias = Connection[Any]
"""A connection to the read database as role ledger_projector."""

NULL: Final = b"\xff\xff\xff\xff"
EMPTY_TEXTS: Final = struct.pack("!iiii", 12, 0, 0, 25)
"""A text[] without elements; 25 is the number of text in every PostgreSQL."""
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()
_ROWS_A_WRITE: Final = 1000
_DAY_MICROSECONDS: Final = 86_400_000_000
_length: Final = struct.Struct("!i").pack
_moment: Final = struct.Struct("!iq").pack
_WithZone: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Moments(dict[str, bytes]):
    """Times as events write them (RFC 3339, with a zone) → timestamptz columns: the events of a burst share theirs.

    Raises InvariantBroken for a text that is no such time.
    """

    def __missing__(self, written: str) -> bytes:
        """Read a time not seen before."""
        column = self[written] = moment_or_null(moment(written))
        return column


def moment(written: str) -> datetime:
    """A time as events write it. Raises InvariantBroken for a text that is no such time."""
    try:
        return msgspec.convert(written, _WithZone)
    except msgspec.ValidationError as error:
        raise InvariantBroken(f"{written!r} is no time of RFC 3339 with a zone") from error


def text(value: str) -> bytes:
    """A text column."""
    raw = value.encode()
    return _length(len(raw)) + raw


def text_or_null(value: str | None) -> bytes:
    """A text column that may be null."""
    return NULL if value is None else text(value)


def texts(values: Sequence[str]) -> bytes:
    """A text[] column."""
    if not values:
        return EMPTY_TEXTS
    body = struct.pack("!iiiii", 1, 0, 25, len(values), 1) + b"".join(map(text, values))
    return _length(len(body)) + body


def moment_or_null(value: datetime | None) -> bytes:
    """A timestamptz column that may be null."""
    return NULL if value is None else _moment(8, microseconds(value))


def microseconds(moment: datetime) -> int:
    """The int64 of a timestamptz: microseconds since 2000."""
    since = moment - _EPOCH
    return since.days * _DAY_MICROSECONDS + since.seconds * 1_000_000 + since.microseconds


def days(day: date) -> int:
    """The int32 of a date: days since 2000."""
    return day.toordinal() - _EPOCH_DAY


def copy_rows(connection: ReadDatabase, statement: LiteralString, rows: Iterable[bytes]) -> None:
    """Send packed rows by `statement`, a COPY … FROM STDIN (FORMAT BINARY).

    Rows are sent while later ones are still being packed: the server's core and ours work at the same time.
    """
    remaining = iter(rows)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEADER)
        while some := b"".join(islice(remaining, _ROWS_A_WRITE)):
            copy.write(some)
        copy.write(_TRAILER)
