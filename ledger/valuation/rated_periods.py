"""Which rates hold when? A table of rates cuts a period into parts in which each currency has one rate, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.domain.policy_rules import Rate, Rates

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RatedPeriod:
    """Dates of service, both included, on which the same rates hold."""

    first: date
    last: date
    rates: Mapping[str, Rate]
    """By currency; a currency without a rate on these dates is absent."""


@dataclass(frozen=True, slots=True)
class Dates:
    """A part of a rated period, its number among them, and whether it is made of whole months."""

    number: int
    first: date
    last: date
    whole_months: bool


def rated_periods(table: Rates, first: date, last: date) -> list[RatedPeriod]:
    """The period from `first` to `last`, cut wherever a rate of the table begins or has ended, in order.

    Rates of one currency do not overlap: whoever proposed the table was refused otherwise.
    """
    begins = {rate.from_date for rate in table.rates}
    ended = {rate.until_date + ONE_DAY for rate in table.rates if rate.until_date not in (None, date.max)}
    inner = sorted(day for day in begins | ended if first < day <= last)
    starts = [first, *inner]
    ends = [*(day - ONE_DAY for day in inner), last]
    return [RatedPeriod(start, end, _holding(table, start)) for start, end in zip(starts, ends, strict=True)]


def _holding(table: Rates, day: date) -> dict[str, Rate]:
    """By currency, the rates that hold on `day`."""
    return {
        rate.currency: rate
        for rate in table.rates
        if rate.from_date <= day and (rate.until_date is None or day <= rate.until_date)
    }


def dates_of(periods: Iterable[RatedPeriod]) -> list[Dates]:
    """Each period as its whole months and what is left before and after them: sums kept by month answer the former."""
    return [part for number, period in enumerate(periods) for part in _dates_of(number, period.first, period.last)]


def whole_months(first: date, last: date) -> bool:
    """Whether a period begins with a month's first day and ends with a month's last."""
    return first.day == 1 and (last == date.max or (last + ONE_DAY).day == 1)


def _dates_of(number: int, first: date, last: date) -> Iterator[Dates]:
    if whole_months(first, last) or (first.year, first.month) == (last.year, last.month):
        yield Dates(number, first, last, whole_months(first, last))
        return
    # The two lie in different months, so there is a month after the one and a month before the other.
    start = first if first.day == 1 else (first.replace(day=1) + 31 * ONE_DAY).replace(day=1)
    end = last if whole_months(last.replace(day=1), last) else last.replace(day=1) - ONE_DAY
    if first < start:
        yield Dates(number, first, start - ONE_DAY, whole_months=False)
    if start < end:
        yield Dates(number, start, end, whole_months=True)
    if end < last:
        yield Dates(number, end + ONE_DAY, last, whole_months=False)
