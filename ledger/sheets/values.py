"""The values of one row, field by field, by its mapping; what is wrong is gathered, so that all of a row is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from ledger.sheets.dates import YEAR_MAX, YEAR_MIN, DateUnreadable, Moment, instant, read_date, read_time
from ledger.sheets.durations import seconds_of
from ledger.sheets.fields import FIELD_TYPES
from ledger.sheets.mapping import SheetMapping, spelled_as
from ledger.sheets.rows import Cell, Line, Problem, Unreadable
from ledger.sheets.serials import clock_of, day_of_serial, length_of_serial
from ledger.sheets.words import ValueWrong, plain, same_name, shown

CELL_CHARACTERS_MAX: Final = 200
"""Of a date, a time or a number; longer is none."""
DIGITS_KEPT: Final = 15
"""Of a number, by Excel: later ones it has replaced by zeros."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SCIENTIFIC: Final = re.compile(r"[0-9]+(?:[.,٫][0-9]+)?[eE]\+?[0-9]+")
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}(?:\.0+)?")

V = TypeVar("V")


class Values:
    """One row, read by its mapping. A cell that is empty has the field's default."""

    def __init__(self, line: Line, mapping: SheetMapping) -> None:
        """`mapping`: best `fitted` to the header; otherwise spellings are compared here, for every row."""
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        """What a person should know though it is no error."""
        self._line = line.number
        self._epoch_1904 = line.epoch_1904
        self._cells = line.cells
        self._mapping = mapping

    def text(self, field: str, characters_max: int) -> str:
        """One line of text; empty where there is none."""
        cell = self._cell(field)
        if isinstance(cell, str):
            text = " ".join(_CONTROL.sub(" ", cell).split()) if not cell.isprintable() or "  " in cell else cell
            if FIELD_TYPES.get(field) == "number_like" and text[:1].isdecimal() and _SCIENTIFIC.fullmatch(plain(text)):
                self._wrong(field, f"{shown(text)}: a program has rounded this number", _AS_TEXT)
                return ""
        else:
            text = self._number_as_text(field, cell)
        if len(text) > characters_max:
            self._wrong(field, f"{len(text):,} characters", f"write at most {characters_max:,}")
            return ""
        return text

    def code(self, field: str) -> str:
        """What the mapping says for this word; without a table in it, the cell as it stands."""
        cell = self._cell(field)
        word = cell if isinstance(cell, str) else self._number_as_text(field, cell)
        table = self._mapping.words.get(field)
        if not word or table is None or not self._is_filled(field):
            return word
        value = table.get(same_name(word))
        if value is None:
            known = ", ".join(map(shown, list(self._mapping.values[field])[:5]))
            self._wrong(
                field, f"{shown(word)} is not in values.{field}", f"write one of {known}; or add it to the mapping"
            )
            return ""
        return value

    def day(self, field: str) -> date | None:
        """A date; of a cell with a time of day, its date. None where there is none, or a wrong one."""
        return self._read(field, lambda cell: self._moment_of(cell).day)

    def clock(self, field: str) -> time | None:
        """A time of day; of a cell with a date, its time. None where there is none, or a wrong one."""
        return self._read(field, self._clock_of)

    def moment(self, date_field: str, time_field: str | None) -> datetime | None:
        """A moment read in the mapping's time zone, of two fields or of the one that holds both; told in UTC.

        None where one of them is empty or wrong. A time that the zone skipped is a problem; of one that came twice it
        is the first.
        UTC, because Python subtracts two moments of one zone by their wall clocks, and loses the hour in between.
        """
        if time_field is None:
            moment = self._read(date_field, self._moment_of)
            return None if moment is None else self._instant(date_field, moment)
        whole = self._read(time_field, self._whole_of)
        if whole is not None:
            return self._instant(time_field, whole)
        local = self._two_fields(date_field, time_field)
        return None if local is None else self._instant(time_field, local)

    def interval(self, date_field: str, start_field: str, end_field: str) -> tuple[datetime, datetime] | None:
        """Start and end. An end that is not after its start is a problem, or on the next day, as the mapping says."""
        start, end = self.moment(date_field, start_field), self.moment(date_field, end_field)
        if start is None or end is None:
            return None
        if end <= start and self._mapping.past_midnight == "next_day":
            end = self._a_day_later(date_field, end_field) or end
        if end > start:
            return start, end
        first, last = (moment.astimezone(self._mapping.zone) for moment in (start, end))
        self._wrong(
            end_field,
            f"{last:%Y-%m-%d %H:%M} is not after the start, {first:%Y-%m-%d %H:%M}",
            'correct it, or set past_midnight = "next_day" if such an end is on the day after',
        )
        return None

    def seconds(self, field: str) -> int | None:
        """A duration in whole seconds; None where there is none, or a wrong one."""
        return self._read(field, self._seconds_of)

    def whole(self, field: str, least: int, most: int) -> int | None:
        """A whole number; None where there is none, or a wrong one."""
        return self._read(field, lambda cell: _whole_of(cell, least, most))

    def is_empty(self, field: str) -> bool:
        """Whether neither the row nor the mapping says anything."""
        return self._cell(field) == ""

    def column(self, field: str) -> str:
        """The field's column, as messages name it; without one, the field."""
        column = self._mapping.columns.get(field)
        return field if column is None else spelled_as(column, tuple(self._cells)) or column

    def wrong(self, field: str, what: str, right: str) -> None:
        """Remember a problem of this field that somebody else found."""
        self._wrong(field, what, right)

    def _cell(self, field: str) -> Cell:
        """The cell, or the default; an unreadable one is told and then empty."""
        cell = self._written(field)
        if isinstance(cell, Unreadable):
            self._wrong(field, cell.what, cell.right)
            return ""
        return self._mapping.defaults.get(field, "") if cell == "" else cell

    def _written(self, field: str) -> Cell:
        column = self._mapping.columns.get(field)
        if column is None:
            return ""
        try:
            return self._cells[column]
        except KeyError:
            return self._cells[self.column(field)]

    def _is_filled(self, field: str) -> bool:
        return self._written(field) != ""

    def _read(self, field: str, read: Callable[[Cell], V]) -> V | None:
        cell = self._cell(field)
        if cell == "":
            return None
        try:
            if isinstance(cell, str) and len(cell) > CELL_CHARACTERS_MAX:
                raise ValueWrong(f"{len(cell):,} characters", f"write at most {CELL_CHARACTERS_MAX}")
            return read(cell)
        except ValueWrong as error:
            self._wrong(field, error.what, error.right)
            return None

    def _moment_of(self, cell: Cell) -> Moment:
        match cell:
            case datetime():
                return _in_known_years(Moment(cell.date(), cell.timetz() if cell.tzinfo else cell.time()))
            case date():
                return _in_known_years(Moment(cell))
            case str():
                return self._moment_of_text(plain(cell))
            case bool() | time() | timedelta():
                raise ValueWrong(f"{shown(str(cell))} is no date", "write one")
            case int() | float() if self._mapping.dates.serial:
                return _in_known_years(day_of_serial(cell, epoch_1904=self._epoch_1904))
            case _:
                raise ValueWrong(f"the bare number {cell}", f"format the cell as a date, or {_SERIAL}")

    def _moment_of_text(self, text: str) -> Moment:
        dates = self._mapping.dates
        if dates.serial and re.fullmatch(r"[0-9]{1,7}(\.[0-9]+)?", text):
            return _in_known_years(day_of_serial(float(text), epoch_1904=self._epoch_1904))
        if not dates.formats:
            raise ValueWrong(f"{shown(text)} is a text", _LIST_FORMATS)
        return _moment_read(text, dates.formats)

    def _whole_of(self, cell: Cell) -> Moment | None:
        """A time's cell that holds its date, too."""
        if isinstance(cell, datetime):
            return self._moment_of(cell)
        if isinstance(cell, str) and len(cell) > _CLOCK_CHARACTERS_MAX and self._mapping.dates.formats:
            try:
                moment = _moment_read(plain(cell), self._mapping.dates.formats)
            except DateUnreadable:
                return None
            return moment if moment.clock is not None else None
        return None

    def _clock_of(self, cell: Cell) -> time:
        match cell:
            case datetime():
                return cell.time()
            case time():
                return cell
            case timedelta() if (clock := clock_of(cell)) is not None:
                return clock
            case str():
                return _clock_read(plain(cell), self._mapping.dates.times)
            case int() | float() if self._mapping.dates.serial and not isinstance(cell, bool) and 0 <= cell < 1:
                return clock_of(length_of_serial(cell)) or time()
            case _:
                raise ValueWrong(f"{shown(str(cell))} is no time of day", "write one such as 09:00")

    def _two_fields(self, date_field: str, time_field: str) -> Moment | None:
        moment, clock = self._read(date_field, self._moment_of), self.clock(time_field)
        return None if moment is None or clock is None else Moment(moment.day, clock)

    def _a_day_later(self, date_field: str, end_field: str) -> datetime | None:
        """None where the end names its own day."""
        local = None if self._read(end_field, self._whole_of) else self._two_fields(date_field, end_field)
        return None if local is None else self._instant(end_field, Moment(local.day + timedelta(days=1), local.clock))

    def _seconds_of(self, cell: Cell) -> int:
        if isinstance(cell, (bool, date, Unreadable)):
            raise ValueWrong(f"{shown(str(cell))} is no duration", "write hours such as 7.5 or 7:30")
        return seconds_of(cell, self._mapping.hours_unit, decimal_comma=self._mapping.decimal_comma)

    def _instant(self, field: str, moment: Moment) -> datetime | None:
        try:
            return _instant(moment, self._mapping.zone)
        except DateUnreadable as error:
            self._wrong(field, error.what, error.right)
            return None

    def _number_as_text(self, field: str, cell: Cell) -> str:
        match cell:
            case str():
                return cell
            case bool():
                return "true" if cell else "false"
            case int() if abs(cell) < 10**DIGITS_KEPT:
                if field in _WITH_ZEROS:
                    self.notes.append(f"{self.column(field)}: {cell} is stored as a number, and has no zeros before it")
                return str(cell)
            case int() | float() if FIELD_TYPES.get(field) != "number_like" and abs(cell) < 10**DIGITS_KEPT:
                return repr(cell)
            case int() | float():
                self._wrong(field, f"the number {cell}: a spreadsheet keeps {DIGITS_KEPT} digits of one", _AS_TEXT)
            case _:
                self._wrong(field, f"{shown(str(cell))}: a program has made a date or time of it", _AS_TEXT)
        return ""

    def _wrong(self, field: str, what: str, right: str) -> None:
        problem = Problem(self._line, self.column(field), what, right)
        if problem not in self.problems:
            self.problems.append(problem)


_WITH_ZEROS: Final = ("identity_number", "phone")
"""Fields that may begin with zeros, of which a number has none."""
_AS_TEXT: Final = "format the column as text, and write it again with all its digits"
_SERIAL: Final = "set dates.serial = true if it counts days"
_LIST_FORMATS: Final = 'list how dates are written in dates.formats, such as "%d/%m/%Y" or "%m/%d/%Y"'
_CLOCK_CHARACTERS_MAX: Final = 11
"""12:30:00 PM: a longer text is more than a time of day."""


@lru_cache(16_384)
def _moment_read(text: str, formats: tuple[str, ...]) -> Moment:
    return read_date(text, formats)


@lru_cache(4096)
def _clock_read(text: str, formats: tuple[str, ...]) -> time:
    return read_time(text, formats)


@lru_cache(16_384)
def _instant(moment: Moment, zone: ZoneInfo) -> datetime:
    return instant(moment.day, moment.clock or time(), zone)


def _in_known_years(moment: Moment) -> Moment:
    if not YEAR_MIN <= moment.day.year <= YEAR_MAX:
        raise ValueWrong(f"{moment.day} is far away", f"write a year from {YEAR_MIN} to {YEAR_MAX}")
    return moment


def _whole_of(cell: Cell, least: int, most: int) -> int:
    right = f"write a whole number from {least:,} to {most:,}"
    if isinstance(cell, str):
        text = plain(cell).replace("٫", ".")
        number = int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None
    elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
        number = int(cell) if cell == int(cell) else None
    else:
        number = None
    if number is None or not least <= number <= most:
        raise ValueWrong(f"{shown(str(cell))} is none", right)
    return number
