"""The values of one row, field by field, by its mapping; what is wrong is gathered, so that all of a row is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

from ledger.sheets.cell_values import (
    clock_in,
    instant_in,
    moment_in,
    seconds_in,
    whole_moment_in,
    whole_number_in,
)
from ledger.sheets.dates import DateUnreadable, Moment
from ledger.sheets.fields import FIELD_TYPES
from ledger.sheets.mapping import SheetMapping, spelled_as
from ledger.sheets.rows import Cell, Line, Problem, Unreadable
from ledger.sheets.words import ValueWrong, plain, same_name, shown

CELL_CHARACTERS_MAX: Final = 200
"""Of a date, a time or a number; longer is none."""
DIGITS_KEPT: Final = 15
"""Of a number, by Excel: later ones it has replaced by zeros."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SCIENTIFIC: Final = re.compile(r"[0-9]+(?:[.,٫][0-9]+)?[eE]\+?[0-9]+")
_WITH_ZEROS: Final = ("identity_number", "phone")
"""Fields that may begin with zeros, of which a number has none."""
_AS_TEXT: Final = "format the column as text, and write it again with all its digits"

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
        return self._read(field, lambda cell: clock_in(cell, self._mapping.dates))

    def moment(self, date_field: str, time_field: str | None, *, other_day: bool = False) -> datetime | None:
        """A moment read in the mapping's time zone, of two fields or of the one that holds both; told in UTC.

        None where one of them is empty or wrong. A time that the zone skipped is a problem; of one that came twice it
        is the first.
        Where the time's own cell holds a date, it has to be that of the date's cell, unless `other_day`.
        UTC, because Python subtracts two moments of one zone by their wall clocks, and loses the hour in between.
        """
        if time_field is None:
            moment = self._read(date_field, self._moment_of)
            return None if moment is None else self._instant(date_field, moment)
        whole = self._read(time_field, self._whole_of)
        if whole is not None:
            if not other_day:
                self._check_day(date_field, time_field, whole)
            return self._instant(time_field, whole)
        local = self._two_fields(date_field, time_field)
        return None if local is None else self._instant(time_field, local)

    def interval(self, date_field: str, start_field: str, end_field: str) -> tuple[datetime, datetime] | None:
        """Start and end. An end that is not after its start is a problem, or on the next day, as the mapping says."""
        start, end = self.moment(date_field, start_field), self.moment(date_field, end_field, other_day=True)
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
        return self._read(field, lambda cell: seconds_in(cell, self._mapping))

    def whole(self, field: str, least: int, most: int) -> int | None:
        """A whole number; None where there is none, or a wrong one."""
        return self._read(field, lambda cell: whole_number_in(cell, least, most))

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
        return moment_in(cell, self._mapping.dates, epoch_1904=self._epoch_1904)

    def _whole_of(self, cell: Cell) -> Moment | None:
        return whole_moment_in(cell, self._mapping.dates)

    def _check_day(self, date_field: str, time_field: str, whole: Moment) -> None:
        """Times with an offset are in UTC here, and may lie in a day beside."""
        day = self.day(date_field)
        offset = whole.clock is not None and whole.clock.tzinfo is not None
        if day is not None and abs(whole.day - day) > timedelta(days=1 if offset else 0):
            said = f"this is on {whole.day}, and {self.column(date_field)} says {day}"
            self._wrong(time_field, said, "correct one of the two")

    def _two_fields(self, date_field: str, time_field: str) -> Moment | None:
        moment, clock = self._read(date_field, self._moment_of), self.clock(time_field)
        return None if moment is None or clock is None else Moment(moment.day, clock)

    def _a_day_later(self, date_field: str, end_field: str) -> datetime | None:
        """None where the end names its own day."""
        local = None if self._read(end_field, self._whole_of) else self._two_fields(date_field, end_field)
        return None if local is None else self._instant(end_field, Moment(local.day + timedelta(days=1), local.clock))

    def _instant(self, field: str, moment: Moment) -> datetime | None:
        try:
            return instant_in(moment, self._mapping.zone)
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
