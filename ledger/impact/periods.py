"""Periods of a report: the one before, and the months one touches. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

from ledger.valuation.rated_periods import whole_months

DAY: Final = timedelta(days=1)
DAYS_MAX: Final = 3_660
"""Ten years: what a report lists by month stays readable."""


class Span(NamedTuple):
    """First and last date, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many dates lie in it."""
        return (self.last - self.first).days + 1

    def overlaps(self, other: Span) -> bool:
        """Whether a date lies in both."""
        return self.first <= other.last and other.first <= self.last


def before(period: Span) -> Span | None:
    """As many months where it is whole months, else as many days; None: it would begin before the year 1."""
    last = period.first - DAY if period.first > date.min else None
    if last is None:
        return None
    if not whole_months(period.first, period.last):
        days = (period.first - date.min).days
        return Span(period.first - period.days * DAY, last) if days >= period.days else None
    number = _number(period.first) - len(months(period))
    return Span(date(number // 12, number % 12 + 1, 1), last) if number >= 12 else None


def months(period: Span) -> list[str]:
    """Such as 2026-11, each that has a date in it."""
    numbers = range(_number(period.first), _number(period.last) + 1)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1
