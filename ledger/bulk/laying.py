"""Where on a person's day durations without clock times are laid: exactly so many seconds, none of them twice.

Pure. The rule (docs/spreadsheets.md, "Older systems"): what has clock times and what the ledger has stay where they
are, then the rest in the order of the file, each in the first gap from the mapping's start on, else in the day's first.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

Span: TypeAlias = tuple[int, int]
"""Whole seconds since 1970 UTC; the end is not part of it."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """One row of a person's day, in the order of the file."""

    seconds: int
    fixed: Span | None = None
    """Its clock times, where it has them."""
    known: Span | None = None
    """Where the ledger has it."""


def day_span(day: date, zone: ZoneInfo) -> Span:
    """From midnight to midnight, which may be 23 or 25 hours."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo, clock: time = time()) -> int:
    """A time of day there; where the zone skips it, the moment at which it went on."""
    return int(datetime.combine(day, clock, zone).timestamp())


def laid(rows: Sequence[DayRow], day: Span, begin: int) -> list[Span | None]:
    """A span for each row; None for one that finds no room. `begin`: from where on rows are laid."""
    spans: list[Span | None] = [None] * len(rows)
    taken: list[Span] = []
    for number, row in enumerate(rows):
        stays = row.known is not None and row.known[1] - row.known[0] == row.seconds
        span = row.fixed or (row.known if stays else None)
        if span is not None:
            spans[number] = span
            insort(taken, span)
    open_rows = [number for number, span in enumerate(spans) if span is None]
    # What the ledger has, with another length, before what is new: it grows or shrinks where it is, if it can.
    for number in sorted(open_rows, key=lambda number: rows[number].known is None):
        spans[number] = span = _free(rows[number], taken, day, begin)
        if span is not None:
            insort(taken, span)
    return spans


def _free(row: DayRow, taken: Sequence[Span], day: Span, begin: int) -> Span | None:
    if row.known is not None and _is_free((grown := (row.known[0], row.known[0] + row.seconds)), taken, day):
        return grown
    return _first_gap(row.seconds, taken, (begin, day[1])) or _first_gap(row.seconds, taken, day)


def _first_gap(seconds: int, taken: Sequence[Span], within: Span) -> Span | None:
    start = within[0]
    for first, past in taken:
        if first - start >= seconds:
            break
        start = max(start, past)
    span = (start, start + seconds)
    return span if span[1] <= within[1] else None


def _is_free(span: Span, taken: Sequence[Span], day: Span) -> bool:
    inside = day[0] <= span[0] and span[1] <= day[1]
    return inside and all(past <= span[0] or span[1] <= first for first, past in taken)
