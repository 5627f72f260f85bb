"""A report as a workbook (ISO/IEC 29500): a sheet a table, figures as numbers, every text as a text."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import groupby

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from ledger.impact.flat import Figure, figures
from ledger.saving.xlsx_file import TEXT_OPTIONS, write_cell
from volunteer_hours.v1 import impact_service_pb2 as pb


def xlsx_of(report: pb.ImpactReport) -> bytes:
    """Sheets in the order of the report, each with the columns key, measure, value, unit."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, **TEXT_OPTIONS}) as workbook:
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
        write_cell(sheet, line, column, cell)


def _made(report: pb.ImpactReport) -> datetime:
    return datetime.fromisoformat(report.period.end_date).replace(tzinfo=UTC)
