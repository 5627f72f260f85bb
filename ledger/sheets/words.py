"""What of a cell's text is content: without signs that nobody sees, digits as 0 to 9, names by what they say."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from ledger.search.normalise import normalised

_SHOWN_MAX: Final = 60
_MARKS: Final = "\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Of direction and of no width."""
_BLANKS: Final = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
_AROUND: Final = _BLANKS + _MARKS
_NO_MARKS: Final = str.maketrans(dict.fromkeys(_MARKS))
_WORD: Final = re.compile(r"\w+")


class ValueWrong(Exception):
    """A cell is no value of its field: what is there, and what would be right."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"{what}; {right}")
        self.what = what
        self.right = right


def stripped(text: str) -> str:
    """A cell without blanks and direction marks around it."""
    return text.strip() if text.isascii() else text.strip(_AROUND)


def plain(text: str) -> str:
    """A number, a date or a code as one writes it with ASCII digits and single blanks; no marks inside."""
    if text.isascii():
        return " ".join(text.split())
    return ascii_digits(" ".join(text.translate(_NO_MARKS).split()))


def ascii_digits(text: str) -> str:
    """The text with Arabic-Indic, Persian and full-width digits as 0 to 9."""
    return text if text.isascii() else "".join(map(_ascii, text))


@lru_cache(4096)
def same_name(text: str) -> str:
    """One form for the spellings of a name: no hamzas, tatweel, harakat, marks, letter case, and single blanks."""
    return " ".join(normalised(text.replace("_", " ")).split())


def first_word(text: str) -> str:
    """The first word of a name, in the form of `same_name`; empty if there is none."""
    found = _WORD.search(same_name(text[:200]))
    return found[0] if found else ""


def shown(text: str) -> str:
    """A cell as a message quotes it: on one line, not too long."""
    line = " ".join(text.split())
    return f'"{line[: _SHOWN_MAX - 1]}…"' if len(line) > _SHOWN_MAX else f'"{line}"'


def column_letters(index: int) -> str:
    """How a spreadsheet calls a column, from 0: A, B, …, Z, AA."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _ascii(one: str) -> str:
    value = unicodedata.decimal(one, -1)
    return one if value < 0 else str(value)
