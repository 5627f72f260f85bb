"""Reading the event store: pages of stored bytes in order of position.

Columns are copies of what the bytes say. Every reader compares them: a difference means that somebody changed a row,
and the reader stops instead of passing it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg.rows import TupleRow

from ledger.domain.refusals import InvariantBroken

PAGE_SQL: Final = """
    select position, stream, version, type, recorded_at, body from events
    where partition = %b and position > %b order by position limit %b
"""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a partition of the store ends."""

    position: int
    recorded_at: datetime


class Copied(msgspec.Struct, frozen=True):
    """The attributes of an event that stand in columns too."""

    partition: int
    position: int
    subject: str
    streamversion: int
    type: str
    time: datetime


_COPIED: Final = msgspec.json.Decoder(Copied)


def read_page(connection: psycopg.Connection[Any], partition: int, after: int, limit: int) -> list[bytes]:
    """Stored bytes of the events at after + 1, after + 2, …; at most `limit`, fewer at the end.

    Raises:
        InvariantBroken: a position is missing, or a column differs from its bytes.
    """
    cursor = connection.cursor(binary=True)
    return checked_page(cursor.execute(PAGE_SQL, (partition, after, limit)).fetchall(), partition, after)


def checked_page(rows: list[TupleRow], partition: int, after: int) -> list[bytes]:
    """The bytes of rows read by PAGE_SQL, once they are seen to be dense and true to their columns."""
    bodies: list[bytes] = []
    for expected, row in enumerate(rows, after + 1):
        if row[0] != expected:
            raise InvariantBroken(f"partition {partition}: position {expected} is missing, {row[0]} follows")
        difference = column_difference(partition, row)
        if difference:
            raise InvariantBroken(f"partition {partition} position {expected}: column {difference}")
        bodies.append(row[5])
    return bodies


def column_difference(partition: int, row: TupleRow) -> str | None:
    """Which column of (position, stream, version, type, recorded_at, body) contradicts the bytes, if any does."""
    try:
        event = _COPIED.decode(row[5])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"body is no event: {error}"
    said = (event.partition, event.position, event.subject, event.streamversion, event.type, event.time)
    held = (partition, *row[:5])
    if said == held:
        return None
    names = ("partition", "position", "stream", "version", "type", "recorded_at")
    return next(
        f"{name} is {in_column!r}, the event says {in_event!r}"
        for name, in_column, in_event in zip(names, held, said, strict=True)
        if in_column != in_event
    )


def heads(connection: psycopg.Connection[Any]) -> dict[int, Head]:
    """Where each partition ends."""
    rows = connection.execute("select partition, position, recorded_at from partition_counters").fetchall()
    return {row[0]: Head(row[1], row[2]) for row in rows}
