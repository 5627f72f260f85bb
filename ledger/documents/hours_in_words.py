"""Seconds as hours, minutes and, only where there are some, seconds: exact, never rounded.

In Arabic the noun agrees with its number: ساعة واحدة، ساعتان، 3 ساعات، 11 ساعة، 100 ساعة، 103 ساعات. The classes are
those of Unicode's plural rules for Arabic (CLDR, UTS #35 part 3): one and two have a form of their own, written as
words; a number that ends with 03 to 10 has the plural, every other one the singular.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.documents.isolation import left_to_right
from ledger.texts.text import Language


@dataclass(frozen=True, slots=True)
class Unit:
    """How a unit of time is called."""

    english: str
    arabic_one: str
    """1, with its number."""
    arabic_two: str
    """2, which is the word itself."""
    arabic_few: str
    """3 to 10, and whatever ends so."""
    arabic_many: str
    """11 to 102, 0, and whatever ends so."""


HOURS: Final = Unit("hour", "ساعة واحدة", "ساعتان", "ساعات", "ساعة")
MINUTES: Final = Unit("minute", "دقيقة واحدة", "دقيقتان", "دقائق", "دقيقة")
SECONDS: Final = Unit("second", "ثانية واحدة", "ثانيتان", "ثوانٍ", "ثانية")


def hours_in_words(seconds: int, language: Language) -> str:
    """Such as 26 hours 30 minutes; its numbers are isolated."""
    parts = [(count, unit) for count, unit in zip(_split(seconds), (HOURS, MINUTES, SECONDS), strict=True) if count]
    words = [counted(count, unit, language) for count, unit in parts or [(0, HOURS)]]
    # The Arabic "and" is written together with the word behind it.
    return " ".join(words) if language == "en" else " و".join(words)


def hours_in_digits(seconds: int) -> str:
    """Such as 26:30, hours and minutes; 26:30:05 where there are seconds."""
    hours, minutes, rest = _split(seconds)
    return f"{hours:,}:{minutes:02}" + (f":{rest:02}" if rest else "")


def counted(count: int, unit: Unit, language: Language) -> str:
    """A number with its unit, in the form that the number asks for."""
    number = left_to_right(f"{count:,}")
    if language == "en":
        return f"{number} {unit.english}{'' if count == 1 else 's'}"
    if count in (1, 2):
        return unit.arabic_one if count == 1 else unit.arabic_two
    return f"{number} {unit.arabic_few if 3 <= count % 100 <= 10 else unit.arabic_many}"


def _split(seconds: int) -> tuple[int, int, int]:
    return seconds // 3_600, seconds // 60 % 60, seconds % 60
