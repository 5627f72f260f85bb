from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.dates import (
    calendar_day,
    day_of_moment,
    gregorian_in_words,
    in_both_calendars,
    umm_al_qura_in_digits,
    umm_al_qura_in_words,
)
from ledger.transparency.failures import Malformed


def plain(text: str | None) -> str:
    """Without what isolates."""
    assert text is not None
    return text.translate({0x2066: None, 0x2069: None})


@pytest.mark.parametrize(
    ("day", "digits", "arabic", "english"),
    [
        (date(2026, 7, 1), "1448-01-16", "16 محرم 1448 هـ", "16 Muharram 1448 AH"),
        (date(2026, 11, 23), "1448-06-13", "13 جمادى الآخرة 1448 هـ", "13 Jumada al-Akhirah 1448 AH"),
        # The first and the last that the tables have.
        (date(1924, 8, 1), "1343-01-01", "1 محرم 1343 هـ", "1 Muharram 1343 AH"),
        (date(2077, 11, 16), "1500-12-30", "30 ذو الحجة 1500 هـ", "30 Dhu al-Hijjah 1500 AH"),
        # National day and the first of Ramadan of a year, as they were announced.
        (date(2024, 9, 23), "1446-03-20", "20 ربيع الأول 1446 هـ", "20 Rabi' al-Awwal 1446 AH"),
        (date(2024, 3, 11), "1445-09-01", "1 رمضان 1445 هـ", "1 Ramadan 1445 AH"),
    ],
)
def test_umm_al_qura(day: date, digits: str, arabic: str, english: str):
    assert umm_al_qura_in_digits(day) == digits
    assert plain(umm_al_qura_in_words(day, "ar")) == arabic
    assert plain(umm_al_qura_in_words(day, "en")) == english


@pytest.mark.parametrize("day", [date(1924, 7, 31), date(2077, 11, 17), date.min, date.max])
def test_where_the_tables_end_gregorian_stands_alone(day: date):
    assert umm_al_qura_in_digits(day) is None
    assert umm_al_qura_in_words(day, "ar") is None
    assert in_both_calendars(day, "ar") == gregorian_in_words(day, "ar")


def test_months_are_called_as_in_saudi_arabia():
    months = (plain(gregorian_in_words(date(2026, month, 1), "ar")).split()[1] for month in range(1, 13))
    assert " ".join(months) == "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"


def test_both_calendars_side_by_side():
    assert plain(in_both_calendars(date(2026, 7, 1), "en")) == "1 July 2026 · 16 Muharram 1448 AH"
    assert plain(in_both_calendars(date(2026, 7, 1), "ar")) == "16 محرم 1448 هـ الموافق 1 يوليو 2026 م"


def test_the_numbers_of_a_date_are_isolated():
    assert umm_al_qura_in_words(date(2026, 7, 1), "ar") == "\u206616\u2069 محرم \u20661448\u2069 هـ"


@given(st.dates(date(1924, 8, 1), date(2077, 11, 15)))
def test_the_next_day_is_the_next_day_in_both(day: date):
    today, tomorrow = umm_al_qura_in_digits(day), umm_al_qura_in_digits(day + timedelta(days=1))
    assert today
    assert tomorrow
    assert today < tomorrow
    assert int(tomorrow[-2:]) in (int(today[-2:]) + 1, 1)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "0000-01-01", "9999-99-99", "x"])
def test_a_date_of_no_calendar_is_malformed(text: str):
    with pytest.raises(Malformed, match="must be a date"):
        calendar_day(text)


def test_the_day_of_a_moment_is_that_of_riyadh():
    last_second_in_utc = 1_782_863_999  # 2026-06-30T23:59:59Z
    assert day_of_moment(last_second_in_utc) == date(2026, 7, 1)
    with pytest.raises(Malformed, match="before the year 10000"):
        day_of_moment(2**53)
