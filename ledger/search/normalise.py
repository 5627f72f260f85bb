"""One form for what people write in many: marks, hamzas, digits and letter case say nothing about what is sought.

docs/finding.md, "How words meet", lists the rules; both texts and questions pass through here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WORD_LETTERS_MAX: Final = 40

_FOLDED: Final = str.maketrans(
    {
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ے": "ي",
        "ة": "ه",
        "ۃ": "ه",
        "ہ": "ه",
        "ھ": "ه",
        "ک": "ك",
        "ـ": None,
        **{chr(zero + digit): str(digit) for zero in (0x660, 0x6F0) for digit in range(10)},
    }
)
_WORD: Final = re.compile(r"[\u0600-\u06ff]+|[^\W\u0600-\u06ff_]+")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_NOT_LETTERS: Final = re.compile(r"[\u0600-\u061f\u066a-\u066d\u06d4]")
_POSSESSIVE: Final = re.compile(r"[’']s\b")
_HAMZA_AT_END_LETTERS_MIN: Final = 4


def normalised(text: str) -> str:
    """The text without marks, in lower case, with one letter for each family of letters."""
    taken_apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    # Decomposed, hamza above and below are marks (Mn) like harakat; Cf are marks of direction and joiners.
    bare = "".join(sign for sign in taken_apart if unicodedata.category(sign) not in ("Mn", "Cf"))
    return bare.translate(_FOLDED)


def words_of(text: str, words_max: int) -> list[str]:
    """The first words of a text, normalised, each of letters and digits of one script."""
    plain = _NOT_LETTERS.sub(" ", _POSSESSIVE.sub("", normalised(text)))
    words: list[str] = []
    for found in _WORD.finditer(plain):
        word = found[0][:WORD_LETTERS_MAX]
        if word.endswith("ء") and len(word) >= _HAMZA_AT_END_LETTERS_MIN:
            word = word[:-1]
        words.append(word)
        if len(words) == words_max:
            break
    return words


def is_arabic(word: str) -> bool:
    """Whether a word is written in Arabic letters."""
    return _ARABIC.match(word) is not None
