"""One cell as a value of ours, or in words what is wrong with it and what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import time
from typing import Final, TypeVar

from ledger.feeds.plain_text import cut, lines, one_line
from ledger.sheets.dates import DateUnreadable, Moment, read_date, read_time
from ledger.sheets.words import ascii_digits, shown

TEXT_CHARACTERS_MAX: Final = 500
CELL_CHARACTERS_MAX: Final = 10_000
"""Of a cell that holds text: its tags are read before it is cut."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one column of a row, and what would be right."""

    column: str
    what: str

    def __str__(self) -> str:
        return f"{self.column}: {self.what}" if self.column else self.what


@dataclass(slots=True)
class Cells:
    """A row's cells, read field by field; problems are gathered, so that all of a row are told at once."""

    cells: Table[str, str]
    problems: list[Problem] = field(default_factory=list)

    def text(self, column: str | None) -> str:
        """The cell as it stands; empty where there is no such column."""
        return "" if column is None else self.cells[column]

    def wrong(self, column: str, what: str) -> None:
        """Remember a problem."""
        self.problems.append(Problem(column, what))

    def title(self, column: str | None, *, html: bool, cut_long: bool) -> str:
        """One line of at most 500 characters."""
        return self._bounded(column, one_line(self._readable(column), html=html), cut_long=cut_long)

    def description(self, column: str | None, *, html: bool, cut_long: bool) -> str:
        """Lines of at most 500 characters together."""
        return self._bounded(column, lines(self._readable(column), html=html), cut_long=cut_long)

    def short(self, column: str | None, length_max: int, otherwise: str | None = None) -> str:
        """One line without tags, such as a city."""
        text = one_line(self._readable(column), html=False) or (otherwise or "")
        if len(text) > length_max:
            self.wrong(column or "", f"{len(text)} characters: at most {length_max}")
        return text

    def whole_number(self, column: str | None, least: int, most: int) -> int | None:
        """A whole number; None for an empty cell, or one that is wrong."""
        text = ascii_digits(self.text(column))
        if not text or column is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) or not least <= int(text.partition(".")[0]) <= most:
            self.wrong(column, f"{shown(text)}: write a whole number from {least:,} to {most:,}")
            return None
        return int(text.partition(".")[0])

    def translated(self, column: str | None, table: Table[str, V], name: str) -> V | None:
        """The value that the mapping has for this word; None for an empty cell, or a word it does not know."""
        word = " ".join(self.text(column).split())
        if not word or column is None:
            return None
        if word not in table:
            known = ", ".join(map(shown, list(table)[:5]))
            self.wrong(
                column, f"{shown(word)} is not in values.{name} (it has {known}, …): add it, or correct the cell"
            )
            return None
        return table[word]

    def code(self, column: str | None, table: Table[str, str], pattern: str, name: str, example: str) -> str:
        """A code of ours: through the table where there is one, else as it stands."""
        if table:
            return self.translated(column, table, name) or ""
        text = self.text(column)
        if text and column and not re.fullmatch(pattern, text):
            self.wrong(
                column, f"{shown(text)} is no {name} such as {example}: add a table values.{name} to the mapping"
            )
            return ""
        return text

    def date(self, column: str | None, formats: tuple[str, ...]) -> Moment | None:
        """A date, with or without a time of day; None for an empty cell, or one that is wrong."""
        text = self.text(column)
        if not text or column is None:
            return None
        try:
            return read_date(text[:200], formats)
        except DateUnreadable as error:
            self.wrong(column, str(error))
            return None

    def clock(self, column: str | None, formats: tuple[str, ...]) -> time | None:
        """A time of day; None for an empty cell, or one that is wrong."""
        text = self.text(column)
        if not text or column is None:
            return None
        try:
            return read_time(text[:200], formats)
        except DateUnreadable as error:
            self.wrong(column, str(error))
            return None

    def _readable(self, column: str | None) -> str:
        text = self.text(column)
        if len(text) > CELL_CHARACTERS_MAX and column:
            self.wrong(column, f"{len(text):,} characters: a cell of text has at most {CELL_CHARACTERS_MAX:,}")
            return ""
        return text

    def _bounded(self, column: str | None, text: str, *, cut_long: bool) -> str:
        if len(text) > TEXT_CHARACTERS_MAX and not cut_long and column:
            self.wrong(
                column,
                f"{len(text):,} characters: at most {TEXT_CHARACTERS_MAX}; shorten it, or set cut_long_texts = true",
            )
        return cut(text, TEXT_CHARACTERS_MAX)
