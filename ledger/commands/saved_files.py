"""A table on its way into a file of some format, which takes its name when it is whole."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import typer

from ledger.commands import printing
from ledger.commands.connection import CommandFailed
from ledger.commands.saved_answers import Told
from ledger.saving.columns import About, Column, adding_hours, with_hours
from ledger.saving.csv_file import CsvFile
from ledger.saving.json_lines_file import JsonLinesFile
from ledger.saving.table_file import TableFile, about_json
from ledger.saving.tables import Table
from ledger.saving.whole_file import beside
from ledger.texts.saved_tables import HEADERS

_STANDARD_OUTPUT: Final = Path("-")
_META: Final = ".meta.json"


class Format(StrEnum):
    """A file's format."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSON_LINES = "jsonl"


_SAY_NOTHING: Final = (Format.CSV, Format.JSON_LINES)
"""Files that cannot say of themselves what they rest on; but they can go to standard output."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write, and how."""

    file: Path
    format: Format
    table: Table
    question: dict[str, str]
    arabic: bool
    hours: bool
    bom: bool

    @property
    def to_standard_output(self) -> bool:
        """Whether no file is written."""
        return self.file == _STANDARD_OUTPUT

    @property
    def columns(self) -> list[Column]:
        """Those of the file."""
        return with_hours(self.table.columns) if self.hours else list(self.table.columns)

    @property
    def header(self) -> list[str]:
        """What people read at the head of each column."""
        texts = [HEADERS[column.name] for column in self.columns]
        return [text.ar if self.arabic else text.en for text in texts]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    about: About
    sheets: int = 1


def format_of(chosen: Format | None, file: Path) -> Format:
    """The format that was chosen, or the one that the file's ending says. Raises typer.BadParameter."""
    try:
        told = chosen or Format(file.suffix.removeprefix("."))
    except ValueError:
        raise typer.BadParameter(f"{file}: give --format, or an ending of {', '.join(Format)}") from None
    if file == _STANDARD_OUTPUT and told not in _SAY_NOTHING:
        raise typer.BadParameter(f"{told} needs a file: only csv and jsonl can go to standard output")
    return told


def write(wanted: Wanted, told: Told) -> Written:
    """Everything that is told, page by page. Raises CommandFailed."""
    if wanted.to_standard_output:
        return _fill(wanted, _table_file(wanted, sys.stdout.buffer), told)
    try:
        with beside(wanted.file) as part:
            written = _written_beside(wanted, part, told)
            if wanted.format in _SAY_NOTHING:
                with beside(wanted.file.with_name(wanted.file.name + _META)) as meta:
                    meta.write_text(about_json(written.about) + "\n", "utf-8")
            return written
    except OSError as error:
        raise CommandFailed(f"{wanted.file} cannot be written: {error.strerror or error}") from error


def _written_beside(wanted: Wanted, part: Path, told: Told) -> Written:
    if wanted.format is Format.XLSX:
        from ledger.saving.xlsx_file import XlsxFile  # here: every other command would wait for what writes it

        book = XlsxFile(part, wanted.table.kind, wanted.columns, wanted.header, right_to_left=wanted.arabic)
        return Written(_fill(wanted, book, told).about, book.sheets)
    with part.open("wb") as file:
        return _fill(wanted, _table_file(wanted, file), told)


def _table_file(wanted: Wanted, file: BinaryIO) -> TableFile:
    if wanted.format is Format.CSV:
        return CsvFile(file, wanted.columns, wanted.header, bom=wanted.bom)
    if wanted.format is Format.JSON_LINES:
        return JsonLinesFile(file, wanted.columns)
    try:
        from ledger.saving.parquet_file import ParquetFile
    except ModuleNotFoundError as missing:
        raise CommandFailed(f"Parquet needs {missing.name}: pip install 'volunteer-hours-ledger[parquet]'") from missing
    return ParquetFile(file, wanted.columns, wanted.table.plain)


def _fill(wanted: Wanted, file: TableFile, told: Told) -> Written:
    try:
        about = About(wanted.table.kind, wanted.question, told.basis, _rows_written(wanted, file, told))
        file.finish(about)
    except BaseException:
        file.abandon()
        raise
    return Written(about)


def _rows_written(wanted: Wanted, file: TableFile, told: Told) -> int:
    batches = adding_hours(wanted.table.columns, told.batches) if wanted.hours else told.batches
    rows = 0
    with printing.progress() as bar:
        task = bar.add_task("rows", total=None)
        for batch in batches:
            file.write(batch)
            rows += batch.rows
            bar.update(task, completed=rows)
    return rows
