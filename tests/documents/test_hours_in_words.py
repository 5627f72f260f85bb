from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.hours_in_words import HOURS, MINUTES, SECONDS, Unit, counted, hours_in_digits, hours_in_words


def plain(text: str) -> str:
    """Without what isolates."""
    return text.translate({0x2066: None, 0x2069: None})


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 ساعة"), (1, "ساعة واحدة"), (2, "ساعتان"), (3, "3 ساعات"), (10, "10 ساعات"), (11, "11 ساعة"),
        (12, "12 ساعة"), (20, "20 ساعة"), (99, "99 ساعة"), (100, "100 ساعة"), (101, "101 ساعة"), (102, "102 ساعة"),
        (103, "103 ساعات"), (110, "110 ساعات"), (111, "111 ساعة"), (200, "200 ساعة"), (1_000, "1,000 ساعة"),
        (1_003, "1,003 ساعات"),
    ],
)  # fmt: skip
def test_hours_agree_with_their_number(count: int, words: str):
    assert plain(counted(count, HOURS, "ar")) == words


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (MINUTES, ["دقيقة واحدة", "دقيقتان", "3 دقائق", "11 دقيقة"]),
        (SECONDS, ["ثانية واحدة", "ثانيتان", "3 ثوانٍ", "11 ثانية"]),
    ],
)
def test_minutes_and_seconds_do_too(unit: Unit, words: list[str]):
    assert [plain(counted(count, unit, "ar")) for count in (1, 2, 3, 11)] == words


@pytest.mark.parametrize(
    ("seconds", "english", "arabic", "digits"),
    [
        (0, "0 hours", "0 ساعة", "0:00"),
        (60, "1 minute", "دقيقة واحدة", "0:01"),
        (3_600, "1 hour", "ساعة واحدة", "1:00"),
        (95_400, "26 hours 30 minutes", "26 ساعة و30 دقيقة", "26:30"),
        (7_320, "2 hours 2 minutes", "ساعتان ودقيقتان", "2:02"),
        (3_605, "1 hour 5 seconds", "ساعة واحدة و5 ثوانٍ", "1:00:05"),
        (4_320_000, "1,200 hours", "1,200 ساعة", "1,200:00"),
    ],
)
def test_a_sum(seconds: int, english: str, arabic: str, digits: str):
    assert plain(hours_in_words(seconds, "en")) == english
    assert plain(hours_in_words(seconds, "ar")) == arabic
    assert hours_in_digits(seconds) == digits


def test_numbers_are_isolated():
    assert hours_in_words(95_400, "ar") == "\u206626\u2069 ساعة و\u206630\u2069 دقيقة"


@given(st.integers(0, 10**9))
def test_nothing_is_rounded(seconds: int):
    hours, minutes, *rest = (int(part) for part in hours_in_digits(seconds).replace(",", "").split(":"))
    assert hours * 3_600 + minutes * 60 + sum(rest) == seconds
