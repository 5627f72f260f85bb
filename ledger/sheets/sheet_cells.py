"""One cell of XLSX, as its XML has it, as a value: typed by its own type and by what its format means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from ledger.sheets.number_formats import Meaning
from ledger.sheets.rows import Cell, Unreadable
from ledger.sheets.serials import clock_of, length_of_serial, moment_of_serial
from ledger.sheets.shared_texts import unescaped
from ledger.sheets.words import ValueWrong, shown, stripped

EXACT_MAX: Final = 10**15
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}")
_DATES_FROM: Final = 61
"""A number shown as a time, and as large as this, has a date that is not shown; a smaller one is a duration."""


@dataclass(slots=True)
class WrittenCell:
    """What stands in a `c` element."""

    type: str
    style: str | None
    formula: str | None = None
    value: str | None = None
    """None: no `v`, which for a formula means that nobody has calculated it."""


@dataclass(frozen=True, slots=True)
class CellReading:
    """What has to be known of the workbook to read a cell."""

    shared: Callable[[str], str]
    meaning: Callable[[str | None], Meaning]
    epoch_1904: bool = False
    is_calculated: bool = True
    """False: its writer asked for a calculation when it is opened, so stored results are none."""

    def read(self, cell: WrittenCell) -> Cell:
        """The value; an empty text for none."""
        value = cell.value
        is_empty = value is None or (value == "" and cell.type != "str")
        if cell.formula is not None and (is_empty or not self.is_calculated):
            return Unreadable(
                f"the formula ={shown(cell.formula)[1:-1]} without a result",
                "open the file in a spreadsheet program and save it, or put the value in place of the formula",
            )
        if value is None or value == "":
            return ""
        match cell.type:
            case "s":
                return stripped(self.shared(value))
            case "n":
                return self._number(value, self.meaning(cell.style))
            case "str" | "inlineStr":
                return stripped(unescaped(value))
            case "b":
                return value.strip() in ("1", "true")
            case "e":
                return Unreadable(f"the error {shown(value)[1:-1]}", "correct the formula, or write the value")
            case "d":
                return _iso(value)
            case _:
                return Unreadable(f"a cell of the unknown type {shown(cell.type)}", "write the value again")

    def _number(self, text: str, meaning: Meaning) -> Cell:
        if meaning is Meaning.NUMBER and _INTEGER.fullmatch(text):
            return int(text)
        try:
            number = float(text)
            if not abs(number) < float("inf"):
                raise ValueError(text)
            return self._by_meaning(number, meaning)
        except ValueError:
            return Unreadable(f"{shown(text)} is no number", "write the value again")
        except ValueWrong as error:
            return Unreadable(error.what, error.right)

    def _by_meaning(self, number: float, meaning: Meaning) -> Cell:
        match meaning:
            case Meaning.NUMBER:
                return int(number) if number.is_integer() and abs(number) < EXACT_MAX else number
            case Meaning.DURATION:
                return length_of_serial(number)
            case Meaning.TIME if number < _DATES_FROM:
                length = length_of_serial(number)
                clock = clock_of(length)
                return length if clock is None else clock
            case _:
                moment = moment_of_serial(number, epoch_1904=self.epoch_1904)
                return moment.date() if meaning is Meaning.DATE and moment.time() == time() else moment


def _iso(text: str) -> Cell:
    """ISO 8601, as strict XLSX may have it."""
    try:
        if "T" in text:
            return datetime.fromisoformat(text).replace(microsecond=0)
        return time.fromisoformat(text).replace(microsecond=0) if ":" in text else date.fromisoformat(text)
    except ValueError:
        return Unreadable(f"{shown(text)} is no date", "write the date again")
