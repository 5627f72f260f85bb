"""A table as a workbook (ISO/IEC 29500): figures as numbers, every text as a text, further sheets for further rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from ledger.domain.refusals import InvariantBroken
from ledger.saving.cells import hours_text
from ledger.saving.columns import About, Batch, Column, Kind
from ledger.saving.table_file import about_json, plain_texts

ROWS_MAX: Final = 1_048_575
"""Of a sheet, below its header. Rule: Excel's specifications and limits."""
PROPERTY: Final = "volunteer_hours.saved"
TEXT_OPTIONS: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""A text stays a text."""
_DIGITS_MAX: Final = 15
"""A number of a spreadsheet is a binary64: more digits than these would be changed."""
_PROPERTY_CHARACTERS_MAX: Final = 255
_NUMBERS: Final = (Kind.WHOLE, Kind.SECONDS)


class XlsxFile:
    """Satisfies TableFile. Rows go to temporary files beside its place as they come."""

    def __init__(
        self,
        place: Path,
        title: str,
        columns: Sequence[Column],
        header: Sequence[str],
        *,
        right_to_left: bool = False,
        rows_max: int = ROWS_MAX,
    ) -> None:
        """`title` names the sheets."""
        self._rows_folder = TemporaryDirectory(dir=place.parent, prefix=f"{place.name}.")
        options = {"constant_memory": True, "tmpdir": self._rows_folder.name, **TEXT_OPTIONS}
        self._book = Workbook(str(place), options)
        self._bold = self._book.add_format({"bold": True})
        self._title = title
        self._columns = columns
        self._header = header
        self._rows_max = rows_max
        self._right_to_left = right_to_left
        self.sheets = 0
        self._sheet = self._next_sheet()
        self._line = 1

    def write(self, batch: Batch) -> None:
        """Add rows, on a further sheet where one is full."""
        cells = [_cells(batch, column) for column in self._columns]
        for row in zip(*cells, strict=True):
            if self._line > self._rows_max:
                self._sheet = self._next_sheet()
                self._line = 1
            for number, cell in enumerate(row):
                write_cell(self._sheet, self._line, number, cell)
            self._line += 1

    def finish(self, about: About) -> None:
        """Zip the sheets together."""
        told = about_json(about)
        # Excel shows no more of a property; what is longer goes on in the next one.
        for number, start in enumerate(range(0, len(told), _PROPERTY_CHARACTERS_MAX), 1):
            name = PROPERTY if number == 1 else f"{PROPERTY}.{number}"
            self._book.set_custom_property(name, told[start : start + _PROPERTY_CHARACTERS_MAX], "text")
        self._book.close()
        self._rows_folder.cleanup()

    def abandon(self) -> None:
        """Rows that wait to be zipped are removed."""
        self._rows_folder.cleanup()

    def _next_sheet(self) -> Worksheet:
        self.sheets += 1
        sheet = self._book.add_worksheet(self._title if self.sheets == 1 else f"{self._title} {self.sheets}")
        sheet.freeze_panes(1, 0)
        if self._right_to_left:
            sheet.right_to_left()
        for number, title in enumerate(self._header):
            sheet.write_string(0, number, title, self._bold)
        return sheet


def write_cell(sheet: Worksheet, line: int, number: int, cell: str | float | None) -> None:
    """Texts as texts, numbers as numbers unless a spreadsheet would change their digits. None leaves the cell empty."""
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        written = sheet.write_string(line, number, cell)
    elif isinstance(cell, int) and len(str(abs(cell))) > _DIGITS_MAX:
        written = sheet.write_string(line, number, str(cell))
    else:
        written = sheet.write_number(line, number, cell)
    if written != 0:
        raise InvariantBroken(f"a cell of a spreadsheet does not hold this: {str(cell)[:40]!r}…")


def _cells(batch: Batch, column: Column) -> Sequence[str | float | None]:
    if column.kind in _NUMBERS:
        return batch.number(column)
    if column.kind is Kind.HOURS:
        return [None if value is None else float(hours_text(value)) for value in batch.number(column)]
    return plain_texts(batch, column)
