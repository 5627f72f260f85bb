"""When and where a shift is, for filters: the day and minutes of its own zone, and the key its city is found by."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.domain.refusals import InvariantBroken
from ledger.search.concepts import catalogue


class LocalTimes(NamedTuple):
    """When a shift is, for filters: moments, and the day and minutes of its own zone."""

    begins_at: datetime
    """Of a shift known by its date alone, the beginning of that day."""
    ends_at: datetime
    local_day: date
    from_minute: int | None
    """Of the local day, and None where no times are known."""
    until_minute: int | None
    """Counted on beyond 1,440 where it ends on a later day."""


def local_times(time_zone: str, start: datetime | None, end: datetime | None, service_date: str | None) -> LocalTimes:
    """When a shift is in its own zone. Raises InvariantBroken when neither times nor a date are known."""
    zone = ZoneInfo(time_zone)
    if start is not None and end is not None:
        first, last = start.astimezone(zone), end.astimezone(zone)
        days = (last.date() - first.date()).days
        until = days * 1440 + last.hour * 60 + last.minute
        return LocalTimes(start, end, first.date(), first.hour * 60 + first.minute, until)
    if service_date is None:
        raise InvariantBroken("a shift has neither times nor a date")
    day = date.fromisoformat(service_date)
    begins, ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return LocalTimes(begins, ends, day, None, None)


def city_key(city: str | None) -> str | None:
    """By which key a city is found, whichever language it was named in; None where none was named."""
    return None if city is None else catalogue().city_key(city) or None
