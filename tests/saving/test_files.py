"""What is written is read again by other programs' libraries, value for value."""

from __future__ import annotations

import csv
import gc
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

import pytest
from pyarrow import parquet

from ledger.commands.connection import CommandFailed
from ledger.commands.saved_answers import Told
from ledger.commands.saved_files import Format, Wanted, write
from ledger.saving import parquet_file
from ledger.saving.cells import as_it_was, hours_text
from ledger.saving.columns import Batch, Coded, adding_hours, with_hours
from ledger.saving.csv_file import CsvFile
from ledger.saving.json_lines_file import JsonLinesFile
from ledger.saving.parquet_file import ParquetFile
from ledger.saving.whole_file import beside
from ledger.saving.xlsx_file import XlsxFile
from ledger.texts.saved_tables import HEADERS
from ledger.texts.text import Text
from tests.saving.made_tables import ABOUT, EVERYTHING, batches

ROWS, COUNT = 60, 3
COLUMNS = with_hours(EVERYTHING.columns)
HEADER = [column.name for column in COLUMNS]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def made() -> list[Batch]:
    return list(adding_hours(EVERYTHING.columns, batches(COUNT, ROWS)))


def expected() -> list[dict[str, object]]:
    """The rows as Python values."""
    rows: list[dict[str, object]] = []
    for batch in made():
        texts = {
            name: [column.values[index] for index in column.indexes] if isinstance(column, Coded) else column
            for name, column in batch.texts.items()
        }
        for number in range(batch.rows):
            row: dict[str, object] = {name: column[number] for name, column in texts.items()}
            row |= {name: column[number] for name, column in batch.numbers.items()}
            rows.append(row)
    return rows


def test_csv_is_read_again(tmp_path: Path):
    place = tmp_path / "table.csv"
    with place.open("wb") as file:
        table = CsvFile(file, COLUMNS, HEADER, bom=True)
        for batch in made():
            table.write(batch)
        table.finish(ABOUT)
    raw = place.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    read = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert len(read) == ROWS * COUNT
    for row, wanted in zip(read, expected(), strict=True):
        for name in ("coded", "plain", "unique"):
            assert as_it_was(row[name]) == wanted[name]
            assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        assert int(row["count"]) == wanted["count"]
        assert int(row["seconds"]) == wanted["seconds"]
        assert row["hours"] == hours_text(int(row["seconds"]))
        assert (date.fromisoformat(row["day"]) if row["day"] else None) == day(wanted["day"])
        assert (datetime.fromisoformat(row["moment"]) if row["moment"] else None) == moment(wanted["moment"])
        assert row["flag"] == ("true" if wanted["flag"] else "false")


def test_csv_without_a_mark_has_none():
    file = io.BytesIO()
    CsvFile(file, COLUMNS, HEADER, bom=False)
    assert file.getvalue() == (",".join(HEADER) + "\r\n").encode()


def test_json_lines_are_read_again():
    file = io.BytesIO()
    table = JsonLinesFile(file, COLUMNS)
    for batch in made():
        table.write(batch)
    lines = file.getvalue().decode().split("\n")
    assert lines.pop() == ""
    for line, wanted in zip(lines, expected(), strict=True):
        row = json.loads(line, parse_float=Decimal)
        assert list(row) == HEADER
        for name in ("coded", "plain", "unique", "count", "seconds"):
            assert row[name] == wanted[name]
        assert row["hours"] == Decimal(hours_text(row["seconds"]))
        assert (row["day"] and date.fromisoformat(row["day"])) == day(wanted["day"])
        assert (row["moment"] and datetime.fromisoformat(row["moment"])) == moment(wanted["moment"])
        assert row["flag"] is bool(wanted["flag"])


@pytest.mark.parametrize("group_rows", [parquet_file.GROUP_ROWS, 50])
def test_parquet_is_read_again_with_its_types(tmp_path: Path, group_rows: int):
    place = tmp_path / "table.parquet"
    with place.open("wb") as file:
        table = ParquetFile(file, COLUMNS, EVERYTHING.plain, group_rows)
        for batch in made():
            table.write(batch)
        table.finish(ABOUT)
    read = parquet.read_table(place)
    kinds = {name: str(read.schema.field(name).type) for name in read.schema.names}
    assert kinds == {
        "coded": "dictionary<values=string, indices=int32, ordered=0>",
        "plain": "dictionary<values=string, indices=int32, ordered=0>",
        "unique": "string",
        "count": "int64",
        "seconds": "int64",
        "hours": "decimal128(18, 9)",
        "day": "date32[day]",
        "moment": "timestamp[us, tz=UTC]",
        "flag": "bool",
    }
    for row, wanted in zip(read.to_pylist(), expected(), strict=True):
        for name in ("coded", "plain", "unique", "count", "seconds"):
            assert row[name] == wanted[name]
        assert row["hours"] == Decimal(hours_text(row["seconds"]))
        assert row["day"] == day(wanted["day"])
        assert row["moment"] == moment(wanted["moment"])
        assert row["flag"] is bool(wanted["flag"])
    told = json.loads(parquet.ParquetFile(place).metadata.metadata[parquet_file.KEY.encode()])
    assert told["positions"] == [{"partition": 0, "position": 12}, {"partition": 1, "position": 9}]
    assert told["question"] == {"of": "organizations/green-hands"}
    assert told["recorded_through"] == "2026-11-23T05:00:00Z"


@pytest.mark.parametrize("format_", Format)
def test_a_table_that_breaks_off_leaves_nothing(tmp_path: Path, format_: Format):
    def breaking_off() -> Iterator[Batch]:
        yield from batches(COUNT, ROWS)
        raise CommandFailed("the service is gone")

    wanted = Wanted(tmp_path / "table", format_, EVERYTHING, {}, arabic=False, hours=False, bom=True)
    with mock.patch.dict(HEADERS, {name: Text(name, name) for name in HEADER}), pytest.raises(CommandFailed):
        write(wanted, Told(ABOUT.basis, breaking_off()))
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_a_workbook_holds_texts_and_numbers_and_no_formula(tmp_path: Path):
    place = tmp_path / "table.xlsx"
    table = XlsxFile(place, "everything", COLUMNS, HEADER, rows_max=100)
    for batch in made():
        table.write(batch)
    table.finish(ABOUT)
    assert table.sheets == 2
    with zipfile.ZipFile(place) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        sheets = [cells(book.read(name)) for name in sorted(names)]
        assert b"Everything" not in book.read("xl/workbook.xml")
        assert b"volunteer_hours.saved" in book.read("docProps/custom.xml")
    assert [len(sheet) for sheet in sheets] == [101, 81]
    rows = [*sheets[0][1:], *sheets[1][1:]]
    for sheet in sheets:
        assert [cell for _, cell in sheet[0]] == HEADER
    for row, wanted in zip(rows, expected(), strict=True):
        read = dict(row)
        for name in ("coded", "plain", "unique"):
            assert read.get(column_of(name), "") == wanted[name]
        assert read[column_of("count")] == wanted["count"]
        assert read[column_of("seconds")] == wanted["seconds"]
        seconds = wanted["seconds"]
        assert isinstance(seconds, int)
        assert read[column_of("hours")] == pytest.approx(seconds / 3600)


def column_of(name: str) -> str:
    return "ABCDEFGHI"[HEADER.index(name)]


def cells(sheet: bytes) -> list[list[tuple[str, object]]]:
    """Of a sheet's XML: the letter and value of each cell that is not empty."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    root = ElementTree.fromstring(sheet)
    assert not list(root.iter(f"{space}f"))
    rows: list[list[tuple[str, object]]] = []
    for row in root.iter(f"{space}row"):
        told: list[tuple[str, object]] = []
        for cell in row.iter(f"{space}c"):
            letter = "".join(sign for sign in cell.get("r", "") if sign.isalpha())
            if cell.get("t") == "inlineStr":
                told.append((letter, unescaped("".join(text.text or "" for text in cell.iter(f"{space}t")))))
            else:
                value = cell.find(f"{space}v")
                assert value is not None
                told.append((letter, float(value.text or "")))
        rows.append(told)
    return rows


def unescaped(text: str) -> str:
    """Signs that XML does not hold stand as _xHHHH_. Rule: ISO/IEC 29500-1, 22.9.2.19."""
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def day(days: object) -> date | None:
    return None if not isinstance(days, int) else (EPOCH + timedelta(days=days)).date()


def moment(microseconds: object) -> datetime | None:
    return None if not isinstance(microseconds, int) else EPOCH + timedelta(microseconds=microseconds)


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path):
    place = tmp_path / "table.csv"
    place.write_text("old")

    def broken() -> None:
        with beside(place) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert place.read_text() == "old"
    with beside(place) as part:
        part.write_text("whole")
        assert place.read_text() == "old"
    assert place.read_text() == "whole"
    assert [each.name for each in tmp_path.iterdir()] == ["table.csv"]
