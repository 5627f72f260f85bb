"""When and where can one serve, how many places are there and taken? And what was known of it at any moment?"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import (
    RegistrationAccepted,
    RegistrationWithdrawn,
    ShiftCancelled,
    ShiftOpened,
    ShiftRescheduled,
    ShiftUpdated,
)
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent
from ledger.search.concepts import catalogue

_OPENED: Final = """
    insert into shifts (
        shift, partition, opportunity, start_time, end_time, time_zone, service_date, places, places_taken,
        region, online, city, imported_system, imported_record_id, source_recorded_at, opened_position, opened_at,
        city_key, begins_at, ends_at, local_day, from_minute, until_minute
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_UPDATED: Final = "update shifts set places = %s where shift = %s"
_ZONE: Final = "select time_zone from shifts where shift = %s"
_RESCHEDULED: Final = """
    update shifts
    set start_time = %s, end_time = %s, begins_at = %s, ends_at = %s, local_day = %s, from_minute = %s,
        until_minute = %s
    where shift = %s
"""
_CANCELLED: Final = "update shifts set state = 'cancelled' where shift = %s"
_VERSION: Final = """
    insert into shift_versions (shift, position, partition, known_at, opportunity, state, places, local_day, ends_at)
    select shift, %s, partition, %s, opportunity, state, places, local_day, ends_at from shifts where shift = %s
"""
_TAKEN: Final = "update shifts set places_taken = places_taken + %s where shift = %s"


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring shifts up to date; the places taken change by one update a shift, however many registered."""
    taken: Counter[str] = Counter()
    for event, data in batch.directory:
        match data:
            case ShiftOpened():
                _open(connection, event, data)
            case ShiftUpdated():
                change_one(connection, _UPDATED, [data.places, data.shift])
            case ShiftRescheduled():
                _reschedule(connection, data)
            case ShiftCancelled():
                change_one(connection, _CANCELLED, [data.shift])
            case RegistrationAccepted():
                taken[data.shift] += 1
            case RegistrationWithdrawn():
                taken[data.shift] -= 1
            case _:
                pass  # another projection's
        if isinstance(data, ShiftOpened | ShiftUpdated | ShiftRescheduled | ShiftCancelled):
            change_one(connection, _VERSION, [event.position, event.sourcetime or event.time, data.shift])
    for shift, change in sorted(taken.items()):
        change_one(connection, _TAKEN, [change, shift])


def _open(connection: ReadDatabase, event: OtherEvent, data: ShiftOpened) -> None:
    imported = data.imported_from
    system, record_id = (None, None) if imported is None else (imported.system, imported.record_id)
    connection.execute(
        _OPENED,
        [
            data.shift,
            event.partition,
            data.opportunity,
            data.start,
            data.end,
            data.time_zone,
            data.service_date,
            data.places,
            data.place.region,
            data.place.online,
            data.place.city,
            system,
            record_id,
            event.sourcetime,
            event.position,
            event.time,
            city_key(data.place.city),
            *local_times(data.time_zone, data.start, data.end, data.service_date),
        ],
    )


def _reschedule(connection: ReadDatabase, data: ShiftRescheduled) -> None:
    row = connection.execute(_ZONE, [data.shift]).fetchone()
    if row is None:
        raise InvariantBroken(f"{data.shift} is rescheduled and was never opened")
    times = local_times(row[0], data.start, data.end, None)
    change_one(connection, _RESCHEDULED, [data.start, data.end, *times, data.shift])


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
