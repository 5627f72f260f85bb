"""Lines that are no rows: totals, by the words that people write beside them in Arabic and English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ledger.sheets.rows import Cell
from ledger.sheets.words import first_word, same_name

_WORDS: Final = (
    *("المجموع", "مجموع", "الإجمالي", "إجمالي", "الاجمالى", "المحصلة", "الجملة"),
    *("total", "totals", "sum", "subtotal", "grand", "overall"),
)
TOTAL_WORDS: Final = frozenset(map(same_name, _WORDS))
_DIGIT: Final = re.compile(r"\d")


def is_total(identity: Cell, cells: Iterable[Cell]) -> bool:
    """Whether a line has no id, or such a word in its place, and a cell that begins with such a word."""
    if identity != "" and not (isinstance(identity, str) and _begins_so(identity)):
        return False
    return any(isinstance(cell, str) and _begins_so(cell) for cell in cells)


def _begins_so(text: str) -> bool:
    return bool(text) and _DIGIT.match(text) is None and first_word(text) in TOTAL_WORDS
