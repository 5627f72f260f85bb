"""What a number of XLSX means by the format of its cell: a number, a date, a time of day, or a duration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from ledger.sheets.xml_parts import Attributes

STYLES_MAX: Final = 65_536


class Meaning(Enum):
    """Of a number."""

    NUMBER = "number"
    DATE = "date"
    DATE_TIME = "date and time"
    TIME = "time"
    DURATION = "duration"


_BUILT_IN: Final[Mapping[int, Meaning]] = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)), Meaning.DATE),
    22: Meaning.DATE_TIME,
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47), Meaning.TIME),
    46: Meaning.DURATION,
}
"""ECMA-376 part 1, 18.8.30: formats that a file names without writing them; 27 to 58 by East Asian conventions."""
_ELAPSED: Final = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_NO_LETTERS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
"""Text in quotes, escaped and padding signs, colours, conditions and languages."""
_AM_PM: Final = re.compile(r"am/pm|a/p|General|Standard", re.IGNORECASE)


def meaning_of(code: str) -> Meaning:
    """What a format's code shows of a number: by its first section, that of positive numbers."""
    first = code[:500]
    if _ELAPSED.search(_NO_LETTERS_BUT_ELAPSED.sub("", first)):
        return Meaning.DURATION
    letters = set(_AM_PM.sub("", _NO_LETTERS.sub("", first).partition(";")[0]).lower())
    clock = bool(letters & set("hs"))
    if letters & set("yd") or ("m" in letters and not clock):
        return Meaning.DATE_TIME if clock else Meaning.DATE
    return Meaning.TIME if clock else Meaning.NUMBER


_NO_LETTERS_BUT_ELAPSED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.')


class Styles:
    """The part `styles.xml`: what the numbers of each style mean."""

    def __init__(self) -> None:
        self._codes: dict[int, Meaning] = {}
        self._formats: list[int] = []
        self._in_cell_styles = False

    def meaning(self, style: str | None) -> Meaning:
        """Of a cell's attribute `s`; a number where the file has no such style."""
        index = int(style) if style and style.isascii() and style.isdigit() and len(style) < 7 else 0
        if index >= len(self._formats):
            return Meaning.NUMBER
        number = self._formats[index]
        return self._codes.get(number) or _BUILT_IN.get(number, Meaning.NUMBER)

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if name == "numFmt" and len(self._codes) < STYLES_MAX:
            self._codes[_number(attributes.get("numFmtId"))] = meaning_of(attributes.get("formatCode") or "")
        elif name == "cellXfs":
            self._in_cell_styles = True
        elif name == "xf" and self._in_cell_styles and len(self._formats) < STYLES_MAX:
            self._formats.append(_number(attributes.get("numFmtId")))

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "cellXfs":
            self._in_cell_styles = False

    def text(self, text: str) -> None:
        """There is none."""


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else 0
