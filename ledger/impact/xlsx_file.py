"""A report as a workbook (ISO/IEC 29500): a sheet a table, figures as numbers, every text as a text."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from ledger.impact.flat import Figure, figures
from volunteer_hours.v1 import impact_service_pb2 as pb

_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_DIGITS_MAX: Final = 15
"""A number of a spreadsheet is a binary64: more digits than these would be changed."""


def xlsx_of(report: pb.ImpactReport) -> bytes:
    """Sheets in the order of the report, each with the columns key, measure, value, unit."""
    out = io.BytesIO()
    with Workbook(out, _OPTIONS) as workbook:
        # The same report is the same file: no clock of ours stands in it.
        workbook.set_properties({"title": "Impact of volunteering", "created": _made(report)})
        bold = workbook.add_format({"bold": True})
        for name, rows in groupby(figures(report), key=lambda figure: figure.table):
            sheet = workbook.add_worksheet(name)
            sheet.set_column(0, 1, 26)
            sheet.set_column(2, 3, 22)
            for column, title in enumerate(Figure._fields[1:]):
                sheet.write_string(0, column, title, bold)
            for line, row in enumerate(rows, start=1):
                _write(sheet, line, row)
            sheet.freeze_panes(1, 0)
    return out.getvalue()


def _write(sheet: Worksheet, line: int, figure: Figure) -> None:
    for column, cell in enumerate(figure[1:]):
        if isinstance(cell, str):
            sheet.write_string(line, column, cell)
        elif cell is not None and len(str(abs(cell))) <= _DIGITS_MAX:
            sheet.write_number(line, column, cell)
        elif cell is not None:
            sheet.write_string(line, column, str(cell))


def _made(report: pb.ImpactReport) -> datetime:
    return datetime.fromisoformat(report.period.end_date).replace(tzinfo=UTC)
