"""What a file gives and what is made of it: cells, lines, problems. Only `table.py` and its kin make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol, TypeAlias

COLUMNS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell whose value nobody can trust: a problem of its row, if its column is one that the mapping reads."""

    what: str
    right: str


Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | Unreadable
"""CSV gives text alone; XLSX what the sheet holds. An empty cell is an empty text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its cells by the header's names, and its number as a person counts lines in the file."""

    number: int
    cells: Mapping[str, Cell]
    epoch_1904: bool = False
    """From when the file counts days, where a bare number is one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be read: in which line and column, what stands there, and what would be right."""

    line: int
    column: str
    what: str
    right: str

    def __str__(self) -> str:
        told = f"{self.what}; {self.right}" if self.right else self.what
        return f"{self.column}: {told}" if self.column else told


class FileUnreadable(Exception):
    """The file cannot be read at all, or from this line on: why, and what would be right. `line` 0: the whole file."""

    def __init__(self, what: str, right: str = "", line: int = 0) -> None:
        told = f"{what}; {right}" if right else what
        super().__init__(f"line {line}: {told}" if line else told)
        self.what = what
        self.right = right
        self.line = line


@dataclass(frozen=True, slots=True)
class RawRow:
    """Cells in their order, as the file has them; blank rows are left out."""

    number: int
    cells: Sequence[Cell]
    hidden: bool = False


class RawRows(Protocol):
    """A file, opened: its rows from the beginning, as often as wished. Raises FileUnreadable."""

    @property
    def size_bytes(self) -> int:
        """Of what is read."""

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""

    @property
    def rows_are_whole(self) -> bool:
        """Whether a row with another number of cells than the header has lost or gained some."""

    @property
    def epoch_1904(self) -> bool:
        """Whether its days are counted from 1904, as old Macs did."""

    def raw_rows(self) -> Iterator[RawRow]:
        """Each row that is not blank."""

    def close(self) -> None:
        """Let go of the file."""


def header_names(line: int, cells: Sequence[Cell]) -> tuple[str, ...]:
    """The names of the columns; empty for one without. Raises FileUnreadable."""
    names = [_name(line, cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > COLUMNS_MAX:
        raise FileUnreadable(f"{len(names)} columns: at most {COLUMNS_MAX} are read", "take out those not needed", line)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FileUnreadable(
            f"the header names {', '.join(map(repr, twice))} twice", "give each column a name of its own", line
        )
    return tuple(names)


def _name(line: int, cell: Cell) -> str:
    if isinstance(cell, Unreadable):
        raise FileUnreadable(f"in the header, {cell.what}", cell.right, line)
    return " ".join(str(cell).split())
