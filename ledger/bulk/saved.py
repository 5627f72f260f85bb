"""What `save` wrote, read again by a mapping of the program's own (docs/out.md, docs/spreadsheets.md).

Its texts have an apostrophe before what a spreadsheet would compute, and its rows are all that ever was: what no class
counts any more stays behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ledger.saving.cells import as_it_was
from ledger.sheets.fields import Kind
from ledger.sheets.rows import Cell, Line, Problem
from ledger.sheets.table import Table

NAMED: Final = "saved"
MAPPINGS: Final = Path(__file__).parents[1] / "sheets" / "mappings"
COUNTED: Final = "counted_seconds"
"""A column made here, of head counts: what any class still counts of them."""
_LIVE: Final = ("claimed_seconds", "attended_seconds", "verified_seconds", "disputed_seconds", "withheld_seconds")
_ATTENDANCE: Final = "attendance"


def mapping_file(kind: Kind) -> Path:
    """The mapping that reads such a file. There is none for every kind."""
    return MAPPINGS / f"saved-{kind}.toml"


class SavedTable:
    """A saved table as an import reads it."""

    def __init__(self, table: Table, kind: Kind, *, neutralised: bool) -> None:
        """`neutralised`: it is CSV, where apostrophes were added."""
        self._table = table
        self._kind = kind
        self._neutralised = neutralised
        self._left_out = 0
        self.header: Sequence[str] = table.header
        if _ATTENDANCE in table.header and COUNTED not in table.header:
            self.header = (*table.header, COUNTED)

    @property
    def size_bytes(self) -> int:
        """Of what is read."""
        return self._table.size_bytes

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""
        return self._table.bytes_read

    def lines(self) -> Iterator[Line | Problem]:
        """Rows that still say something. Raises FileUnreadable."""
        self._left_out = 0
        for line in self._table.lines():
            if isinstance(line, Problem):
                yield line
                continue
            cells = {name: _as_it_was(cell) for name, cell in line.cells.items()} if self._neutralised else line.cells
            if self._is_left_out(cells):
                self._left_out += 1
            elif COUNTED in self.header:
                yield Line(line.number, {**cells, COUNTED: _counted(cells)})
            else:
                yield Line(line.number, cells)

    def notes(self) -> Sequence[str]:
        """Those of the file, and how many rows stayed behind."""
        notes = list(self._table.notes())
        if self._left_out:
            notes.append(f"{self._left_out:,} rows stay behind: erased, withdrawn, reversed, or nothing verified")
        return notes

    def _is_left_out(self, cells: Mapping[str, Cell]) -> bool:
        match self._kind:
            case "volunteers":
                return str(cells.get("erased", "")).lower() == "true"
            case "verifications":
                return _seconds(cells, "verified_seconds") == 0
            case _:
                return not any(_seconds(cells, name) for name in _LIVE)


def _counted(cells: Mapping[str, Cell]) -> Cell:
    """Of a head count; a person's attendance has its times."""
    return "" if cells.get("volunteer", "") else str(sum(_seconds(cells, name) for name in _LIVE))


def _seconds(cells: Mapping[str, Cell], name: str) -> int:
    cell = cells.get(name, "")
    text = str(cell).removesuffix(".0")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _as_it_was(cell: Cell) -> Cell:
    return as_it_was(cell) if isinstance(cell, str) else cell
