"""A mapping to begin with, guessed from a file's header and first rows; what only a person knows is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from ledger.sheets.fields import FIELD_TYPES, FIELDS, NEEDED, Kind
from ledger.sheets.guessed_dates import Question, guessed_formats, guessed_times
from ledger.sheets.guessed_place import ask_nobody, guessed_place
from ledger.sheets.guessed_values import guessed_values
from ledger.sheets.header_words import HEADER_WORDS, MINUTES
from ledger.sheets.mapping import TIMES, SheetPlace
from ledger.sheets.rows import Cell, Line
from ledger.sheets.table import open_table
from ledger.sheets.toml_file import UNKNOWN
from ledger.sheets.words import plain, same_name, shown

__all__ = ["Question", "guessed_mapping"]

ROWS_LOOKED_AT: Final = 1_000
SAMPLES_SHOWN: Final = 3
HOURS_A_DAY: Final = 24
_NOT_IN_SYSTEM: Final = re.compile(r"[^a-z0-9]+")
_WITH_COMMA: Final = re.compile(r"[0-9]+,[0-9]+")
_WITH_COLON: Final = re.compile(r"[0-9]+:[0-5][0-9](:[0-5][0-9])?")
_UNITS: Final = "decimal: 7.5, clock: 7:30, minutes: 450"
NONE: Final = "none of them"


def guessed_mapping(path: Path, kind: Kind, ask: Callable[[Question], str] | None) -> str:
    """A mapping in TOML that reads this file as far as can be told. Raises FileUnreadable, OSError.

    `ask`: the answer of a person, one of the question's choices or, where it has none, any text; None: nobody is there.
    """
    return _Guess(path, kind, ask or ask_nobody).text()


class _Guess:
    def __init__(self, path: Path, kind: Kind, ask: Callable[[Question], str]) -> None:
        self._path = path
        self._kind = kind
        self._ask = ask
        self._place, self._unsure = guessed_place(path, kind, ask)
        with open_table(path, self._place) as table:
            self._header = [name for name in table.header if name]
            lines = (line for line in table.lines() if isinstance(line, Line))
            self._rows = [line.cells for line in islice(lines, ROWS_LOOKED_AT)]
        self._columns = self._found_columns()

    def text(self) -> str:
        """All of it."""
        page = "docs/spreadsheets.md"
        parts = [f"# Guessed from {self._path.name}: read every line and correct it; {page} says what each means."]
        parts += [f"kind = {toml(self._kind)}", *self._system(), *self._zone(), *self._durations()]
        parts += self._sheet()
        parts += ["", "[columns]", *(f"{field} = {toml(column)}" for field, column in self._columns.items())]
        unread = [name for name in self._header if name not in self._columns.values()]
        parts += [f"# not read: {', '.join(unread)}"] if unread else []
        parts += self._dates()
        parts += self._defaults()
        for field, column in self._columns.items():
            if FIELD_TYPES[field] == "code" and column != UNKNOWN:
                parts += guessed_values(field, column, self._texts(column), self._ask)
        return "\n".join([*parts, ""])

    def _found_columns(self) -> dict[str, str]:
        names = {same_name(name): name for name in self._header}
        found: dict[str, str] = {}
        for field in FIELDS[self._kind]:
            for word in HEADER_WORDS[field]:
                column = names.get(same_name(word))
                if column is not None and column not in found.values():
                    found[field] = column
                    break
        for field in NEEDED[self._kind]:
            if field not in found:
                found[field] = self._asked_column(field, found)
        return {field: found[field] for field in FIELDS[self._kind] if field in found}

    def _asked_column(self, field: str, found: Mapping[str, str]) -> str:
        free = [name for name in self._header if name not in found.values()]
        samples = tuple(f"{name}: {', '.join(self._samples(name))}" for name in free)
        answer = self._ask(Question(f"columns.{field}", f"Which column is the {field}?", (*free, NONE), samples))
        return answer if answer in free else UNKNOWN

    def _system(self) -> list[str]:
        stem = _NOT_IN_SYSTEM.sub("-", self._path.stem.lower())[:30].strip("-")
        question = Question("system", f"Whose ids are these? A short name, such as {stem or 'north-club'}")
        answer = self._ask(question) or stem or UNKNOWN
        return [f"system = {toml(answer)}  # part of every id: choose it well, and never change it"]

    def _zone(self) -> list[str]:
        answer = self._ask(Question("time_zone", "In which time zone are its dates and times? Such as Asia/Riyadh"))
        return [f"time_zone = {toml(answer or UNKNOWN)}  # of its dates and times, such as Asia/Riyadh"]

    def _durations(self) -> list[str]:
        lines = []
        for field in ("duration", "verified"):
            column = self._columns.get(field, UNKNOWN)
            if column == UNKNOWN:
                continue
            cells = [plain(str(row[column])) for row in self._rows if isinstance(row[column], (str, int, float))]
            unit = self._unit(column, [cell for cell in cells if cell])
            lines += [] if unit == "decimal" else [f"hours_unit = {toml(unit)}  # {_UNITS}"]
            lines += self._comma(column, cells)
        return list(dict.fromkeys(lines))

    def _unit(self, column: str, cells: Sequence[str]) -> str:
        words = same_name(column).split()
        if any(same_name(word) in words for word in MINUTES):
            return "minutes"
        if cells and all(_WITH_COLON.fullmatch(cell) for cell in cells):
            return "clock"
        if not any(_number(cell) > HOURS_A_DAY for cell in cells):
            return "decimal"
        question = Question(
            "hours_unit", f"What does {shown(column)} count?", ("decimal", "minutes"), tuple(cells[:SAMPLES_SHOWN])
        )
        return self._ask(question) or UNKNOWN

    def _comma(self, column: str, cells: Sequence[str]) -> list[str]:
        commas = [cell for cell in cells if _WITH_COMMA.fullmatch(cell)]
        if not commas:
            return []
        text = f"Is the comma in {shown(column)} a decimal sign?"
        answer = self._ask(Question("decimal_comma", text, ("yes", "no"), tuple(commas[:SAMPLES_SHOWN])))
        return [f"decimal_comma = {({'yes': 'true', 'no': 'false'}).get(answer, toml(UNKNOWN))}"]

    def _sheet(self) -> list[str]:
        place = self._place
        said = {"encoding": place.encoding, "delimiter": place.delimiter or ",", "name": place.name or ""}
        said |= dict.fromkeys(self._unsure, UNKNOWN)
        usual = {"encoding": SheetPlace().encoding, "delimiter": ",", "name": ""}
        lines = [f"{name} = {toml(value)}" for name, value in said.items() if value != usual[name]]
        lines += [f"header_line = {place.header_line}"] if place.header_line else []
        return ["", "[sheet]", *lines] if lines else []

    def _dates(self) -> list[str]:
        days = [column for field, column in self._columns.items() if FIELD_TYPES[field] in ("day", "moment", "clock")]
        cells = [row[column] for column in days if column != UNKNOWN for row in self._rows]
        texts = [cell for cell in cells if isinstance(cell, str) and cell]
        clocks = guessed_times(texts)
        dates = [text for text in texts if not guessed_times([text]) and not _is_number(text)]
        lines = [f"formats = {toml(guessed_formats(dates, self._ask))}"] if dates else []
        lines += [f"times = {toml(clocks)}"] if set(clocks) - set(TIMES) else []
        lines += self._serial(cells)
        return ["", "[dates]", *lines] if lines else []

    def _defaults(self) -> list[str]:
        """Where a needed field has no column, one value may hold for all rows."""
        lacking = [field for field in NEEDED[self._kind] if field != "id" and self._columns[field] == UNKNOWN]
        hints = [f'# {field} = ""  # in place of columns.{field}, if it is the same for all rows' for field in lacking]
        return ["", "[defaults]", *hints] if hints else []

    def _serial(self, cells: Sequence[Cell]) -> list[str]:
        numbers = [str(cell) for cell in cells if _is_number(cell)]
        if not numbers:
            return []
        text = "Do these numbers count days, as Excel does?"
        answer = self._ask(Question("dates.serial", text, ("yes", "no"), tuple(numbers[:SAMPLES_SHOWN])))
        return [f"serial = {({'yes': 'true', 'no': 'false'}).get(answer, toml(UNKNOWN))}"]

    def _texts(self, column: str) -> list[str]:
        return [str(row[column]) for row in self._rows if row[column] != ""]

    def _samples(self, column: str) -> list[str]:
        return list(dict.fromkeys(text[:40] for text in self._texts(column)))[:SAMPLES_SHOWN]


def _number(text: str) -> float:
    with suppress(ValueError):
        return float(text.replace(",", ".").replace("٫", "."))
    return 0.0


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, str):
        return re.fullmatch(r"[0-9]+([.][0-9]+)?", plain(cell)) is not None
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def toml(value: str | list[str]) -> str:
    """A text, or texts, as TOML has them."""
    # JSON's strings are TOML's but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
