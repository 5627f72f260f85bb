"""Texts of people made fit for paper: one line, no character that turns the text around it, none that has no picture.

Nothing is ever read as markup, whatever it says: texts reach the layout as data. What is done here is for the reader's
eye alone; the attached credential keeps every text as it was signed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NOT_SHOWN: Final = "□"
"""Stands for a character that the fonts of the document do not have."""
WORD_CHARACTERS_MAX: Final = 22
"""A longer word may be broken, or it would run over the column beside it."""
MARKS_MAX: Final = 4
"""On one letter: more of them would climb over the lines above."""

SHOWN: Final = (
    (0x0020, 0x007E), (0x00A1, 0x00AC), (0x00AE, 0x034E), (0x0350, 0x036F), (0x0388, 0x038A), (0x038C, 0x038C),
    (0x038E, 0x03A1), (0x03A3, 0x03CE), (0x0400, 0x0477), (0x048C, 0x04C4), (0x04D0, 0x04F9), (0x060C, 0x061B),
    (0x061E, 0x06DC), (0x06DE, 0x06FF), (0x0750, 0x077F), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x203F),
    (0x20A0, 0x20B5), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212), (0x25A1, 0x25A1),
    (0xFB50, 0xFBC1), (0xFBD3, 0xFD3D), (0xFDF2, 0xFDFC), (0xFE70, 0xFE74), (0xFE76, 0xFEFC),
)  # fmt: skip
"""Latin, Greek, Cyrillic and Arabic: the first and last code point of what the fonts have (a test asks them)."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""They shape Arabic and Persian words."""
_BREAK: Final = "\u200b"
_WORD: Final = re.compile(r"[^\s/-]+")
"""Lines break behind a stroke or a hyphen by themselves (UAX #14)."""
_MARK: Final = "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
_MANY_MARKS: Final = re.compile(f"({_MARK}{{{MARKS_MAX}}}){_MARK}+")
_TABLE: Final = frozenset(chr(code) for first, last in SHOWN for code in range(first, last + 1)) | _JOINERS


def printable(text: str, word_characters_max: int = WORD_CHARACTERS_MAX) -> str:
    """The text as it is printed; `word_characters_max` as its place has room."""

    def breakable(found: re.Match[str]) -> str:
        word = found.group()
        return _BREAK.join(word[at : at + word_characters_max] for at in range(0, len(word), word_characters_max))

    kept = "".join(map(_shown, unicodedata.normalize("NFC", text)))
    one_line = " ".join(_MANY_MARKS.sub(r"\1", kept).split())
    return _WORD.sub(breakable, one_line)


def _shown(character: str) -> str:
    if character in _TABLE:
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Zs", "Zl", "Zp"):
        return " "
    # Controls of direction would turn what stands beside the text, other formats have no picture at all.
    return "" if category in ("Cf", "Mn", "Me") else NOT_SHOWN
