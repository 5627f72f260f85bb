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
ROOM_EMS: Final = 14.0
"""How wide the narrowest column is, in ems. A longer word may be broken, or it would run over the column beside it."""
MARKS_MAX: Final = 4
"""On one letter: more of them would climb over the lines above."""

SHOWN: Final = (
    (0x0020, 0x007E), (0x00A1, 0x00AC), (0x00AE, 0x034E), (0x0350, 0x036F), (0x0388, 0x038A), (0x038C, 0x038C),
    (0x038E, 0x03A1), (0x03A3, 0x03CE), (0x0400, 0x0477), (0x048C, 0x04C4), (0x04D0, 0x04F9), (0x060C, 0x061B),
    (0x061E, 0x06DC), (0x06DE, 0x06FF), (0x0750, 0x077F), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x203F),
    (0x20A0, 0x20B5), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212), (0x25A1, 0x25A1),
)  # fmt: skip
"""Latin, Greek, Cyrillic and Arabic: the first and last code point of what the fonts have (a test asks them)."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""They shape Arabic and Persian words."""
_NARROW: Final = frozenset("abcdefghijklnopqrstuvxyz0123456789.,:;-/|!'()[] ")
_WIDE: Final = frozenset("MW@%")
_BREAK: Final = "\u200b"
_LETTER: Final = r"[^\W\d_]"
_WORD: Final = re.compile(rf"(?:[^\s/-]|(?<!{_LETTER})[/-]|[/-](?!{_LETTER}))+")
"""Between letters, lines break behind a stroke or a hyphen by themselves, elsewhere not always (UAX #14)."""
_PRESENTED: Final = re.compile("[\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfc\ufe70-\ufefc]")
"""Arabic letters in one of their shapes, and words in one sign: as letters they are shaped by their neighbours."""
_MARK: Final = "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
_MANY_MARKS: Final = re.compile(f"({_MARK}{{{MARKS_MAX}}}){_MARK}+")
_TABLE: Final = frozenset(chr(code) for first, last in SHOWN for code in range(first, last + 1)) | _JOINERS


def printable(text: str, room_ems: float = ROOM_EMS) -> str:
    """The text as it is printed where a line has so much room."""
    kept = "".join(map(_shown, unicodedata.normalize("NFC", text)))
    one_line = " ".join(_MANY_MARKS.sub(r"\1", kept).split())
    return _WORD.sub(lambda found: _breakable(found.group(), room_ems), one_line)


def _breakable(word: str, room_ems: float) -> str:
    made, filled_ems = list[str](), 0.0
    for character in word:
        wide = _ems(character)
        if filled_ems + wide > room_ems:
            made.append(_BREAK)
            filled_ems = 0.0
        made.append(character)
        filled_ems += wide
    return "".join(made)


def _ems(character: str) -> float:
    """How wide a character is at most, in ems."""
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.55
    if character.isascii() or unicodedata.bidirectional(character) == "AL":
        return 1.0 if character in _WIDE else 0.8
    # Some are several letters in one.
    return float(len(unicodedata.normalize("NFKC", character)))


def _shown(character: str) -> str:
    letters = unicodedata.normalize("NFKC", character) if _PRESENTED.fullmatch(character) else character
    if letters != character:  # not so of code points among them that nothing is assigned to
        return "".join(map(_shown, letters))
    if character in _TABLE:
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Zs", "Zl", "Zp"):
        return " "
    # Controls of direction would turn what stands beside the text, other formats have no picture at all.
    return "" if category in ("Cf", "Mn", "Me") else NOT_SHOWN
