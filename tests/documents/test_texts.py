from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import ledger.documents
from ledger.documents.texts import TEXTS, Text

PACKAGE = Path(ledger.documents.__file__).parent


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_both_languages(key: str):
    text = TEXTS[key]
    assert re.search("[A-Za-z]", text.en)
    assert not re.search("[\u0600-\u06ff]", text.en)
    assert re.search("[\u0600-\u06ff]", text.ar)
    assert placeholders(text.en) == placeholders(text.ar)


@pytest.mark.parametrize("key", TEXTS)
def test_digits_are_those_of_both_languages(key: str):
    assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", TEXTS[key].ar)


def test_every_text_is_used_and_none_is_written_elsewhere():
    code = "".join(file.read_text("utf-8") for file in PACKAGE.glob("*.py") if file.name != "texts.py")
    layout = (PACKAGE / "statement.typ").read_text("utf-8")
    named = set(re.findall(r'"([a-z_]+)"', code))
    assert not set(TEXTS) - named - {"statement", "transcript"}, "the last two are kinds of claims"
    assert not re.search("[\u0600-\u06ff]", layout)


def test_what_is_put_in_is_isolated():
    assert Text("on {day}", "في {day}").said("ar", day="2026-01-01") == "في \u20682026-01-01\u2069"


def test_a_missing_value_is_no_empty_place():
    with pytest.raises(KeyError):
        TEXTS["period_between"].said("ar", first="2026-01-01")


def test_items_of_a_list_are_isolated_one_by_one():
    assert Text("Only", "فقط").listed("ar", ["أ", "B"]) == "فقط \u2068أ\u2069، \u2068B\u2069"
