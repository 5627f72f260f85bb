"""One cell as a date, a time of day, a duration or a number, by what its mapping says. All raise ValueWrong."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from ledger.sheets.dates import YEAR_MAX, YEAR_MIN, DateUnreadable, Moment, instant, read_date, read_time
from ledger.sheets.durations import seconds_of
from ledger.sheets.mapping import Dates, SheetMapping
from ledger.sheets.rows import Cell, Unreadable
from ledger.sheets.serials import clock_of, day_of_serial, length_of_serial
from ledger.sheets.words import ValueWrong, plain, shown

CLOCK_CHARACTERS_MAX: Final = 11
"""12:30:00 PM: a longer text is more than a time of day."""
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}(?:\.0+)?")
_SERIAL: Final = re.compile(r"[0-9]{1,7}(\.[0-9]+)?")
_COUNTS_DAYS: Final = "format the cell as a date, or set dates.serial = true if it counts days"
_LIST_FORMATS: Final = 'list how dates are written in dates.formats, such as "%d/%m/%Y" or "%m/%d/%Y"'


def moment_in(cell: Cell, dates: Dates, *, epoch_1904: bool) -> Moment:
    """A date, with the time of day that its cell may hold."""
    match cell:
        case datetime():
            return _in_known_years(Moment(cell.date(), cell.timetz() if cell.tzinfo else cell.time()))
        case date():
            return _in_known_years(Moment(cell))
        case str():
            return _moment_of_text(plain(cell), dates, epoch_1904=epoch_1904)
        case bool() | time() | timedelta():
            raise ValueWrong(f"{shown(str(cell))} is no date", "write one")
        case int() | float() if dates.serial:
            return _in_known_years(day_of_serial(cell, epoch_1904=epoch_1904))
        case _:
            raise ValueWrong(f"the bare number {cell}", _COUNTS_DAYS)


def whole_moment_in(cell: Cell, dates: Dates) -> Moment | None:
    """A date and a time of day, if the cell holds both."""
    if isinstance(cell, datetime):
        return moment_in(cell, dates, epoch_1904=False)
    if not isinstance(cell, str) or len(cell) <= CLOCK_CHARACTERS_MAX or not dates.formats:
        return None
    try:
        moment = _moment_read(plain(cell), dates.formats)
    except DateUnreadable:
        return None
    return moment if moment.clock is not None else None


def clock_in(cell: Cell, dates: Dates) -> time:
    """A time of day; of a cell with a date, its time."""
    match cell:
        case datetime():
            return cell.time()
        case time():
            return cell
        case timedelta() if (clock := clock_of(cell)) is not None:
            return clock
        case str():
            return _clock_read(plain(cell), dates.times)
        case int() | float() if dates.serial and not isinstance(cell, bool) and 0 <= cell < 1:
            return clock_of(length_of_serial(cell)) or time()
        case _:
            raise ValueWrong(f"{shown(str(cell))} is no time of day", "write one such as 09:00")


def seconds_in(cell: Cell, mapping: SheetMapping) -> int:
    """A duration in whole seconds."""
    if isinstance(cell, (bool, date, Unreadable)):
        raise ValueWrong(f"{shown(str(cell))} is no duration", "write hours such as 7.5 or 7:30")
    return seconds_of(cell, mapping.hours_unit, decimal_comma=mapping.decimal_comma)


def whole_number_in(cell: Cell, least: int, most: int) -> int:
    """A whole number within bounds."""
    number = None
    if isinstance(cell, str):
        text = plain(cell).replace("٫", ".")
        number = int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None
    elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
        number = int(cell) if cell == int(cell) else None
    if number is None or not least <= number <= most:
        raise ValueWrong(f"{shown(str(cell))} is none", f"write a whole number from {least:,} to {most:,}")
    return number


@lru_cache(16_384)
def instant_in(moment: Moment, zone: ZoneInfo) -> datetime:
    """The moment in UTC, its day's first one where it has no time of day."""
    return instant(moment.day, moment.clock or time(), zone)


def _moment_of_text(text: str, dates: Dates, *, epoch_1904: bool) -> Moment:
    if dates.serial and _SERIAL.fullmatch(text):
        return _in_known_years(day_of_serial(float(text), epoch_1904=epoch_1904))
    if not dates.formats:
        raise ValueWrong(f"{shown(text)} is a text", _LIST_FORMATS)
    return _moment_read(text, dates.formats)


# Days and times come again and again in a file, and reading one costs as much as the rest of its row.
@lru_cache(16_384)
def _moment_read(text: str, formats: tuple[str, ...]) -> Moment:
    return read_date(text, formats)


@lru_cache(4096)
def _clock_read(text: str, formats: tuple[str, ...]) -> time:
    return read_time(text, formats)


def _in_known_years(moment: Moment) -> Moment:
    if not YEAR_MIN <= moment.day.year <= YEAR_MAX:
        raise ValueWrong(f"{moment.day} is far away", f"write a year from {YEAR_MIN} to {YEAR_MAX}")
    return moment
