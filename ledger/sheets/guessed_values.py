"""A table of words for a column of codes, each with its meaning where it is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ledger.sheets.guessed_dates import Question
from ledger.sheets.header_words import MEANINGS
from ledger.sheets.toml_file import UNKNOWN
from ledger.sheets.words import same_name

WORDS_MAX: Final = 50
"""A column with more words than these is no column of codes."""
_AS_IT_STANDS: Final[Mapping[str, re.Pattern[str]]] = {
    "gender": re.compile("female|male"),
    "status": re.compile("registered|withdrawn"),
    "country": re.compile(r"[A-Z]{2}"),
    "region": re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}"),
    "shift": re.compile(r"opportunities/.+/shifts/.+"),
    "organization": re.compile(r"(organizations|initiatives)/.+"),
    "identity_type": re.compile("national_id|iqama|passport|other_national"),
    "time_zone": re.compile(r"[A-Za-z_]+(/[A-Za-z_+-]+)*"),
}
"""Cells that need no table. Other columns of codes are taken as they stand."""


def guessed_values(field: str, column: str, cells: Sequence[str], ask: Callable[[Question], str]) -> list[str]:
    """Lines of the table; none where every cell is a code already."""
    pattern = _AS_IT_STANDS.get(field)
    words = sorted({" ".join(cell.split()) for cell in cells})
    if pattern is None or all(pattern.fullmatch(word) for word in words):
        return []
    if len(words) > WORDS_MAX:
        return ["", f"# [values.{field}]: {column} has more than {WORDS_MAX} words"]
    lines = [f"{_toml(word)} = {_toml(_meaning(field, word, ask))}" for word in words]
    return ["", f"[values.{field}]  # every word of {column}", *lines]


def _meaning(field: str, word: str, ask: Callable[[Question], str]) -> str:
    known = MEANINGS.get(field, {})
    said = same_name(word)
    for meaning, words in known.items():
        if said in map(same_name, (meaning, *words)):
            return meaning
    return ask(Question(f"values.{field}.{word}", f"Which {field} does {word!r} mean?", tuple(known))) or UNKNOWN


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
