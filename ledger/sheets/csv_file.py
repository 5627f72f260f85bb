"""A CSV file: which encoding and which delimiter it has. What it cannot tell, its mapping says, or nobody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ledger.sheets.delimited import UTF_8, UTF_16, DelimitedRows, NotUtf8, not_utf_8
from ledger.sheets.mapping import SheetPlace
from ledger.sheets.rows import FileUnreadable, RawRow
from ledger.sheets.words import shown

_BOMS_16: Final = (b"\xff\xfe", b"\xfe\xff")
_SEP: Final = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([,;\t|])"?\r?\n?', re.IGNORECASE)
_CANDIDATES: Final = ("cp1256", "cp1252")
_WORD: Final = re.compile(r"[\w’']*[^\W\d_a-zA-Z][\w’']*")


class CsvFile:
    """Rows of text. Raises FileUnreadable, OSError when it is opened."""

    rows_are_whole: Final = True
    epoch_1904: Final = False

    def __init__(self, path: Path, place: SheetPlace) -> None:
        self._file: BinaryIO = path.open("rb")
        try:
            self._encoding = _encoding_of(self._file, place.encoding)
            declared = _declared_delimiter(self._file, self._encoding)
        except BaseException:
            self._file.close()
            raise
        self.declares_its_delimiter = bool(declared)
        self._skipped_line = 1 if declared else 0
        self._reading = DelimitedRows(self._file, self._encoding, place.delimiter or declared or ",")

    @property
    def size_bytes(self) -> int:
        """Of the whole file."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def bytes_read(self) -> int:
        """How far the reading under way has come."""
        return self._reading.bytes_read

    def raw_rows(self) -> Iterator[RawRow]:
        """Each row that is not blank. Raises FileUnreadable."""
        for number, cells in self._reading:
            if number != self._skipped_line:
                yield RawRow(number, cells)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _encoding_of(file: BinaryIO, otherwise: str) -> str:
    """By its byte order mark, else UTF-8 if the whole file is, else what the mapping says. Raises FileUnreadable."""
    file.seek(0)
    if file.read(2) in _BOMS_16:
        return UTF_16
    wrong = not_utf_8(file)
    if wrong is None:
        return UTF_8
    if otherwise == UTF_8:
        raise FileUnreadable("bytes that are no UTF-8", _how_it_would_read(wrong), wrong.line)
    return otherwise


def readings_of(path: Path) -> dict[str, str]:
    """A word of the file by each encoding that it may have; empty where it is UTF-8 or UTF-16. Raises OSError."""
    with path.open("rb") as file:
        if file.read(2) in _BOMS_16:
            return {}
        wrong = not_utf_8(file)
    return {} if wrong is None else _readings(wrong)


def _readings(wrong: NotUtf8) -> dict[str, str]:
    readings = {}
    for encoding in _CANDIDATES:
        # The bytes begin somewhere in a line, and end somewhere: a word at either end may be cut, the longest is not.
        words = _WORD.findall(wrong.around.decode(encoding, "replace").replace("\ufffd", " "))
        if words:
            readings[encoding] = max(words, key=len)
    return readings


def _how_it_would_read(wrong: NotUtf8) -> str:
    readings = [f"by {encoding} it says {shown(word)}" for encoding, word in _readings(wrong).items()]
    told = f" ({', '.join(readings)})" if readings else ""
    return f"save it as CSV in UTF-8, or name in sheet.encoding what it is{told}"


def _declared_delimiter(file: BinaryIO, encoding: str) -> str:
    """What Excel's own line `sep=;` says; empty if the file does not begin with one."""
    file.seek(0)
    line = file.readline(100)
    if encoding == UTF_16:
        line = line.decode(UTF_16, "ignore").encode()
    found = _SEP.match(line)
    return found[1].decode() if found else ""
