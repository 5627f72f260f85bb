"""A long file takes no more memory than a short one: rows are read and forgotten, texts lie in a temporary file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from tests.sheets.reading import mapping

PROJECT = Path(__file__).parents[2]
GROWTH_KIB_MAX = 12 * 1024
"""Kept in memory, the two texts of each row that differ would already be more at 200,000 rows."""
FULL = pytest.param(200_000, marks=[pytest.mark.proof, pytest.mark.timeout(900)])
PROGRAM = r"""
import re, sys
from pathlib import Path
from ledger.sheets.mapping import fitted, parse_mapping
from ledger.sheets.table import Line, open_table
from ledger.sheets.values import Values

by, rows = parse_mapping(Path(sys.argv[2]).read_text("utf-8")), 0
with open_table(Path(sys.argv[1]), by.sheet) as table:
    by = fitted(by, table.header)
    for line in table.lines():
        values = Values(line, by)
        named = values.text("id", 100) and values.text("volunteer", 100)
        read = named and values.day("date") and values.seconds("duration")
        rows += bool(read) and not values.problems
# Not ru_maxrss: that one begins with what the process had before it became this program.
print(rows, re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""
HEADER = ("id", "volunteer", "date", "duration")


def written_row(number: int) -> tuple[str, str, str, str]:
    return f"synthetic-{number}", f"volunteers/متطوع-{number * 7}", "01/03/2026", f"{number % 8 + 1}:30"


def csv_of(folder: Path, rows: int) -> Path:
    file = folder / f"{rows}.csv"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(",".join(cells) + "\n" for cells in (HEADER, *map(written_row, range(rows))))
    return file


def xlsx_of(folder: Path, rows: int) -> Path:
    """Without XlsxWriter's constant memory: then all texts are shared ones, as spreadsheet programs have them."""
    file = folder / f"{rows}.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate((HEADER, *map(written_row, range(rows)))):
            sheet.write_row(number, 0, cells)
    return file


def peak_kib(folder: Path, file: Path, rows: int) -> int:
    """Of a process that reads so many rows."""
    by = folder / "mapping.toml"
    by.write_text(mapping('date = "date"\nduration = "duration"\n', dates='formats = ["%d/%m/%Y"]'), "utf-8")
    command = [sys.executable, "-c", PROGRAM, str(file), str(by)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    read, kib = map(int, done.stdout.split())
    assert read == rows
    return kib


@pytest.mark.parametrize("rows", [40_000, FULL])
@pytest.mark.parametrize("make", [csv_of, xlsx_of], ids=["csv", "xlsx"])
def test_memory_does_not_grow_with_the_file(make, rows, tmp_path):
    small, large = (peak_kib(tmp_path, make(tmp_path, count), count) for count in (2_000, rows))
    print(f"peak of 2,000 rows: {small:,} KiB; of {rows:,} rows: {large:,} KiB")
    assert large - small < GROWTH_KIB_MAX, (small, large)
