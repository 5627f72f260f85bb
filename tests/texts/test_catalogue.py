"""Every text for people is there in Arabic and in English, with the same values, and none stands elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import Final

import pytest

import ledger
from ledger.texts.catalogue import CATALOGUE
from ledger.texts.text import Text

LEDGER: Final = Path(ledger.__file__).parent
ARABIC: Final = re.compile("[\u0621-\u064a]")
LATIN: Final = re.compile("[A-Za-z]")
OTHER_DIGITS: Final = re.compile("[\u0660-\u0669\u06f0-\u06f9]")
EVERY: Final = [(part, key, text) for part, texts in CATALOGUE.items() for key, text in texts.items()]
NAMES_OF_THE_OTHER: Final = (("pages for people", "language_name"), ("impact report", "other_language"))
"""The one text that an English page says in Arabic letters, and an Arabic one in Latin."""
JOINED_BY_A_WORD: Final = ("both_calendars", "moment")
ELSEWHERE: Final = {
    "domain/refusals.py": "refusals, which the catalogue gathers from there",
    "texts": "the catalogue",
    # What is known of the language, and told to nobody as it stands.
    "documents/dates.py": "how a date is written",
    "documents/hours_in_words.py": "how a number and its noun agree",
    "search": "words that people search by",
    "feeds/guessing.py": "headings of columns in others' files",
    "sheets/header_words.py": "headings of columns in others' files",
    "sheets/totals.py": "words before a total in others' files",
    "sheets/dates.py": "names of months in others' files",
    "generator": "names of synthetic people and opportunities",
}


def values(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def words(text: str) -> str:
    return re.sub(r"\{\w+\}", "", text)


@pytest.mark.parametrize("part", CATALOGUE)
def test_every_text_is_there_in_both_languages(part):
    assert CATALOGUE[part]
    for key, text in CATALOGUE[part].items():
        assert text.ar.strip(), key
        assert text.en.strip(), key
        if (part, key) in NAMES_OF_THE_OTHER:
            continue
        assert not ARABIC.search(text.en), key
        # One that only arranges values has no words, in either language but for the two that join in Arabic by a word.
        speaks = bool(ARABIC.search(words(text.ar)))
        assert speaks == bool(LATIN.search(words(text.en))) or key in JOINED_BY_A_WORD, key
        assert speaks or not LATIN.search(words(text.ar)), key


@pytest.mark.parametrize("part", CATALOGUE)
def test_both_languages_put_in_the_same_values(part):
    for key, text in CATALOGUE[part].items():
        arabic, english = values(text.ar), values(text.en)
        # Arabic says none, one and two of something without the number.
        if re.search("_(none|zero|one|two)$", key) and arabic == []:
            continue
        assert arabic == english, f"{part}: {key}"


def test_digits_are_latin_in_both_languages():
    assert [(part, key) for part, key, text in EVERY if OTHER_DIGITS.search(text.ar + text.en)] == []


def test_a_text_that_is_missing_in_a_language_would_be_seen(monkeypatch):
    monkeypatch.setitem(CATALOGUE, "errors", {"internal": Text("", "The ledger failed inside.")})
    with pytest.raises(AssertionError):
        test_every_text_is_there_in_both_languages("errors")
    monkeypatch.setitem(CATALOGUE, "errors", {"internal": Text("حدث خطأ {incident}", "It failed.")})
    with pytest.raises(AssertionError):
        test_both_languages_put_in_the_same_values("errors")


def test_no_text_in_arabic_stands_anywhere_else():
    known = tuple(ELSEWHERE)
    found = set()
    for path in LEDGER.rglob("*"):
        if path.suffix in (".py", ".html", ".js", ".css", ".typ", ".sql", ".toml"):
            name = path.relative_to(LEDGER).as_posix()
            if ARABIC.search(path.read_text("utf-8")):
                found.add(next((one for one in known if name == one or name.startswith(f"{one}/")), name))
    assert found == set(known)
