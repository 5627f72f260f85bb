"""The catalogue: every text in both languages, and one for everything that the script and the templates say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from ledger.web.check.page_files import FOLDER
from ledger.web.check.texts import TEXTS

ARABIC: Final = re.compile("[\u0600-\u06ff]")
LATIN: Final = re.compile("[A-Za-z]")
OTHER_DIGITS: Final = re.compile("[\u0660-\u0669\u06f0-\u06f9]")
WITHOUT_WORDS: Final = ("state_unreadable_text", "between", "both_calendars")
PLURALS: Final = ("zero", "one", "two", "few", "many", "other")
VERIFIER: Final = [path for path in sorted(FOLDER.glob("*.js")) if path.name != "wording.js"]


def test_every_text_is_there_in_both_languages():
    assert len(TEXTS) > 150
    for key, (arabic, english) in TEXTS.items():
        assert arabic.strip(), key
        assert english.strip(), key
        if key not in WITHOUT_WORDS:
            assert ARABIC.search(arabic), key
            assert LATIN.search(re.sub(r"\{\w+\}", "", english)), key
            assert not ARABIC.search(english), key
        assert not OTHER_DIGITS.search(arabic + english), f"{key}: digits are Latin in both"


def test_every_text_has_the_same_values_in_both_languages():
    """But for one and two of something, which Arabic says without the number."""
    for key in (key for key in TEXTS if not re.search("_(one|two)$", key)):
        arabic, english = (sorted(re.findall(r"\{(\w+)\}", text)) for text in TEXTS[key])
        assert arabic == english, key


@pytest.mark.parametrize("unit", ["hours", "minutes", "seconds"])
def test_every_number_has_its_plural(unit):
    assert all(f"{unit}_{category}" in TEXTS for category in PLURALS)


def codes(*calls: str) -> Iterator[str]:
    """Codes of reasons in the script, by the calls that give them."""
    for path in VERIFIER:
        source = path.read_text("utf-8")
        for call in calls:
            yield from re.findall(rf'{call}\("([a-z_0-9]+)"', source)
        # The condition that is needed stands before its code, perhaps on several lines.
        yield from re.findall(r'\bneed\([^;]*?,\s*"([a-z_0-9]+)"(?:,[^;]*)?\);', source, re.DOTALL)


def test_every_reason_of_the_script_has_a_text():
    found = set(codes("Failure", "NotShown"))
    assert len(found) > 40
    assert {code for code in found if f"why_{code}" not in TEXTS} == set()


def test_every_text_that_the_script_asks_for_is_there():
    asked = set()
    for path in FOLDER.glob("*.js"):
        asked |= set(re.findall(r'(?:text|sentence|big)\("([a-z_]+)"', path.read_text("utf-8")))
    for path in (FOLDER / "templates").iterdir():
        asked |= set(re.findall(r"(?:texts\.|sentence\(')([a-z_]+)", path.read_text("utf-8")))
    assert asked
    assert asked - set(TEXTS) == set()


def test_no_text_is_left_over():
    sources = "".join(path.read_text("utf-8") for path in FOLDER.rglob("*") if path.suffix in (".js", ".html"))
    begun = ("state_", "step_", "holds_", "outcome_", "why_", "hours_", "minutes_", "seconds_")
    unused = [key for key in TEXTS if not key.startswith(begun) and not re.search(rf"\b{key}\b", sources)]
    assert unused == ["type_description", "language_name"], "which the pages put in by themselves"
