"""Which movements made up a holder's hours, and what became of each presence? The journal, line by line.

A line for each movement of seconds; an event of an attendance that moves none has one line without a movement. The
first line of an event also says what the event says of the attendance. Lines are only added, never changed: that costs
a third of changing a row again and again, and keeps the past. The views `entries` and `attendances` read them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date
from typing import Final, TypeAlias

from ledger.projections.attendances import SAID_COLUMNS, said_of_attendance
from ledger.projections.binary_rows import NULL, ReadDatabase, copy_rows, days, text
from ledger.projections.hours_data import CLASS_NUMBERS
from ledger.projections.stored_event import Batch, HoursEvent

_COPY: Final = """
    copy journal_lines (
        partition, position, entry_index, from_class, to_class, seconds, service_date, version,
        recorded_at, source_recorded_at, start_time, end_time, holder, attendance, event_id,
        event_type, actor, shift, opportunity, organization,
        head_count, migrated, state, policy, flags, withheld_reasons, reason
    ) from stdin (format binary)
"""
_COLUMNS: Final = 27
_first: Final = struct.Struct("!h ii iq ih ih ih iq ii ii").pack
"""Number of columns, then length and value of the first eight."""
_further: Final = struct.Struct("!h ii iq ih ih ih iq ii i").pack
"""The same of a line that says nothing of the attendance: its version is null."""
_unmoved: Final = struct.Struct("!h ii iq ih iiii ii").pack
"""The same of a line without a movement: class, class, seconds and date are null."""
_length: Final = struct.Struct("!i").pack
_NULL: Final = -1

_Said: TypeAlias = tuple[str | int | bool | tuple[str, ...] | None, ...]


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add the lines of the batch's events."""
    if batch.hours:
        copy_rows(connection, _COPY, _Lines(batch).packed())


class _Lines:
    """The lines of one batch. Many of its events share place, actor and times: these are packed once."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._said: dict[_Said, bytes] = {}
        self._days: dict[str, int] = {}

    def packed(self) -> Iterator[bytes]:
        """Each line as a row. The first line is made here, step by step: nearly every event has only that."""
        partition, moments, numbers = self._batch.partition, self._batch.moments, CLASS_NUMBERS
        said_before, days_before = self._said, self._days
        for event in self._batch.hours:
            hours = event.data
            start, end, entries = hours.start, hours.end, hours.entries
            says = (
                event.type, event.actor, hours.shift, hours.opportunity, hours.organization, event.policy, hours.flags,
                hours.withheld_reason, bool(hours.counted), hours.head_count, hours.heads_left, hours.source,
                start is None, hours.at is None, hours.attendance_state,
            )  # fmt: skip
            if (said := said_before.get(says)) is None:
                said = said_before[says] = _cause(event) + said_of_attendance(event)
            reason = None
            if entries:
                entry = entries[0]
                reason = entry.reason
                if (day := days_before.get(entry.service_date)) is None:
                    day = self._day(entry.service_date)
                fixed = _first(
                    _COLUMNS, 4, partition, 8, event.position, 2, 0, 2, numbers[entry.from_class],
                    2, numbers[entry.to_class], 8, entry.seconds, 4, day, 4, event.streamversion,
                )  # fmt: skip
            else:
                fixed = _unmoved(
                    _COLUMNS, 4, partition, 8, event.position, 2, 0, _NULL, _NULL, _NULL, _NULL, 4, event.streamversion
                )
            holder, attendance, event_id = hours.holder.encode(), hours.attendance.encode(), event.id.encode()
            came, left = (start, end) if start is not None and end is not None else (hours.at, None)
            yield b"".join(
                (
                    fixed,
                    moments[event.time],
                    NULL if event.sourcetime is None else moments[event.sourcetime],
                    NULL if came is None else moments[came],
                    NULL if left is None else moments[left],
                    _length(len(holder)), holder,
                    _length(len(attendance)), attendance,
                    _length(len(event_id)), event_id,
                    said,
                    NULL if reason is None else text(reason),
                )
            )  # fmt: skip
            if len(entries) > 1:
                yield from self._further_lines(event)

    def _further_lines(self, event: HoursEvent) -> Iterator[bytes]:
        hours, moments = event.data, self._batch.moments
        names = (
            moments[event.time],
            NULL if event.sourcetime is None else moments[event.sourcetime],
            2 * NULL,
            *map(text, (hours.holder, hours.attendance, event.id)),
            _cause(event),
            SAID_COLUMNS * NULL,
        )
        for index, entry in enumerate(hours.entries[1:], 1):
            fixed = _further(
                _COLUMNS, 4, self._batch.partition, 8, event.position, 2, index, 2, CLASS_NUMBERS[entry.from_class],
                2, CLASS_NUMBERS[entry.to_class], 8, entry.seconds, 4, self._day(entry.service_date), _NULL,
            )  # fmt: skip
            yield b"".join((fixed, *names, NULL if entry.reason is None else text(entry.reason)))

    def _day(self, service_date: str) -> int:
        day = self._days[service_date] = days(date.fromisoformat(service_date))
        return day


def _cause(event: HoursEvent) -> bytes:
    """Columns event_type, actor, shift, opportunity and organization."""
    hours = event.data
    return b"".join(map(text, (event.type, event.actor, hours.shift, hours.opportunity, hours.organization)))
