"""Isolates of the Unicode bidirectional algorithm (UAX #9): without them 2026-01-01 reads 01-01-2026 in an Arabic line.

Every date, number, name and identifier that is put into a sentence is isolated; sentences themselves are not.
"""

from __future__ import annotations

from typing import Final

LEFT_TO_RIGHT_ISOLATE: Final = "\u2066"
FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"


def left_to_right(text: str) -> str:
    """A date, number or identifier, which reads from left to right in every language."""
    return f"{LEFT_TO_RIGHT_ISOLATE}{text}{POP_ISOLATE}"


def by_its_content(text: str) -> str:
    """A text of either language: its first letter says the direction; without letters it is left to right."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"
