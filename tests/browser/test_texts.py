"""The catalogue has a text for everything that the script and the templates of the check page say, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from ledger.texts.check_page import TEXTS
from ledger.web.check.page_files import FOLDER

PLURALS: Final = ("zero", "one", "two", "few", "many", "other")
VERIFIER: Final = [path for path in sorted(FOLDER.glob("*.js")) if path.name != "wording.js"]


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
