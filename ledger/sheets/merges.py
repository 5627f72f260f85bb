"""Merged ranges of a sheet: which cells have no value of their own, and whose they show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.sheets.rows import COLUMNS_MAX, Cell, FileUnreadable, Unreadable
from ledger.sheets.words import column_letters
from ledger.sheets.xml_parts import Attributes

MERGES_MAX: Final = 10_000
_RANGE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class Merged:
    """One range; columns from 0, rows as a person counts."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{column_letters(self.left)}{self.top}:{column_letters(self.right)}{self.bottom}"


class MergesFound:
    """Gathers the ranges of a sheet; they stand behind its rows."""

    def __init__(self) -> None:
        self.ranges: list[Merged] = []

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins. Raises FileUnreadable for too many."""
        if name != "mergeCell":
            return
        found = _RANGE.fullmatch(attributes.get("ref") or "")
        if found is None:
            return
        if len(self.ranges) == MERGES_MAX:
            raise FileUnreadable(f"more than {MERGES_MAX:,} merged ranges", "unmerge the cells, and fill in each")
        left, right = sorted((column_index(found[1]), column_index(found[3])))
        top, bottom = sorted((int(found[2]), int(found[4])))
        self.ranges.append(Merged(top, left, bottom, right))

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """There is none."""


class Merges:
    """The ranges, for one walk through the rows from the first on."""

    def __init__(self, ranges: Sequence[Merged], *, repeat: bool) -> None:
        self._coming = sorted(ranges, key=lambda merged: merged.top, reverse=True)
        self._repeat = repeat
        self._here: list[tuple[Merged, list[Cell]]] = []
        """Ranges that the walk is in, each with the value of its first cell, once that was met."""

    def apply(self, number: int, cells: list[Cell]) -> None:
        """Fill the cells that a range covers in this row: with its value, or with why there is none.

        Raises FileUnreadable for ranges that no program makes.
        """
        self._here = [pair for pair in self._here if pair[0].bottom >= number]
        while self._coming and self._coming[-1].top <= number:
            merged = self._coming.pop()
            if merged.bottom >= number and merged.left < COLUMNS_MAX:
                if len(self._here) == COLUMNS_MAX:
                    raise FileUnreadable("merged ranges that overlap", "unmerge the cells, and fill in each", number)
                first: Cell = ""
                if merged.top == number and merged.left < len(cells):
                    first = cells[merged.left]
                self._here.append((merged, [first]))
        for merged, [value] in self._here:
            for index in range(merged.left, min(merged.right + 1, len(cells))):
                if (number, index) != (merged.top, merged.left):
                    cells[index] = value if self._repeat else _covered(merged)


def _covered(merged: Merged) -> Unreadable:
    return Unreadable(
        f"a part of the merged cells {merged}",
        'unmerge them and fill in each, or set sheet.merged = "repeat" if their value holds for all',
    )


def column_index(letters: str) -> int:
    """From 0, of a column's letters."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
