"""What somebody looks for, as requests say it and answers tell it."""

from __future__ import annotations

from ledger.domain.values import zone
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.search.preferences import DAY_MINUTES, FreeTime, Preferences
from volunteer_hours.v1 import resources_pb2 as pb


def preferences_of(message: pb.VolunteerPreferences) -> Preferences:
    """What a request says. Refuses TIME_ZONE_UNKNOWN, and INVALID_ARGUMENT for a time that ends before it begins."""
    if message.time_zone:
        zone(message.time_zone)
    home = message.home
    return Preferences(
        skills=tuple(message.skills),
        interests=tuple(message.interests),
        availability=tuple(map(_free_time, message.availability)),
        time_zone=message.time_zone,
        home_region=message.home_region,
        home_city=message.home_city,
        home=(home.latitude_degrees, home.longitude_degrees) if message.HasField("home") else None,
        distance_metres_max=message.distance_metres_max,
        online_ok=message.online_ok,
    )


def preferences_message(known: Preferences) -> pb.VolunteerPreferences:
    """What an answer tells."""
    message = pb.VolunteerPreferences(
        skills=known.skills,
        interests=known.interests,
        availability=[
            pb.FreeTime(
                weekday=pb.Weekday.ValueType(free.weekday),
                from_time_of_day=_clock(free.from_minute),
                until_time_of_day=_clock(free.until_minute),
            )
            for free in known.availability
        ],
        time_zone=known.time_zone,
        home_region=known.home_region,
        home_city=known.home_city,
        distance_metres_max=known.distance_metres_max,
        online_ok=known.online_ok,
    )
    if known.home is not None:
        message.home.latitude_degrees, message.home.longitude_degrees = known.home
    return message


def _free_time(free: pb.FreeTime) -> FreeTime:
    from_minute = _minutes(free.from_time_of_day, 0)
    until_minute = _minutes(free.until_time_of_day, DAY_MINUTES)
    if until_minute <= from_minute:
        text = "a free time ends later than it begins; one over midnight is two"
        raise InvalidRequest([FieldViolation("preferences.availability", text, "availability.order")])
    return FreeTime(free.weekday, from_minute, until_minute)


def _minutes(clock: str, otherwise: int) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes) if clock else otherwise


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
