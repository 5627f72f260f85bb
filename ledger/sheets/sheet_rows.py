"""The rows of a sheet of XLSX, from its XML, in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from ledger.sheets.merges import Merges, column_index
from ledger.sheets.rows import COLUMNS_MAX, Cell, FileUnreadable, RawRow
from ledger.sheets.shared_texts import TEXT_CHARACTERS_MAX, TextOfItem
from ledger.sheets.sheet_cells import CellReading, WrittenCell
from ledger.sheets.xml_parts import AGAIN, Attributes, parse

COLUMNS_OF_A_SHEET: Final = 16_384
ROWS_OF_A_SHEET: Final = 1_048_576
_CELL_COLUMN: Final = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")


class SheetRows:
    """One reading of a sheet."""

    def __init__(self, reading: CellReading, merges: Merges | None) -> None:
        self.bytes_read = 0
        self._found = _Found(reading)
        self._merges = merges

    def read(self, part: IO[bytes]) -> Iterator[RawRow]:
        """Each row that is not blank. Raises FileUnreadable."""
        found = self._found
        for self.bytes_read in parse(part, found):
            rows, found.rows = found.rows, []
            for row in rows:
                if self._merges is not None:
                    self._merges.apply(row.number, row.cells)
                if any(cell != "" for cell in row.cells):
                    yield RawRow(row.number, row.cells, row.hidden)


class _Row:
    def __init__(self, number: int, hidden: bool) -> None:
        self.number = number
        self.hidden = hidden
        self.cells: list[Cell] = []


class _Found:
    """What the XML says, put together; rows that are whole wait in `rows`."""

    def __init__(self, reading: CellReading) -> None:
        self.rows: list[_Row] = []
        self._reading = reading
        self._row = _Row(0, hidden=False)
        self._column = -1
        self._cell: WrittenCell | None = None
        self._inline: TextOfItem | None = None
        self._pieces: list[str] | None = None
        self._characters = 0
        self._columns = 0

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif self._cell is None:
            return
        elif name in ("v", "f"):
            self._pieces, self._characters = [], 0
        elif name == "is":
            self._inline = TextOfItem()
        elif self._inline is not None:
            self._inline.begin(name)

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "c":
            self._end_cell()
        elif name == "row":
            # Cells that a merged range covers have no element of their own: they are there as far as any row is wide.
            self._row.cells += [""] * (self._columns - len(self._row.cells))
            self.rows.append(self._row)
        elif self._cell is None:
            return
        elif name == "v":
            self._cell.value, self._pieces = "".join(self._pieces or ()), None
        elif name == "f":
            self._cell.formula, self._pieces = "".join(self._pieces or ()), None
        elif name == "is" and self._inline is not None:
            self._cell.value, self._inline = self._inline.taken(), None
        elif self._inline is not None:
            self._inline.end(name)

    def text(self, text: str) -> None:
        """Text, in pieces. Raises FileUnreadable for one that no cell has."""
        if self._pieces is not None:
            self._characters += len(text)
            if self._characters > TEXT_CHARACTERS_MAX:
                raise FileUnreadable(
                    f"a cell has more than {TEXT_CHARACTERS_MAX:,} characters", "shorten it", self._row.number
                )
            self._pieces.append(text)
        elif self._inline is not None:
            self._inline.text(text)

    def _begin_row(self, attributes: Attributes) -> None:
        written = attributes.get("r") or str(self._row.number + 1)
        number = int(written) if re.fullmatch(r"[0-9]{1,7}", written) else 0
        if not self._row.number < number <= ROWS_OF_A_SHEET:
            raise FileUnreadable(f"the file is damaged: row {written[:20]} after {self._row.number}", AGAIN)
        self._row = _Row(number, hidden=attributes.get("hidden") in ("1", "true"))
        self._column = -1

    def _begin_cell(self, attributes: Attributes) -> None:
        written = attributes.get("r")
        where = _CELL_COLUMN.fullmatch(written or "")
        column = column_index(where[1]) if where else self._column + 1
        if written and where is None:
            raise FileUnreadable(f"the file is damaged: a cell {written[:20]!r}", AGAIN, self._row.number)
        if not self._column < column < COLUMNS_OF_A_SHEET:
            raise FileUnreadable("the file is damaged: cells in another order", AGAIN, self._row.number)
        self._column = column
        self._cell = WrittenCell(attributes.get("t", "n") or "n", attributes.get("s"))

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        value = self._reading.read(self._cell)
        self._cell = None
        if value == "":
            return
        cells = self._row.cells
        if self._column >= COLUMNS_MAX:
            raise FileUnreadable(
                f"a cell beyond column {COLUMNS_MAX}", "take out the columns that are not needed", self._row.number
            )
        cells += [""] * (self._column - len(cells))
        cells.append(value)
        self._columns = max(self._columns, len(cells))
