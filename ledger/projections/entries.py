"""Which movements made up a holder's hours? Every entry, with the event that caused it."""

from __future__ import annotations

import struct
from datetime import date
from typing import Final

from ledger.projections.binary_rows import NULL, copy_rows, days, microseconds, moment_or_null, text, text_or_null
from ledger.projections.hours_data import CLASS_NUMBERS
from ledger.projections.positions import ReadDatabase
from ledger.projections.stored_event import Batch

_COPY: Final = """
    copy entries (
        partition, position, entry_index, from_class, to_class, seconds, service_date, recorded_at,
        source_recorded_at, event_id, event_type, holder, attendance, shift, opportunity, organization, actor, reason
    ) from stdin (format binary)
"""
_COLUMNS: Final = 18
_FIXED: Final = struct.Struct("!h ii iq ih ih ih iq ii iq").pack
"""Number of columns, then length and value of the first eight."""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add the entries of the batch's events."""
    if batch.hours:
        copy_rows(connection, _COPY, _rows(batch))


def _rows(batch: Batch) -> list[bytes]:
    rows: list[bytes] = []
    repeated: dict[str, bytes] = {}
    service_days: dict[str, int] = {}

    def known(value: str) -> bytes:
        packed = repeated.get(value)
        if packed is None:
            packed = repeated[value] = text(value)
        return packed

    for event, hours in batch.hours:
        position, recorded = event.position, microseconds(event.time)
        source = NULL if event.sourcetime is None else moment_or_null(event.sourcetime)
        # `known` pays where many events say the same; a person or an attendance is rarely named twice in a batch.
        cause = b"".join(
            (source, text(event.id), known(event.type), text(hours.holder), text(hours.attendance), known(hours.shift))
        )
        cause += known(hours.opportunity) + known(hours.organization) + known(event.actor)
        for index, entry in enumerate(hours.entries):
            day = service_days.get(entry.service_date)
            if day is None:
                day = service_days[entry.service_date] = days(date.fromisoformat(entry.service_date))
            source_class, sink_class = CLASS_NUMBERS[entry.from_class], CLASS_NUMBERS[entry.to_class]
            rows.append(
                _FIXED(
                    _COLUMNS, 4, batch.partition, 8, position, 2, index, 2, source_class, 2, sink_class,
                    8, entry.seconds, 4, day, 8, recorded,
                )
            )  # fmt: skip
            rows.append(cause)
            rows.append(NULL if entry.reason is None else text_or_null(entry.reason))
    return rows
