"""Rows of a file as lines under its header: which are rows at all, which are skipped, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.sheets.mapping import SheetPlace, spelled_as
from ledger.sheets.rows import COLUMNS_MAX, Cell, FileUnreadable, Line, Problem, RawRow, RawRows, header_names
from ledger.sheets.totals import is_total
from ledger.sheets.words import column_letters, shown

LINES_NAMED_MAX: Final = 5
HIDDEN: Final = "hidden, and read"
TOTAL_SKIPPED: Final = "a total, skipped"
HEADER_AGAIN: Final = "the header again, skipped"


class TableLines:
    """The table of a file. Raises FileUnreadable when it is made, if there is no header."""

    def __init__(self, rows: RawRows, place: SheetPlace) -> None:
        self._rows = rows
        self._place = place
        self._told: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}
        header = next(self._from_header(), None)
        if header is None:
            at = f"line {place.header_line} is empty or not there" if place.header_line else "the file is empty"
            raise FileUnreadable(f"no header: {at}", "its first line names the columns; or say sheet.header_line")
        self._header_row = tuple(header.cells)
        self._header_line = header.number
        self.header = header_names(header.number, header.cells)
        self._named = [(index, name) for index, name in enumerate(self.header) if name]
        if not self._named:
            raise FileUnreadable("a header without names", "its first line names the columns", header.number)
        id_name = spelled_as(place.id_column, self.header) if place.id_column else self._named[0][1]
        self._id_index = None if id_name is None else self.header.index(id_name)

    @property
    def size_bytes(self) -> int:
        """Of what is read."""
        return self._rows.size_bytes

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""
        return self._rows.bytes_read

    def lines(self) -> Iterator[Line | Problem]:
        """From the first after the header. Raises FileUnreadable."""
        self._told, self._counts = {}, {}
        width, names, epoch_1904 = len(self.header), self.header, self._rows.epoch_1904
        all_named = len(self._named) == width
        rows = self._from_header()
        next(rows, None)
        for row in rows:
            cells = row.cells
            if cells[0] == self._header_row[0] and tuple(cells[:width]) == self._header_row[:width]:
                self._tell(HEADER_AGAIN, row.number)
                continue
            if row.hidden:
                self._tell(HIDDEN, row.number)
            problem = self._misfit(row, width)
            if problem is not None:
                yield problem
            elif self._is_total(cells):
                if self._place.ignore_totals:
                    self._tell(TOTAL_SKIPPED, row.number)
                else:
                    yield _total(row, self.header[self._id_index or 0])
            elif all_named and len(cells) == width:
                yield Line(row.number, dict(zip(names, cells, strict=True)), epoch_1904)
            else:
                yield Line(row.number, self._by_name(row), epoch_1904)

    def notes(self) -> Sequence[str]:
        """What of the lines read so far was skipped or is worth knowing."""
        notes = []
        for what, count in self._counts.items():
            named = ", ".join(map(str, self._told[what]))
            more = f" and {count - LINES_NAMED_MAX:,} more" if count > LINES_NAMED_MAX else ""
            notes.append(f"{what}: line{'s'[: count != 1]} {named}{more}")
        return notes

    def _from_header(self) -> Iterator[RawRow]:
        wanted = self._place.header_line
        for row in self._rows.raw_rows():
            if wanted is None or row.number >= wanted:
                if wanted is not None and row.number > wanted:
                    return
                yield row
                wanted = None

    def _misfit(self, row: RawRow, width: int) -> Problem | None:
        if not self._rows.rows_are_whole:
            return None
        cells = row.cells
        if len(cells) >= width and not any(cells[width:]):
            return None
        return Problem(
            row.number,
            "",
            f"{len(cells)} cells where the header has {width} columns",
            "a cell with the delimiter in it stands in quotation marks; each row has a cell for every column",
        )

    def _is_total(self, cells: Sequence[Cell]) -> bool:
        at = self._id_index
        identity = "" if at is None or at >= len(cells) else cells[at]
        return is_total(identity, cells)

    def _by_name(self, row: RawRow) -> dict[str, Cell]:
        """Where some columns have no name, or the row ends early."""
        cells = row.cells
        count = len(cells)
        for index, cell in enumerate(cells[:COLUMNS_MAX]):
            if cell != "" and (index >= len(self.header) or not self.header[index]):
                self._tell(f"column {column_letters(index)} has no name and is not read", row.number)
        return {name: cells[index] if index < count else "" for index, name in self._named}

    def _tell(self, what: str, number: int) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1
        lines = self._told.setdefault(what, [])
        if len(lines) < LINES_NAMED_MAX:
            lines.append(number)


def _total(row: RawRow, id_column: str) -> Problem:
    said = next(cell for cell in row.cells if isinstance(cell, str) and is_total("", (cell,)))
    return Problem(
        row.number, id_column, f"{shown(said)}: a total, no row", "take the line out, or set sheet.ignore_totals = true"
    )
