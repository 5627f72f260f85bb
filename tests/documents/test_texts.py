from __future__ import annotations

import re
from pathlib import Path

import pytest

import ledger.documents
from ledger.documents.wording import listed, said
from ledger.texts.statement_document import TEXTS
from ledger.texts.text import Text

PACKAGE = Path(ledger.documents.__file__).parent


def test_every_text_is_used_and_none_is_written_elsewhere():
    code = "".join(file.read_text("utf-8") for file in PACKAGE.glob("*.py"))
    layout = (PACKAGE / "statement.typ").read_text("utf-8")
    named = set(re.findall(r'"([a-z_]+)"', code))
    assert not set(TEXTS) - named - {"statement", "transcript"}, "the last two are kinds of claims"
    assert not re.search("[\u0600-\u06ff]", layout)


def test_what_is_put_in_is_isolated():
    assert said(Text("في {day}", "on {day}"), "ar", day="2026-01-01") == "في \u20682026-01-01\u2069"


def test_a_missing_value_is_no_empty_place():
    with pytest.raises(KeyError):
        said(TEXTS["period_between"], "ar", first="2026-01-01")


def test_items_of_a_list_are_isolated_one_by_one():
    assert listed(Text("فقط", "Only"), "ar", ["أ", "B"]) == "فقط \u2068أ\u2069، \u2068B\u2069"
