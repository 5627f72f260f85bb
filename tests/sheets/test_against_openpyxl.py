"""Another author's reader of XLSX finds the same values in whatever XlsxWriter writes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sheets.mapping import SheetPlace
from ledger.sheets.words import stripped
from ledger.sheets.workbook import open_sheet

FIRST, LAST = map(datetime.fromisoformat, ("1905-01-01", "2200-01-01"))
MOMENTS = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(microsecond=0))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
CELLS = st.one_of(
    st.integers(-(10**14), 10**14),
    st.floats(-(10**9), 10**9, allow_nan=False).map(lambda number: round(number, 4)),
    st.booleans(),
    MOMENTS,
    MOMENTS.map(datetime.date),
    st.times().map(lambda clock: clock.replace(microsecond=0)),
    st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    TEXTS,
)
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "dd/mm/yyyy", time: "hh:mm:ss", timedelta: "[h]:mm:ss"}


def write(file: Path, rows: list[list[object]], epoch_1904: bool) -> None:
    options = {"date_1904": epoch_1904}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        formats = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif type(cell) in formats:
                    sheet.write_datetime(number, column, cell, formats[type(cell)])
                else:
                    sheet.write(number, column, cell)


def theirs(file: Path) -> list[list[object]]:
    sheet = openpyxl.load_workbook(file, data_only=True).worksheets[0]
    return [[one_form(cell.value) for cell in row] for row in sheet.iter_rows()]


def one_form(value: object) -> object:
    """What the two call differently: openpyxl has no dates alone, knows milliseconds, and nothing for an empty text."""
    match value:
        case None:
            return ""
        case str():
            return stripped(value)
        case bool():
            return value
        case float() if value.is_integer():
            return int(value)
        case datetime():
            return (value + timedelta(milliseconds=500)).replace(microsecond=0)
        case date():
            return datetime.combine(value, time())
        case time():
            return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        case timedelta():
            return timedelta(seconds=round(value.total_seconds()))
        case _:
            return value


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=6), st.booleans())
def test_both_read_the_same(rows, epoch_1904):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.xlsx"
        write(file, rows, epoch_1904)
        expected = theirs(file)
        found: dict[int, list[object]] = {}
        if any(cell != "" for row in expected for cell in row):
            sheet = open_sheet(file, SheetPlace(name="Sheet1"))
            found = {row.number: list(map(one_form, row.cells)) for row in sheet.raw_rows()}
            sheet.close()
    for number, row in enumerate(expected, 1):
        ours = found.get(number, [])
        assert ours + [""] * (len(row) - len(ours)) == row
