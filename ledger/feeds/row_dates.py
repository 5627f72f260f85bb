"""When a row's shifts are: from its dates and times of day, by the rules of its mapping."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.feeds.cells import Cells
from ledger.feeds.mapping import Mapping
from ledger.sheets.dates import DateUnreadable, Moment, instant
from volunteer_hours.v1.resources_pb2 import Shift

DAYS_MAX: Final = 31
WITH_TIMES: Final = "1"
"""The key of a row's one shift with clock times: on another date it is rescheduled, and people keep their places."""


def wanted_times(cells: Cells, mapping: Mapping) -> dict[str, Shift]:
    """Shifts with nothing but their times or dates, by key; none for a row without dates, or with wrong ones."""
    columns, formats = mapping.columns, mapping.dates.formats
    if columns.start is None:
        return {}
    said = len(cells.problems)
    start = _with_clock(cells, cells.date(columns.start, formats), columns.start_time, mapping)
    end = cells.date(columns.end, formats)
    if end is None and columns.end_time and cells.text(columns.end_time) and start is not None:
        end = Moment(start.day)
    end = _with_clock(cells, end, columns.end_time, mapping)
    if len(cells.problems) > said:
        return {}
    if start is None:
        if end is not None:
            cells.wrong(columns.start, "empty, and there is an end: write the start, or empty both")
        return {}
    if start.clock is not None or (end is not None and end.clock is not None):
        return _timed(cells, start, end, mapping)
    return _dated(cells, start.day, start.day if end is None else end.day, mapping)


def _with_clock(cells: Cells, moment: Moment | None, column: str | None, mapping: Mapping) -> Moment | None:
    clock = cells.clock(column, mapping.dates.times)
    if moment is None or clock is None:
        return moment
    return Moment(moment.day, clock)


def _timed(cells: Cells, start: Moment, end: Moment | None, mapping: Mapping) -> dict[str, Shift]:
    begins, ends = mapping.columns.start or "", mapping.columns.end or mapping.columns.end_time or ""
    if end is None or end.clock is None or start.clock is None:
        cells.wrong(begins if start.clock is None else ends, "no time of day, and the other end has one: write both")
        return {}
    try:
        first, last = instant(start.day, start.clock, mapping.zone), instant(end.day, end.clock, mapping.zone)
    except DateUnreadable as error:
        cells.wrong(begins, str(error))
        return {}
    if last <= first:
        cells.wrong(
            ends, f"{last:%Y-%m-%d %H:%M} UTC is not after the start, {first:%Y-%m-%d %H:%M}: are they reversed?"
        )
        return {}
    if last - first > timedelta(days=DAYS_MAX):
        cells.wrong(ends, f"{(last - first).days} days after the start: a shift lasts at most {DAYS_MAX}")
        return {}
    return {WITH_TIMES: Shift(start_time=_timestamp(first), end_time=_timestamp(last))}


def _dated(cells: Cells, first: date, last: date, mapping: Mapping) -> dict[str, Shift]:
    ends = mapping.columns.end or ""
    days = (last - first).days + 1
    if days < 1:
        cells.wrong(ends, f"{last} is before the start, {first}: are they reversed?")
    elif days > 1 and mapping.several_days == "refuse":
        cells.wrong(ends, f"{first} to {last} are {days} days: say in the mapping what they mean, by several_days")
    elif days > DAYS_MAX and mapping.several_days == "each_day":
        cells.wrong(ends, f"{first} to {last} are {days} days: a shift is opened on each, for at most {DAYS_MAX}")
    elif mapping.several_days == "each_day":
        return {(day := first + timedelta(days=n)).isoformat(): _on(cells, day, mapping) for n in range(days)}
    elif mapping.defaults.start_time:
        return {WITH_TIMES: _on(cells, first, mapping)}
    else:
        return {first.isoformat(): _on(cells, first, mapping)}
    return {}


def _on(cells: Cells, day: date, mapping: Mapping) -> Shift:
    """One day's shift: with the mapping's times of day where it has them, else known by its date."""
    begins, ends = mapping.defaults.start_time, mapping.defaults.end_time
    if begins is None or ends is None:
        return Shift(service_date=day.isoformat())
    try:
        start, end = (instant(day, time.fromisoformat(clock), mapping.zone) for clock in (begins, ends))
    except DateUnreadable as error:
        cells.wrong(mapping.columns.start or "", str(error))
        return Shift()
    return Shift(start_time=_timestamp(start), end_time=_timestamp(end))


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
