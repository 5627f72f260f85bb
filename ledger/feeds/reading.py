"""Rows of a partner's CSV file, one at a time: bounded, decoded by one rule, and never repaired by a guess."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from ledger.sheets.delimited import UTF_8, DelimitedRows, not_utf_8
from ledger.sheets.rows import FileUnreadable, header_names

FeedUnreadable = FileUnreadable


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
            self.header = self._header()
        except BaseException:
            self._file.close()
            raise
        self._reading: DelimitedRows | None = None

    def __enter__(self) -> FeedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""
        return 0 if self._reading is None else self._reading.bytes_read

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
        self._reading = DelimitedRows(self._file, self.encoding, self.delimiter)
        reading = iter(self._reading)
        next(reading)
        width = len(self.header)
        for line, cells in reading:
            if len(cells) < width or any(cells[width:]):
                yield BrokenRow(line, f"{len(cells)} cells where the header has {width} columns")
            else:
                yield Row(line, dict(zip(self.header, cells, strict=False)))

    def _header(self) -> tuple[str, ...]:
        for line, cells in DelimitedRows(self._file, self.encoding, self.delimiter):
            return header_names(line, cells)
        raise FeedUnreadable("the file has no header", "its first line names the columns", 1)


def _encoding_of(file: BinaryIO, otherwise: str) -> str:
    """UTF-8 if the whole file is, else what the mapping says. Raises FeedUnreadable where that is UTF-8, too."""
    wrong = not_utf_8(file)
    if wrong is None:
        return UTF_8
    if otherwise == UTF_8:
        raise FeedUnreadable(
            "bytes that are no UTF-8", "name the file's encoding in the mapping, such as cp1252", wrong.line
        )
    return otherwise
