"""A file read by its mapping to the end, as the import commands read it: rows, problems, what was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from ledger.sheets.fields import FIELD_TYPES
from ledger.sheets.mapping import SheetMapping, fitted, parse_mapping
from ledger.sheets.table import FileUnreadable, Problem, open_table
from ledger.sheets.values import Values

ATTENDANCES: Final = """
kind = "attendances"
system = "synthetic"
time_zone = "Asia/Riyadh"
{top}
[sheet]
{sheet}
[columns]
{columns}
[dates]
{dates}
[defaults]
shift = "opportunities/synthetic/shifts/1"
"""
COLUMNS: Final = 'id = "id"\nvolunteer = "volunteer"\n'


@dataclass
class Outcome:
    """What became of a file."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: FileUnreadable | None = None


@dataclass(frozen=True)
class Says:
    """Part of a problem: its line, its column, and what `what` and `right` contain."""

    line: int
    column: str
    what: str
    right: str


@dataclass(frozen=True)
class Case:
    """One difficult file."""

    name: str
    make: Callable[[Path], Path]
    mapping: str
    rows: list[tuple[object, ...]] = field(default_factory=list)
    problems: tuple[Says, ...] = ()
    notes: tuple[str, ...] = ()
    refused: Says | None = None
    """The whole file, or the file from a line on."""


Maker: TypeAlias = Callable[[Path], Path]


def mapping(columns: str = "", *, dates: str = "", sheet: str = "", top: str = "") -> str:
    """One of attendances: id and volunteer, and what is added here."""
    return ATTENDANCES.format(columns=COLUMNS + columns, dates=dates, sheet=sheet, top=top)


def read(file: Path, text: str) -> Outcome:
    """Every line, through every field that the mapping names."""
    outcome = Outcome()
    wanted = parse_mapping(text)
    try:
        with open_table(file, wanted.sheet) as table:
            read_by = fitted(wanted, table.header)
            for line in table.lines():
                if isinstance(line, Problem):
                    outcome.problems.append(line)
                    continue
                values = Values(line, read_by)
                row = tuple(value_of(values, name, read_by) for name in read_by.columns)
                outcome.notes += values.notes
                outcome.problems += values.problems
                if not values.problems:
                    outcome.rows.append(row)
            outcome.notes += table.notes()
    except FileUnreadable as error:
        outcome.refused = error
    return outcome


def value_of(values: Values, name: str, by: SheetMapping) -> object:
    """A field's value by its type."""
    match FIELD_TYPES[name]:
        case "code":
            return values.code(name)
        case "day":
            return values.day(name)
        case "clock":
            if "date" not in by.columns:
                return values.clock(name)
            return values.moment("date", name, other_day=name == "end_time")
        case "moment":
            return values.moment(name, None)
        case "duration":
            return values.seconds(name)
        case _:
            return values.text(name, 200)
