"""A filter as sets of keys, and as conditions on rows of shifts: sets narrow fast, rows decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, LiteralString

from ledger.domain.refusals import Reason, refuse
from ledger.search.concepts import catalogue
from ledger.search.keys import ONLINE, PUBLISHED
from volunteer_hours.v1.opportunity_search_service_pb2 import OpportunityFilter
from volunteer_hours.v1.resources_pb2 import VolunteeringLevel

DAYS_MAX: Final = 62
"""A longer time is narrowed by months."""
DAYS_KEYS_MAX: Final = 3 * 366
"""A still longer one by rows alone."""
AGE_YEARS_MAX: Final = 150
SHIFT_FIELDS: Final = (
    "regions",
    "cities",
    "from_date",
    "until_date",
    "from_time_of_day",
    "until_time_of_day",
    "weekdays",
    "online",
    "places_left_min",
)
_NOBODY: Final = "=nothing"
"""A key that no opportunity has."""
_CONDITIONS: Final[Mapping[str, LiteralString]] = {
    "regions": "s.region = any(%(regions)b)",
    "cities": "s.city_key = any(%(cities)b)",
    "from_date": "s.local_day >= %(from_date)b",
    "until_date": "s.local_day <= %(until_date)b",
    "from_time_of_day": "s.from_minute >= %(from_minute)b",
    "until_time_of_day": "s.until_minute <= %(until_minute)b",
    "weekdays": "extract(isodow from s.local_day)::int = any(%(weekdays)b)",
    "online": "s.online",
    "places_left_min": "s.places_left >= %(places_left)b",
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a filter asks for."""

    any_of: Sequence[Sequence[str]]
    """One key of each must be there."""
    above_age_key: str
    """No key of an age from here on; empty: any age."""
    conditions: LiteralString
    """On a row `s` of search_openings."""
    parameters: Mapping[str, object]
    include_past: bool
    of_shifts: bool
    """Whether something is asked of shifts."""
    from_day: date | None


def narrowed(asked: OpportunityFilter) -> Narrowed:
    """Read a filter. Refuses DATE_INVALID."""
    given = {field.name for field, _ in asked.ListFields()}
    first, last = _day(asked.from_date), _day(asked.until_date)
    conditions: list[LiteralString] = [_CONDITIONS[name] for name in SHIFT_FIELDS if name in given]
    return Narrowed(
        any_of=list(_any_of(asked, first, last)),
        above_age_key=f"=age:{asked.age_years + 1:03}" if asked.age_years else "",
        conditions=" and ".join(("true", *conditions)),
        parameters={
            "regions": list(asked.regions),
            "cities": [catalogue().city_key(city) for city in asked.cities],
            "from_date": first,
            "until_date": last,
            "from_minute": _minutes(asked.from_time_of_day),
            "until_minute": _minutes(asked.until_time_of_day),
            "weekdays": list(asked.weekdays),
            "places_left": asked.places_left_min,
        },
        include_past=asked.include_past,
        of_shifts=bool(conditions),
        from_day=first,
    )


def _any_of(asked: OpportunityFilter, first: date | None, last: date | None) -> Iterator[Sequence[str]]:
    if not asked.include_past:
        yield [PUBLISHED]
    if asked.organization:
        yield [f"=organization:{asked.organization}"]
    if asked.online:
        yield [ONLINE]
    for prefix, values in (
        ("=sector:", list(asked.sectors)),
        ("=region:", list(asked.regions)),
        ("=city:", [catalogue().city_key(city) for city in asked.cities]),
        ("=level:", [level_name(level) for level in asked.levels]),
    ):
        if values:
            yield [f"{prefix}{value}" for value in values]
    if first is not None and last is not None and (days := (last - first).days + 1) <= DAYS_KEYS_MAX:
        yield _days(first, days) or [_NOBODY]


def level_name(level: VolunteeringLevel.ValueType) -> str:
    """A level as events name it."""
    return VolunteeringLevel.Name(level).removeprefix("VOLUNTEERING_LEVEL_").lower()


def _days(first: date, count: int) -> list[str]:
    """Keys of so many days from `first` on; of their months, where there are many."""
    if count <= DAYS_MAX:
        return [f"=day:{first + timedelta(days=day)}" for day in range(count)]
    last = first + timedelta(days=count - 1)
    return months(first, (last.year - first.year) * 12 + last.month - first.month + 1)


def months(first: date, count: int) -> list[str]:
    """Keys of so many months."""
    numbers = range(first.year * 12 + first.month - 1, first.year * 12 + first.month - 1 + count)
    return [f"=month:{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(Reason.DATE_INVALID, value=text)


def _minutes(text: str) -> int | None:
    if not text:
        return None
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def beginning_of_time(asked: Narrowed, now: datetime) -> datetime:
    """After which moment shifts are looked for."""
    return datetime.min.replace(tzinfo=now.tzinfo) + timedelta(days=2) if asked.include_past else now
