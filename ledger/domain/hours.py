"""Hours as double entry: which seconds of a presence count, and which entries bring the accounts there.

All arithmetic is on whole seconds. An allocation says where seconds of a holder stand: (service date, class) → seconds.
A decision computes the allocation that should be; the entries are the difference to the one that is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from ledger.domain.event import Event
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Account, Entry, Interval

Span: TypeAlias = tuple[int, int]
"""[start, end) in whole seconds since 1970 UTC."""
Allocation: TypeAlias = Mapping[tuple[date, Account], int]

SHARED_MAX: Final = 8_192
"""Of values that never change and that the many who serve at one time share: each is made once."""

_ORDER: Final = {account: index for index, account in enumerate(Account)}


def entries_between(
    current: Allocation, target: Allocation, *, withheld_reason: str | None = None, reversed_reason: str | None = None
) -> tuple[Entry, ...]:
    """The entries that move a holder's seconds from `current` to `target`, date by date.

    `target` names every class but `reversed`: what finds no place goes there, what is missing comes from outside.
    """
    if not current:
        return _first_entries(target, withheld_reason)
    entries: list[Entry] = []
    for day in sorted({day for day, _ in (*current, *target)}):
        for source, sink, seconds in _movements(*_differences(day, current, target)):
            reason = {Account.WITHHELD: withheld_reason, Account.REVERSED: reversed_reason}.get(sink)
            entries.append(Entry(service_date=day, from_class=source, to_class=sink, seconds=seconds, reason=reason))
    return tuple(entries)


def _first_entries(target: Allocation, withheld_reason: str | None) -> tuple[Entry, ...]:
    """What the entries are when all seconds come from outside: nearly always, so it is kept short."""
    held = target.items() if len(target) == 1 else sorted(target.items(), key=_by_date_and_class)
    return tuple(
        [
            _first_entry(day, account, seconds, withheld_reason if account is Account.WITHHELD else None)
            for (day, account), seconds in held
        ]
    )


@lru_cache(SHARED_MAX)
def _first_entry(day: date, account: Account, seconds: int, reason: str | None) -> Entry:
    return Entry(service_date=day, from_class=Account.OUTSIDE, to_class=account, seconds=seconds, reason=reason)


def _by_date_and_class(held: tuple[tuple[date, Account], int]) -> tuple[date, int]:
    (day, account), _ = held
    return day, _ORDER[account]


def _movements(
    surplus: list[tuple[Account, int]], lack: list[tuple[Account, int]]
) -> Iterable[tuple[Account, Account, int]]:
    """(from, to, seconds): what is too much fills what is missing, class by class; the rest is reversed."""
    available = deque(surplus)
    for sink, missing in lack:
        left = missing
        while left and available:
            source, seconds = available.popleft()
            moved = min(left, seconds)
            yield source, sink, moved
            left -= moved
            if seconds > moved:
                available.appendleft((source, seconds - moved))
        if left:
            yield Account.OUTSIDE, sink, left
    for source, seconds in available:
        yield source, Account.REVERSED, seconds


def _differences(
    day: date, current: Allocation, target: Allocation
) -> tuple[list[tuple[Account, int]], list[tuple[Account, int]]]:
    surplus: list[tuple[Account, int]] = []
    lack: list[tuple[Account, int]] = []
    for account in _ORDER:
        if account in (Account.OUTSIDE, Account.REVERSED):
            continue
        difference = target.get((day, account), 0) - current.get((day, account), 0)
        if difference > 0:
            lack.append((account, difference))
        elif difference < 0:
            surplus.append((account, -difference))
    return surplus, lack


def apply_entries(current: Allocation, entries: Iterable[Entry]) -> dict[tuple[date, Account], int]:
    """The allocation after `entries`. Raises InvariantBroken if a class would fall below zero."""
    allocation = dict(current)
    for entry in entries:
        if entry.from_class is not Account.OUTSIDE:
            source = (entry.service_date, entry.from_class)
            left = allocation.get(source, 0) - entry.seconds
            if left < 0:
                raise InvariantBroken(
                    f"{entry.from_class.value} hours of {entry.service_date.isoformat()} would fall to {left} seconds"
                )
            allocation[source] = left
        sink = (entry.service_date, entry.to_class)
        allocation[sink] = allocation.get(sink, 0) + entry.seconds
    if not current:
        return allocation
    return {key: seconds for key, seconds in allocation.items() if seconds}


def subtract(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of `spans` that no span of `taken` covers; ascending and disjoint if `spans` is."""
    rest = list(spans)
    for taken_start, taken_end in taken:
        if taken_end <= taken_start:
            continue
        cut: list[Span] = []
        for start, end in rest:
            if end <= taken_start or taken_end <= start:
                cut.append((start, end))
                continue
            if start < taken_start:
                cut.append((start, taken_start))
            if taken_end < end:
                cut.append((taken_end, end))
        rest = cut
    return tuple(rest)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as ascending disjoint spans, with neighbours that touch made one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        elif start < end:
            result.append((start, end))
    return tuple(result)


def total_seconds(spans: Iterable[Span]) -> int:
    """How long spans are together."""
    return sum(end - start for start, end in spans)


def most_seconds_within(spans: Iterable[Span], window_seconds: int) -> int:
    """The most that disjoint spans hold of any stretch of time `window_seconds` long."""
    held = list(spans)
    if total_seconds(held) <= 0:
        return 0
    return max(
        sum(max(0, min(end, begin + window_seconds) - max(start, begin)) for start, end in held) for begin, _ in held
    )


def first_seconds(spans: Iterable[Span], seconds: int) -> tuple[Span, ...]:
    """The beginning of `spans`, `seconds` long."""
    kept: list[Span] = []
    left = seconds
    for start, end in spans:
        if left <= 0:
            break
        kept.append((start, min(end, start + left)))
        left -= end - start
    return tuple(kept)


def seconds_by_date(spans: Iterable[Span], zone: ZoneInfo) -> dict[date, int]:
    """How many seconds of `spans` fall on each calendar date of `zone`; a date there may have 23, 24 or 25 hours."""
    totals: dict[date, int] = {}
    for start, end in spans:
        for day, seconds in _dates_of(start, end, zone):
            totals[day] = totals.get(day, 0) + seconds
    return totals


@lru_cache(SHARED_MAX)
def _dates_of(start: int, end: int, zone: ZoneInfo) -> tuple[tuple[date, int], ...]:
    dates: list[tuple[date, int]] = []
    at = start
    while at < end:
        day = datetime.fromtimestamp(at, zone).date()
        until = min(end, max(at + 1, _midnight_after(day, zone)))
        dates.append((day, until - at))
        at = until
    return tuple(dates)


def _midnight_after(day: date, zone: ZoneInfo) -> int:
    return date_start(day + timedelta(days=1), zone)


def date_start(day: date, zone: ZoneInfo) -> int:
    """The midnight a calendar date of `zone` begins with, in whole seconds since 1970 UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


@lru_cache(SHARED_MAX)
def date_of(moment: int, zone: ZoneInfo) -> date:
    """The calendar date of `zone` at a moment in whole seconds since 1970 UTC."""
    return datetime.fromtimestamp(moment, zone).date()


def years_of(spans: Iterable[Span], zone: ZoneInfo) -> list[Span]:
    """The calendar years of `zone` that spans touch, as spans themselves, ascending."""
    years: set[int] = set()
    for start, end in spans:
        if start < end:
            years.update(range(date_of(start, zone).year, date_of(end - 1, zone).year + 1))
    return [(date_start(date(year, 1, 1), zone), date_start(date(year + 1, 1, 1), zone)) for year in sorted(years)]


def seconds_within(spans: Iterable[Span], window: Span) -> int:
    """How much of disjoint spans lies in a window."""
    return sum(max(0, min(end, window[1]) - max(start, window[0])) for start, end in spans)


def spans_between(start: int, end: int) -> tuple[Span, ...]:
    """[start, end) as spans: none when it is empty."""
    return ((start, end),) if start < end else ()


def spans_of(intervals: Iterable[Interval]) -> tuple[Span, ...]:
    """Intervals of an event as spans to reckon with."""
    return tuple([interval.span for interval in intervals])


def intervals_of(spans: Iterable[Span]) -> tuple[Interval, ...]:
    """Spans as intervals of an event."""
    return tuple([interval_of(span) for span in spans])


@lru_cache(SHARED_MAX)
def interval_of(span: Span) -> Interval:
    """A span as an interval of an event."""
    return Interval(start=from_epoch(span[0]), end=from_epoch(span[1]))


@lru_cache(SHARED_MAX)
def to_epoch(moment: datetime) -> int:
    """Whole seconds since 1970 UTC."""
    return int(moment.timestamp())


@lru_cache(SHARED_MAX)
def from_epoch(seconds: int) -> datetime:
    """The UTC moment of whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


class HoursMoved(Event):
    """Base of all events that move seconds. What stands here is all that a projection needs to add them up."""

    holder: str
    """volunteers/{v}, or opportunities/{o} for its group account."""
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[Entry, ...]
    """Never summed with another event's meaning: a projection only adds."""


class PresenceMoved(HoursMoved):
    """Base of the events that move one person's seconds: they also say which spans of time now count.

    The last of them in an attendance's stream is the person's constraint row for that attendance.
    """

    start: AwareDatetime
    end: AwareDatetime
    counted: tuple[Interval, ...]
