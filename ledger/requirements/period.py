"""From a date to the period it lies in: calendar months and years, Gregorian and Hijri, twelve months, a lifetime.

Hijri months are those of the Umm al-Qura calendar, the civil one of Saudi Arabia: fixed by tables, not by sightings.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

from hijridate import Gregorian, Hijri

from ledger.domain.refusals import Reason, refuse

PeriodKind: TypeAlias = Literal[
    "lifetime", "calendar_month", "calendar_year", "twelve_months", "hijri_month", "hijri_year"
]

HIJRI_FIRST: Final = date(1924, 8, 1)
HIJRI_LAST: Final = date(2077, 11, 16)
"""1 Muharram 1343 and the last day of 1500: what the tables cover."""
_MONTHS: Final = 12


class Bounds(NamedTuple):
    """First and last date, both included; date.min: open."""

    first: date
    last: date


def bounds(kind: PeriodKind, day: date) -> Bounds:
    """The period of a kind that `day` lies in; `day` ends a lifetime and twelve months. Refuses HIJRI_DATE_UNKNOWN."""
    match kind:
        case "lifetime":
            return Bounds(date.min, day)
        case "calendar_month":
            return Bounds(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
        case "calendar_year":
            return Bounds(date(day.year, 1, 1), date(day.year, 12, 31))
        case "twelve_months":
            return Bounds(_day_after_a_year_before(day), day)
        case "hijri_month":
            found = _hijri(day)
            return _hijri_months(found.year, found.month, found.month)
        case "hijri_year":
            return _hijri_months(_hijri(day).year, 1, _MONTHS)


def period_id(kind: PeriodKind, period: Bounds) -> str:
    """How a period is called in the names of standings. Twelve months have no name: each day ends some."""
    match kind:
        case "lifetime":
            return "lifetime"
        case "calendar_month":
            return period.first.isoformat()[: len("2026-11")]
        case "calendar_year":
            return period.first.isoformat()[: len("2026")]
        case "hijri_month":
            found = _hijri(period.first)
            return f"hijri-{found.year}-{found.month:02}"
        case "hijri_year":
            return f"hijri-{_hijri(period.first).year}"
        case "twelve_months":
            raise ValueError(f"twelve months that end with {period.last} have no name")


def _day_after_a_year_before(day: date) -> date:
    if day.year == date.min.year:
        return date.min
    last_of_month = monthrange(day.year - 1, day.month)[1]
    return day.replace(year=day.year - 1, day=min(day.day, last_of_month)) + timedelta(days=1)


def _hijri(day: date) -> Hijri:
    if not HIJRI_FIRST <= day <= HIJRI_LAST:
        refuse(Reason.HIJRI_DATE_UNKNOWN, date=day, first=HIJRI_FIRST, last=HIJRI_LAST)
    return Gregorian.fromdate(day).to_hijri()


def _hijri_months(year: int, first_month: int, last_month: int) -> Bounds:
    last = Hijri(year, last_month, 1)
    # The first of a month and its length, not the next month's first: the tables end with the year 1500.
    ends = _plain(last) + timedelta(days=last.month_length() - 1)
    return Bounds(_plain(Hijri(year, first_month, 1)), ends)


def _plain(day: Hijri) -> date:
    return date.fromordinal(day.to_gregorian().toordinal())
