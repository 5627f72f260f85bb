"""A CSV or XLSX file as a table: its header, and its lines one at a time, as often as wished.

Columns are best named by `mapping.fitted(mapping, table.header)`, before `Values` reads line after line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ledger.sheets.csv_file import CsvFile
from ledger.sheets.mapping import SheetPlace
from ledger.sheets.recognising import is_workbook
from ledger.sheets.rows import Cell, FileUnreadable, Line, Problem, RawRows, Unreadable
from ledger.sheets.table_lines import TableLines
from ledger.sheets.workbook import open_sheet

__all__ = ["Cell", "FileUnreadable", "Line", "Problem", "Table", "Unreadable", "open_table"]


class Table(Protocol):
    """One table of a file. Its promises are kept line by line: what was given out is right, whatever follows."""

    @property
    def header(self) -> Sequence[str]:
        """The names of the columns, in their order; empty for one without."""

    @property
    def size_bytes(self) -> int:
        """Of what is read: the file, or the sheet unpacked."""

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""

    def lines(self) -> Iterator[Line | Problem]:
        """From the first after the header; a Problem: this line cannot be read as a row. Raises FileUnreadable."""

    def notes(self) -> Sequence[str]:
        """What of the lines read so far was skipped or is worth knowing: few sentences, however long the file is."""


@contextmanager
def open_table(path: Path, sheet: SheetPlace) -> Iterator[Table]:
    """The table of a file, which is known by its bytes and not by its name. Raises FileUnreadable, OSError."""
    rows: RawRows = open_sheet(path, sheet) if is_workbook(path) else CsvFile(path, sheet)
    try:
        yield TableLines(rows, sheet)
    finally:
        rows.close()
