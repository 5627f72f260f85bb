"""Rows of a partner's CSV file, one at a time: bounded, decoded by one rule, and never repaired by a guess."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

ROW_BYTES_MAX: Final = 100_000
"""Below the csv module's own limit of 131,072 characters a cell, so that ours is the one that is told."""
COLUMNS_MAX: Final = 500
UTF_8: Final = "utf-8"
_BOM: Final = b"\xef\xbb\xbf"


class FeedUnreadable(Exception):
    """The file cannot be read from this line on; what follows it cannot be trusted."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row by column, without blanks around them; the line it begins at."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that has another number of cells than the header."""

    line: int
    what: str


class FeedFile:
    """A CSV file opened for reading its rows, as often as wished. Raises FeedUnreadable, OSError when it is opened."""

    def __init__(self, path: Path, encoding: str = UTF_8, delimiter: str = ",") -> None:
        self._file: BinaryIO = path.open("rb")
        self.delimiter = delimiter
        try:
            self.encoding = _encoding_of(self._file, encoding)
            self.header = next(self._reading())[1]
        except BaseException:
            self._file.close()
            raise
        self._lines: _Lines | None = None

    def __enter__(self) -> FeedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""
        return 0 if self._lines is None else self._lines.bytes_read

    @property
    def size_bytes(self) -> int:
        """Of the whole file."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def written_at(self) -> datetime:
        """When the file was last written, in whole seconds."""
        return datetime.fromtimestamp(int(os.fstat(self._file.fileno()).st_mtime), UTC)

    def rows(self) -> Iterator[Row | BrokenRow]:
        """The rows after the header, from the beginning. Raises FeedUnreadable."""
        reading = self._reading()
        next(reading)
        width = len(self.header)
        for line, cells in reading:
            if len(cells) < width or any(cells[width:]):
                yield BrokenRow(line, f"{len(cells)} cells where the header has {width} columns")
            else:
                yield Row(line, dict(zip(self.header, cells, strict=False)))

    def _reading(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The header and the rows, each with the line it begins at; blank ones are left out."""
        self._file.seek(0)
        lines = self._lines = _Lines(self._file, self.encoding)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        header_is_due = True
        while True:
            line = lines.line + 1
            lines.row_bytes = 0
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                raise FeedUnreadable(line, f"{error}: a quotation mark is missing or stands inside a cell") from error
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                yield line, _checked_header(line, stripped) if header_is_due else stripped
                header_is_due = False
        if header_is_due:
            raise FeedUnreadable(1, "the file has no header: its first line names the columns")


class _Lines:
    """Lines of a file as text: counted, bounded, without NUL."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self.line = 0
        self.bytes_read = 0
        self.row_bytes = 0
        """Of the row under way: whoever reads rows sets it back."""
        self._file = file
        self._encoding = encoding

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(ROW_BYTES_MAX + 1)
        if not raw:
            raise StopIteration
        self.line += 1
        self.bytes_read += len(raw)
        self.row_bytes += len(raw)
        if self.row_bytes > ROW_BYTES_MAX:
            raise FeedUnreadable(
                self.line, f"a row is longer than {ROW_BYTES_MAX:,} bytes: is a quotation mark never closed?"
            )
        if b"\0" in raw:
            raise FeedUnreadable(self.line, "a NUL byte: this is no text in UTF-8; save the file as CSV in UTF-8")
        try:
            return (raw.removeprefix(_BOM) if self.line == 1 else raw).decode(self._encoding)
        except UnicodeDecodeError as error:
            raise FeedUnreadable(self.line, f"bytes that are no {self._encoding}: {error.reason}") from error


def _encoding_of(file: BinaryIO, otherwise: str) -> str:
    """UTF-8 if the whole file is, else what the mapping says. Raises FeedUnreadable where that is UTF-8, too."""
    file.seek(0)
    line = 0
    while raw := file.readline(ROW_BYTES_MAX + 1):
        line += 1
        try:
            raw.decode(UTF_8)
        except UnicodeDecodeError as error:
            if len(raw) > ROW_BYTES_MAX:
                return UTF_8  # cut within a character: the line is too long whatever it is, and is told as that
            if otherwise == UTF_8:
                raise FeedUnreadable(
                    line, "bytes that are no UTF-8; name the file's encoding in the mapping, such as cp1252"
                ) from error
            return otherwise
    return UTF_8


def _checked_header(line: int, cells: tuple[str, ...]) -> tuple[str, ...]:
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > COLUMNS_MAX:
        raise FeedUnreadable(line, f"{len(names)} columns: at most {COLUMNS_MAX} are read")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FeedUnreadable(line, f"the header names {', '.join(map(repr, twice))} twice")
    return tuple(names)
