"""Rows of a CSV file, one at a time: bounded, decoded by one rule, and never repaired by a guess."""

from __future__ import annotations

import csv
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO, Final

from ledger.sheets.rows import FileUnreadable
from ledger.sheets.words import stripped

ROW_BYTES_MAX: Final = 100_000
"""Below the csv module's own limit of 131,072 characters a cell, so that ours is the one that is told."""
UTF_8: Final = "utf-8"
UTF_16: Final = "utf-16"
_BOM: Final = "\ufeff"
_CHUNK_BYTES: Final = 1 << 20
_AROUND_BYTES: Final = 80
_NOT_DECODED: Final = re.compile("[\udc80-\udcff]")
"""A byte that its encoding does not have, as Python hands it on."""


class DelimitedRows:
    """One reading of a file, from its beginning: the line at which each row begins, and its cells without blanks."""

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str) -> None:
        self._file = file
        self._encoding = encoding
        self._delimiter = delimiter

    @property
    def bytes_read(self) -> int:
        """How far it has come."""
        return self._file.tell()

    def __iter__(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Rows that are not blank. Raises FileUnreadable."""
        self._file.seek(0)
        # Undecodable bytes are found line by line and told with their line; UTF-16 has no such way.
        errors = "strict" if self._encoding == UTF_16 else "surrogateescape"
        text = TextIOWrapper(self._file, self._encoding, errors, newline="")
        try:
            yield from self._rows(_Lines(text, self._encoding))
        finally:
            # A wrapper that is forgotten closes the file, and it is read again.
            if not self._file.closed:
                text.detach()

    def _rows(self, lines: _Lines) -> Iterator[tuple[int, tuple[str, ...]]]:
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            line = lines.line + 1
            lines.row_bytes = 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise FileUnreadable(
                    f"{error}: a quotation mark is missing or stands inside a cell",
                    'write "" for each inside, and close every one',
                    line,
                ) from error
            row = tuple(map(stripped, cells))
            if any(row):
                yield line, row


class _Lines:
    """Lines of a file as text: counted, bounded, without NUL. They end with LF, CRLF or CR alone."""

    def __init__(self, text: TextIOWrapper, encoding: str) -> None:
        self.line = 0
        self.row_bytes = 0
        """Of the row under way: whoever reads rows sets it back."""
        self._text = text
        self._encoding = encoding

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(ROW_BYTES_MAX + 1)
        except UnicodeError as error:
            raise FileUnreadable(
                f"bytes that are no {self._encoding}: {error}", "save it again as CSV in UTF-8", self.line + 1
            ) from error
        if not line:
            raise StopIteration
        self.line += 1
        self.row_bytes += len(line) if line.isascii() else len(line.encode(UTF_8, "surrogatepass"))
        if self.row_bytes > ROW_BYTES_MAX:
            raise FileUnreadable(
                f"a row is longer than {ROW_BYTES_MAX:,} bytes", "is a quotation mark never closed?", self.line
            )
        if "\0" in line:
            raise FileUnreadable(
                "a NUL byte: this is no text in UTF-8", "save the file again as CSV in UTF-8", self.line
            )
        if not line.isascii() and _NOT_DECODED.search(line):
            raise FileUnreadable(
                f"bytes that are no {self._encoding}", "name the encoding that the file has", self.line
            )
        return line.removeprefix(_BOM) if self.line == 1 else line


@dataclass(frozen=True, slots=True)
class NotUtf8:
    """Where a file ceases to be UTF-8: the line, and some bytes around."""

    line: int
    around: bytes


def not_utf_8(file: BinaryIO) -> NotUtf8 | None:
    """The first place where the file is no UTF-8; None if the whole file is."""
    file.seek(0)
    decode = getincrementaldecoder(UTF_8)()
    line_feeds = returns = 0
    while True:
        chunk = file.read(_CHUNK_BYTES)
        try:
            decode.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            line_feeds, returns = line_feeds + before.count(b"\n"), returns + before.count(b"\r")
            around = error.object[max(0, error.start - _AROUND_BYTES) : error.start + _AROUND_BYTES]
            return NotUtf8(1 + (line_feeds or returns), around)
        if not chunk:
            return None
        line_feeds, returns = line_feeds + chunk.count(b"\n"), returns + chunk.count(b"\r")
