"""Which movements made up a holder's hours? Every entry, with the event that caused it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.projections.binary_rows import (
    NULL,
    ReadDatabase,
    copy_rows,
    days,
    microseconds,
    moment_or_null,
    text,
)
from ledger.projections.hours_data import CLASS_NUMBERS, HoursData
from ledger.projections.stored_event import Batch

_COPY: Final = """
    copy entries (
        partition, position, entry_index, from_class, to_class, seconds, service_date, recorded_at,
        source_recorded_at, holder, attendance, event_id, event_type, actor, shift, opportunity, organization, reason
    ) from stdin (format binary)
"""
_COLUMNS: Final = 18
_fixed: Final = struct.Struct("!h ii iq ih ih ih iq ii iq").pack
"""Number of columns, then length and value of the first eight."""
_lengths: Final = struct.Struct("!i").pack


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add the entries of the batch's events."""
    if batch.hours:
        copy_rows(connection, _COPY, _rows(batch))


def _rows(batch: Batch) -> Iterator[bytes]:
    # Many events of a batch share their place and their actor: these are packed once.
    places: dict[tuple[str, str, str], bytes] = {}
    causes: dict[tuple[str, str], bytes] = {}
    service_days: dict[str, int] = {}
    partition, numbers = batch.partition, CLASS_NUMBERS
    for event in batch.hours:
        hours = event.data
        if not hours.entries:
            continue
        if (place := places.get(place_key := (hours.shift, hours.opportunity, hours.organization))) is None:
            place = places[place_key] = b"".join(map(text, place_key))
        if (cause := causes.get(cause_key := (event.type, event.actor))) is None:
            cause = causes[cause_key] = b"".join(map(text, cause_key))
        recorded, position = microseconds(event.time), event.position
        source = NULL if event.sourcetime is None else moment_or_null(event.sourcetime)
        names = _names(hours, event.id)
        for index, entry in enumerate(hours.entries):
            if (day := service_days.get(entry.service_date)) is None:
                day = service_days[entry.service_date] = days(date.fromisoformat(entry.service_date))
            fixed = _fixed(
                _COLUMNS, 4, partition, 8, position, 2, index, 2, numbers[entry.from_class], 2, numbers[entry.to_class],
                8, entry.seconds, 4, day, 8, recorded,
            )  # fmt: skip
            reason = NULL if entry.reason is None else text(entry.reason)
            yield b"".join((fixed, source, names, cause, place, reason))


def _names(hours: HoursData, event_id: str) -> bytes:
    holder, attendance, event = hours.holder.encode(), hours.attendance.encode(), event_id.encode()
    return b"".join((_lengths(len(holder)), holder, _lengths(len(attendance)), attendance, _lengths(len(event)), event))
