"""The texts of an XLSX, which its cells name by number: kept in a temporary file, so that memory stays as it is."""

from __future__ import annotations

import os
import re
from array import array
from functools import lru_cache
from typing import IO, Final

from ledger.sheets.rows import FileUnreadable
from ledger.sheets.xml_parts import AGAIN, Attributes

TEXT_CHARACTERS_MAX: Final = 100_000
"""Of one cell; a spreadsheet program writes 32,767 at most."""
TEXTS_MAX: Final = 5_000_000
"""Where each ends is kept in memory, in 8 bytes."""
_KEPT_AT_HAND: Final = 4096
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedTexts:
    """The part `sharedStrings.xml`."""

    def __init__(self, file: IO[bytes]) -> None:
        """`file`: empty, and its own as long as it is asked."""
        self._file = file
        self._ends = array("Q")
        self._end = 0
        self._item = TextOfItem()
        self.get = lru_cache(_KEPT_AT_HAND)(self._read)
        """A text by its number. Raises FileUnreadable."""

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "si":
            self._item = TextOfItem()
        self._item.begin(name)

    def end(self, name: str) -> None:
        """An element ends."""
        self._item.end(name)
        if name == "si":
            if len(self._ends) == TEXTS_MAX:
                raise FileUnreadable(f"more than {TEXTS_MAX:,} texts", "save the sheet as CSV in UTF-8")
            written = self._item.taken().encode("utf-8", "surrogatepass")
            self._file.write(written)
            self._end += len(written)
            self._ends.append(self._end)

    def text(self, text: str) -> None:
        """Text, in pieces."""
        self._item.text(text)

    def done(self) -> None:
        """All are there: before the first is asked for."""
        self._file.flush()

    def _read(self, number: str) -> str:
        if not re.fullmatch(r"[0-9]{1,9}", number) or int(number) >= len(self._ends):
            raise FileUnreadable(f"the file is damaged: it has no text {number[:20]!r}", AGAIN)
        index = int(number)
        begin = self._ends[index - 1] if index else 0
        return os.pread(self._file.fileno(), self._ends[index] - begin, begin).decode("utf-8", "surrogatepass")


class TextOfItem:
    """The text of one item, plain or in runs, without the readings that stand above East Asian signs."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._characters = 0
        self._in_text = False
        self._in_reading = False

    def begin(self, name: str) -> None:
        """An element begins."""
        if name == "t":
            self._in_text = not self._in_reading
        elif name == "rPh":
            self._in_reading = True

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._in_reading = False

    def text(self, text: str) -> None:
        """A piece of it. Raises FileUnreadable for a text that no cell has."""
        if self._in_text:
            self._characters += len(text)
            if self._characters > TEXT_CHARACTERS_MAX:
                raise FileUnreadable(f"a cell has more than {TEXT_CHARACTERS_MAX:,} characters", "shorten it")
            self._parts.append(text)

    def taken(self) -> str:
        """All of it."""
        return unescaped("".join(self._parts))


def unescaped(text: str) -> str:
    """`_x000D_` and the like, by which XLSX writes what XML cannot."""
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    # Two escapes may be the halves of one sign; a half alone is no text that anybody could store.
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
