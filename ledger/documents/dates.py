"""Dates for people: Gregorian and Umm al-Qura side by side, in Arabic and English, with the digits 0-9 in both.

Umm al-Qura is the civil calendar of Saudi Arabia, fixed by tables from 1924-08-01 to 2077-11-16; a date that they do
not cover is Gregorian alone. Years in words end with AH or هـ, so that nobody takes one calendar for the other.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from hijridate import Gregorian, Hijri

from ledger.documents.isolation import left_to_right
from ledger.requirements.period import HIJRI_FIRST, HIJRI_LAST
from ledger.texts.text import Language
from ledger.transparency.failures import Malformed

ZONE: Final = ZoneInfo("Asia/Riyadh")
"""Where the day of an issue is looked up."""
_JOINED: Final = {"en": " · ", "ar": " الموافق "}
_FORM: Final = "date of a statement"


def calendar_day(text: str) -> date:
    """A date as it stands in claims, such as 2026-01-31. Raises Malformed for what no calendar has."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(_FORM, f"it must be a date such as 2026-01-31, not {text[:20]!r}") from error


def day_of_moment(unix_seconds: int) -> date:
    """The day in Riyadh of a moment. Raises Malformed for one after the year 9999."""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).astimezone(ZONE).date()
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(_FORM, "it must lie before the year 10000") from error


def gregorian_in_words(day: date, language: Language) -> str:
    """Such as 1 July 2026, in Arabic with the month names of Saudi Arabia."""
    month = Gregorian.fromdate(day).month_name(language)
    year = left_to_right(f"{day.year:04}")
    return f"{left_to_right(str(day.day))} {month} {year}{' م' if language == 'ar' else ''}"


def umm_al_qura_in_words(day: date, language: Language) -> str | None:
    """Such as 16 Muharram 1448 AH; None where the tables have no such date."""
    found = _umm_al_qura(day)
    if found is None:
        return None
    era = "هـ" if language == "ar" else "AH"
    return f"{left_to_right(str(found.day))} {found.month_name(language)} {left_to_right(str(found.year))} {era}"


def umm_al_qura_in_digits(day: date) -> str | None:
    """Such as 1448-01-16; None where the tables have no such date."""
    found = _umm_al_qura(day)
    return found.isoformat() if found else None


def in_both_calendars(day: date, language: Language) -> str:
    """Both in words, with Gregorian first in English and Umm al-Qura first in Arabic, as letters there have it."""
    gregorian, other = gregorian_in_words(day, language), umm_al_qura_in_words(day, language)
    if other is None:
        return gregorian
    return _JOINED[language].join((other, gregorian) if language == "ar" else (gregorian, other))


def _umm_al_qura(day: date) -> Hijri | None:
    return Gregorian.fromdate(day).to_hijri() if HIJRI_FIRST <= day <= HIJRI_LAST else None
