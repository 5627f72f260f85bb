"""What is said of a period and of chosen organisations, before any of it is laid out."""

from __future__ import annotations

import pytest

from ledger.documents.statement_content import content
from tests.documents import samples


def plain(text: str) -> str:
    """Without what isolates."""
    return text.translate({0x2066: None, 0x2068: None, 0x2069: None})


def scope(row: int, **changed: object) -> list[str]:
    """A row of what the statement covers: its values in both languages, then the small ones below them."""
    told = content(samples.claims(**changed), samples.disclosed(), samples.DIGEST, None, [])["scope"]
    assert isinstance(told, list)
    fact = told[row]
    return [plain(text) for both in (fact["both"], fact.get("small", {})) for text in both.values()]


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ({}, ["All", "كل التواريخ", "", ""]),
        (
            {"from": "2026-01-01", "to": "2026-06-30"},
            [
                "2026-01-01 to 2026-06-30",
                "من 2026-01-01 إلى 2026-06-30",
                "12 Rajab 1447 AH to 15 Muharram 1448 AH",
                "من 12 رجب 1447 هـ إلى 15 محرم 1448 هـ",
            ],
        ),
        (
            {"from": "2026-01-01"},
            ["From 2026-01-01 on", "منذ 2026-01-01", "From 12 Rajab 1447 AH on", "منذ 12 رجب 1447 هـ"],
        ),
        (
            {"to": "2026-06-30"},
            ["Until 2026-06-30", "حتى 2026-06-30", "Until 15 Muharram 1448 AH", "حتى 15 محرم 1448 هـ"],
        ),
        # The tables of Umm al-Qura begin later.
        (
            {"from": "1900-01-01", "to": "2026-06-30"},
            ["1900-01-01 to 2026-06-30", "من 1900-01-01 إلى 2026-06-30", "", ""],
        ),
    ],
)
def test_a_period(period: dict[str, str], said: list[str]):
    assert scope(0, period=period) == said


def test_all_organisations_or_those_chosen_by_their_names():
    assert scope(1) == ["All", "جميع الجهات"]
    chosen = (samples.ORGANIZATIONS[1][0], "organizations/not-disclosed")
    assert scope(1, only_organizations=chosen) == [
        "Only Synthetic Public Library, organizations/not-disclosed",
        "فقط مكتبة اصطناعية عامة، organizations/not-disclosed",
    ]


def test_an_end_is_said_where_there_is_one():
    assert scope(2, exp=samples.ISSUED_UNIX_SECONDS + 1) == [
        "2026-07-01",
        "2026-07-01",
        "16 Muharram 1448 AH",
        "16 محرم 1448 هـ",
    ]
    with pytest.raises(IndexError):
        scope(2)
