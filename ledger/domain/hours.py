"""Hours as double entry: which seconds of a presence count, and which entries bring the accounts there.

All arithmetic is on whole seconds. An allocation says where seconds of a holder stand: (service date, class) → seconds.
A decision computes the allocation that should be; the entries are the difference to the one that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from ledger.domain.event import Event
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Account, Entry, Interval

Span: TypeAlias = tuple[int, int]
"""[start, end) in whole seconds since 1970 UTC."""
Allocation: TypeAlias = Mapping[tuple[date, Account], int]

_ORDER: Final = {account: index for index, account in enumerate(Account)}


def entries_between(
    current: Allocation, target: Allocation, *, withheld_reason: str | None = None, reversed_reason: str | None = None
) -> tuple[Entry, ...]:
    """The entries that move a holder's seconds from `current` to `target`, date by date.

    `target` names every class but `reversed`: what finds no place goes there, what is missing comes from outside.
    """
    entries: list[Entry] = []
    for day in sorted({day for day, _ in (*current, *target)}):
        surplus, lack = _differences(day, current, target)
        for account, seconds in lack:
            reason = withheld_reason if account is Account.WITHHELD else None
            left = seconds
            while left and surplus:
                source, available = surplus[0]
                moved = min(left, available)
                entries.append(Entry(service_date=day, from_class=source, to_class=account, seconds=moved, reason=reason))
                left -= moved
                surplus[0] = (source, available - moved)
                if not surplus[0][1]:
                    surplus.pop(0)
            if left:
                entries.append(
                    Entry(service_date=day, from_class=Account.OUTSIDE, to_class=account, seconds=left, reason=reason)
                )
        entries.extend(
            Entry(service_date=day, from_class=source, to_class=Account.REVERSED, seconds=left, reason=reversed_reason)
            for source, left in surplus
            if left
        )
    return tuple(entries)


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
                raise InvariantBroken(f"{source} would fall to {left} seconds")
            allocation[source] = left
        sink = (entry.service_date, entry.to_class)
        allocation[sink] = allocation.get(sink, 0) + entry.seconds
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


def total_seconds(spans: Iterable[Span]) -> int:
    """How long spans are together."""
    return sum(end - start for start, end in spans)


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
        at = start
        while at < end:
            day = datetime.fromtimestamp(at, zone).date()
            until = min(end, max(at + 1, _midnight_after(day, zone)))
            totals[day] = totals.get(day, 0) + until - at
            at = until
    return totals


def _midnight_after(day: date, zone: ZoneInfo) -> int:
    following = day + timedelta(days=1)
    return int(datetime(following.year, following.month, following.day, tzinfo=zone).timestamp())


def to_epoch(moment: datetime) -> int:
    """Whole seconds since 1970 UTC."""
    return int(moment.timestamp())


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
