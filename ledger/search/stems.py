"""What is left of a word without its endings: stems, roots and dotless skeletons of normalised words.

The Arabic stems are light, after Larkey, Ballesteros and Connell (Light Stemming for Arabic Information Retrieval,
2007): some prefixes and suffixes, no patterns. PostgreSQL's own stemmer was tried: متطوع and يتطوع do not meet there,
and it knows no stop words.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Final

import snowballstemmer

from ledger.search.normalise import is_arabic

LETTERS_MIN: Final = 3
"""What a stem, root or skeleton has at least."""

_BARE_LETTERS_MIN: Final = 2
"""Behind an article: الدم, الحج."""
_JOINED: Final = ("وبال", "فبال", "وكال", "ولل", "فلل", "وال", "بال", "كال", "فال", "لل", "ال")
_PARTICLES: Final = "وفبكل"
_SUFFIXES: Final = ("هما", "كما", "ها", "هم", "هن", "كم", "نا", "وا", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_WEAK: Final = frozenset("اويء")
_LEADING: Final = frozenset("متين")
_SKELETON: Final = str.maketrans("بتثنيٮںىجخذزشضظغفقٯ", "ٮٮٮٮٮٮٮٮححدرسصطعڡڡڡ")
_SKELETON_JOINED: Final = tuple(prefix.translate(_SKELETON) for prefix in _JOINED)
_SKELETON_SUFFIXES: Final = tuple(dict.fromkeys(suffix.translate(_SKELETON) for suffix in _SUFFIXES))
_DOTLESS: Final = frozenset("ٮڡٯں")
_ENGLISH: Final = snowballstemmer.stemmer("english")
_ENGLISH_ALONE: Final = threading.Lock()
"""The stemmer keeps the word it is at."""
_REMEMBERED: Final = 65_536


@lru_cache(_REMEMBERED)
def stems_of(word: str) -> tuple[str, ...]:
    """The stem of a word; two where its first letter may be a particle or its own: برنامج and بالبرنامج."""
    if not is_arabic(word):
        with _ENGLISH_ALONE:
            return (_ENGLISH.stemWord(word),)
    bare = _without_joined(word, _JOINED)
    stem = _without_suffixes(bare, _SUFFIXES)
    if bare == word and word[0] in _PARTICLES and len(word) > LETTERS_MIN:
        return tuple(dict.fromkeys((stem, _without_suffixes(word[1:], _SUFFIXES))))
    return (stem,)


@lru_cache(_REMEMBERED)
def roots_of(word: str) -> tuple[str, ...]:
    """What the stems of an Arabic word have of a root, those of three letters and more; nothing of others."""
    if not is_arabic(word):
        return ()
    roots = (_root(stem) for stem in stems_of(word))
    return tuple(dict.fromkeys(root for root in roots if len(root) >= LETTERS_MIN))


@lru_cache(_REMEMBERED)
def skeleton_of(word: str) -> str:
    """An Arabic word's letters without dots, and without what would be prefix and suffix then; empty for others."""
    if not is_arabic(word):
        return ""
    dotless = word.translate(_SKELETON)
    return _without_suffixes(_without_joined(dotless, _SKELETON_JOINED), _SKELETON_SUFFIXES)


def is_dotless(word: str) -> bool:
    """Whether somebody wrote it with letters that have lost their dots."""
    return not _DOTLESS.isdisjoint(word)


def _without_joined(word: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        if word.startswith(prefix) and len(word) - len(prefix) >= _BARE_LETTERS_MIN:
            return word[len(prefix) :]
    return word


def _without_suffixes(word: str, suffixes: tuple[str, ...]) -> str:
    """Each suffix at most once, in their order: pronouns stand behind endings."""
    for suffix in suffixes:
        if word.endswith(suffix) and len(word) - len(suffix) >= LETTERS_MIN:
            word = word[: -len(suffix)]
    return word


def _root(stem: str) -> str:
    strong = "".join(letter for letter in stem if letter not in _WEAK)
    while len(strong) > LETTERS_MIN and strong[0] in _LEADING:
        strong = strong[1:]
    if strong.startswith("ست") and len(strong) > LETTERS_MIN + 1:
        return strong[2:]
    if len(strong) == LETTERS_MIN + 1 and strong[1] == "ت":
        return strong[0] + strong[2:]
    return strong
