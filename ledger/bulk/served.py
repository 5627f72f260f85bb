"""When a person served, as a row of attendances says it: in the time zone of its shift, in whole seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

from ledger.bulk.shifts import ShiftFacts
from ledger.bulk.zones import in_zone
from ledger.sheets.mapping import SheetMapping
from ledger.sheets.rows import Line, Problem
from ledger.sheets.values import Values

Span: TypeAlias = tuple[int, int]
_FIELDS: Final = ("date", "start_time", "end_time", "duration")
_REMEMBERED_MAX: Final = 50_000


class ServedTimes:
    """Reads spans. What many rows say alike, the times of one shift, is read once."""

    def __init__(self, mapping: SheetMapping) -> None:
        self._mapping = mapping
        self._columns = tuple(mapping.columns[field] for field in _FIELDS if field in mapping.columns)
        self._read: dict[tuple[object, ...], Span] = {}
        self._of_shift = lru_cache(4096)(self._zoned)

    def span(self, line: Line, shift: ShiftFacts) -> Span | Sequence[Problem]:
        """From when until when, in whole seconds since 1970 UTC; or why it cannot be read."""
        cells = line.cells
        key = (shift.name, *[cells[column] for column in self._columns])
        known = self._read.get(key)
        if known is not None:
            return known
        values = Values(line, self._of_shift(shift.time_zone, shift.day))
        span = span_of(values, shift)
        if values.problems or span is None:
            return values.problems
        if len(self._read) > _REMEMBERED_MAX:
            self._read.clear()
        if not values.notes:
            self._read[key] = span
        return span

    def _zoned(self, time_zone: str, day: date) -> SheetMapping:
        """The mapping with a shift's time zone, and its date where the file names none."""
        return in_zone(self._mapping, time_zone, {"date": day})


def span_of(values: Values, shift: ShiftFacts) -> Span | None:
    """The row's own times; without them the shift's. None with a problem told."""
    seconds = values.seconds("duration")
    if not values.is_empty("end_time"):
        return _between(values, seconds)
    if not values.is_empty("start_time"):
        start = values.moment("date", "start_time")
        if start is not None and seconds is None and not values.problems:
            values.wrong("end_time", "empty, though the row has a start", "write an end, or a duration")
        return None if start is None or not seconds else _from(int(start.timestamp()), seconds)
    if shift.span is None:
        values.wrong("start_time", "empty, and the shift has no times of its own", "write start and end")
        return None
    return _from(shift.span[0], seconds) if seconds else shift.span


def _between(values: Values, seconds: int | None) -> Span | None:
    if values.is_empty("start_time"):
        values.wrong("start_time", "empty, though the row has an end", "write a start")
        return None
    times = values.interval("date", "start_time", "end_time")
    if times is None:
        return None
    start, end = (int(moment.timestamp()) for moment in times)
    if seconds is not None and seconds != end - start:
        values.wrong(
            "duration",
            f"{seconds:,} s, where start and end are {end - start:,} s apart",
            "correct one of them, or leave one out of the mapping",
        )
        return None
    return start, end


def _from(start: int, seconds: int) -> Span:
    return start, start + seconds
