"""What a saved table is made of: named columns of a kind, and batches of their values.

Values stay as numbers until a format writes them: only those formats pay for texts that have texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias


class Kind(Enum):
    """What the values of a column are."""

    TEXT = "text"
    """str, or Coded; never None."""
    WHOLE = "whole"
    """int."""
    SECONDS = "seconds"
    """int."""
    HOURS = "hours"
    """int: seconds, to be written as hours."""
    DAY = "day"
    """int: days since 1970-01-01; None: not known."""
    MOMENT = "moment"
    """int: microseconds since 1970-01-01T00:00:00Z; None: there is none."""
    FLAG = "flag"
    """int: 0 or 1."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is stored in files that programs read: it never changes."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Coded:
    """Texts that repeat: the text of row i is values[indexes[i]]."""

    values: Sequence[str]
    indexes: Sequence[int]


Texts: TypeAlias = Sequence[str] | Coded
Numbers: TypeAlias = Sequence[int | None] | Sequence[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: the values of each column, in the order of the table's columns."""

    rows: int
    texts: dict[str, Texts]
    """By the name of the column."""
    numbers: dict[str, Numbers]

    def text(self, column: Column) -> Texts:
        """The values of a column of kind TEXT."""
        return self.texts[column.name]

    def number(self, column: Column) -> Numbers:
        """The values of a column of any other kind."""
        return self.numbers[column.name]


@dataclass(frozen=True, slots=True)
class Basis:
    """What all rows of a file rest on."""

    positions: Sequence[tuple[int, int]]
    """Partition and position."""
    recorded_through: int | None
    """Microseconds since 1970: the time before which no further event can appear."""


@dataclass(frozen=True, slots=True)
class About:
    """What a finished file says of itself."""

    kind: str
    question: dict[str, str]
    basis: Basis
    rows: int


def with_hours(columns: Sequence[Column]) -> list[Column]:
    """The same columns, each of seconds followed by one in hours: `verified_seconds`, `verified_hours`."""
    told: list[Column] = []
    for column in columns:
        told.append(column)
        if column.kind is Kind.SECONDS:
            told.append(Column(hours_name(column.name), Kind.HOURS))
    return told


def hours_name(name: str) -> str:
    """`verified_seconds` → `verified_hours`; `seconds` → `hours`."""
    return f"{name.removesuffix('seconds')}hours"


def adding_hours(columns: Sequence[Column], batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches of `columns` with the columns that `with_hours` adds."""
    names = [column.name for column in columns if column.kind is Kind.SECONDS]
    for batch in batches:
        hours = {hours_name(name): batch.numbers[name] for name in names}
        yield replace(batch, numbers={**batch.numbers, **hours})
