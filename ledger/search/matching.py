"""Does a shift fit a person, and why? The same answers as registering would give, before anybody asks.

What the policy asks for is decided as in `ledger.domain.eligibility`, which courses are asked for as in
`ledger.domain.prerequisites`, and the rest as in `ledger.domain.registration.RegisterForShift`; a test holds them
together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from ledger.domain.eligibility import ADULT_YEARS, age_years
from ledger.search.concepts import catalogue
from ledger.search.fits import Fits
from ledger.search.preferences import DAY_MINUTES, ZONE_DEFAULT, FreeTime, Preferences
from ledger.search.ranking import Opened

EARTH_RADIUS_METRES: Final = 6_371_008
"""Mean radius, IUGG."""


class LeftOut(Enum):
    """Why a shift is not for this person; the first that holds is told."""

    REGISTERED = "registered"
    OVERLAPS = "overlaps"
    FULL = "full"
    BIRTH_DATE_MISSING = "birth date missing"
    MINIMUM_AGE = "minimum age"
    CHARTER = "charter"
    GUARDIAN_CONSENT = "guardian consent"
    PREREQUISITE = "prerequisite"
    ONLINE = "online"
    TOO_FAR = "too far"
    NOT_AVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the policy in force on a day asks of a person."""

    guardian_consent: bool = False
    charter: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """A shift that somebody is registered for, has asked for, or waits for."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Completed:
    """A course that somebody has completed, and from which day to which it counts."""

    course: str
    from_day: date
    until_day: date | None
    """None: without end."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody, for one answer."""

    preferences: Preferences | None
    """None: they never set any."""
    birth_date: date | None
    consents: Sequence[date | None]
    """The last day that each guardian's consent in force covers; None: without end."""
    has_charter: bool
    busy: Sequence[Busy] = ()
    registered: Set[str] = frozenset()
    """Opportunities in which they are registered, have asked or wait."""
    completed: Sequence[Completed] = ()
    """What was not revoked."""
    served_organizations: Set[str] = frozenset()
    served_sectors: Set[str] = frozenset()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(ZONE_DEFAULT))


@dataclass(frozen=True, slots=True)
class Offer:
    """One open shift to come, with what decides whether somebody may have it."""

    opened: Opened
    opportunity: str
    ends_at: datetime
    local_day: date
    minimum_age_years: int
    waiting_places_left: int
    required_courses: Sequence[str] = ()


def left_out(offer: Offer, person: Person, asked: Asked) -> LeftOut | None:
    """Why the shift is not for this person; None when it is."""
    if offer.opportunity in person.registered:
        return LeftOut.REGISTERED
    if any(busy.begins_at < offer.ends_at and offer.opened.begins_at < busy.ends_at for busy in person.busy):
        return LeftOut.OVERLAPS
    if offer.opened.places_left <= 0 and offer.waiting_places_left <= 0:
        return LeftOut.FULL
    return _ineligible(offer, person, asked) or _unwanted(offer, person)


def _ineligible(offer: Offer, person: Person, asked: Asked) -> LeftOut | None:
    if (offer.minimum_age_years or asked.guardian_consent) and person.birth_date is None:
        return LeftOut.BIRTH_DATE_MISSING
    age = None if person.birth_date is None else age_years(person.birth_date, offer.local_day)
    if offer.minimum_age_years and age is not None and age < offer.minimum_age_years:
        return LeftOut.MINIMUM_AGE
    if asked.charter and not person.has_charter:
        return LeftOut.CHARTER
    covered = any(until is None or offer.local_day <= until for until in person.consents)
    if asked.guardian_consent and age is not None and age < ADULT_YEARS and not covered:
        return LeftOut.GUARDIAN_CONSENT
    if not all(_has_completed(person, course, offer.local_day) for course in offer.required_courses):
        return LeftOut.PREREQUISITE
    return None


def _has_completed(person: Person, course: str, day: date) -> bool:
    return any(
        one.course == course and one.from_day <= day and (one.until_day is None or day <= one.until_day)
        for one in person.completed
    )


def _unwanted(offer: Offer, person: Person) -> LeftOut | None:
    wanted = person.preferences
    if wanted is None:
        return None
    if offer.opened.online and not wanted.online_ok:
        return LeftOut.ONLINE
    distance = distance_metres(wanted, offer.opened.city_key)
    if wanted.distance_metres_max and distance is not None and distance > wanted.distance_metres_max:
        return LeftOut.TOO_FAR
    if wanted.availability and not is_free(wanted.availability, offer, person.zone):
        return LeftOut.NOT_AVAILABLE
    return None


def is_free(availability: Sequence[FreeTime], offer: Offer, zone: ZoneInfo) -> bool:
    """Whether a shift lies wholly in one free time, by the clock of the person's zone."""
    begins, ends = offer.opened.begins_at.astimezone(zone), offer.ends_at.astimezone(zone)
    from_minute = begins.hour * 60 + begins.minute
    until_minute = (ends.date() - begins.date()).days * DAY_MINUTES + ends.hour * 60 + ends.minute
    return any(
        free.weekday == begins.isoweekday() and free.from_minute <= from_minute and until_minute <= free.until_minute
        for free in availability
    )


def distance_metres(wanted: Preferences, city_key: str | None) -> int | None:
    """From home to a city, along a great circle; None where one of the two is not known."""
    cities = catalogue().cities
    home, city = wanted.home, cities.get(city_key or "")
    if home is None and (lives_in := cities.get(catalogue().city_key(wanted.home_city))):
        home = (lives_in.latitude_degrees, lives_in.longitude_degrees)
    if home is None or city is None:
        return None
    return _great_circle_metres(home, (city.latitude_degrees, city.longitude_degrees))


def _great_circle_metres(one: tuple[float, float], other: tuple[float, float]) -> int:
    """By the haversine formula."""
    first, second = math.radians(one[0]), math.radians(other[0])
    across = math.radians(other[1] - one[1])
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return round(2 * EARTH_RADIUS_METRES * math.asin(min(1.0, math.sqrt(half))))


def place_fits(opened: Opened, wanted: Preferences) -> list[tuple[Fits, str]]:
    """What the place of a shift adds, and by what."""
    told: list[tuple[Fits, str]] = []
    if opened.online:
        return [(Fits.ONLINE, "")]
    if wanted.home_city and opened.city_key == catalogue().city_key(wanted.home_city):
        told.append((Fits.SAME_CITY, opened.city_key or ""))
    elif wanted.home_region and opened.region == wanted.home_region:
        told.append((Fits.SAME_REGION, wanted.home_region))
    if wanted.distance_metres_max and distance_metres(wanted, opened.city_key) is not None:
        told.append((Fits.NEAR, opened.city_key or ""))
    return told


def rules_on(versions: Sequence[tuple[date, int, Mapping[str, object]]], day: date) -> Asked:
    """What the version in force on `day` asks for. `versions`: effective date, number and rules of approved ones."""
    # As `ledger.domain.policy.hours_rules`: the newest version whose date has come, whatever older ones say.
    in_force = max((one for one in versions if one[0] <= day), key=lambda one: one[1], default=None)
    if in_force is None:
        return Asked()
    rules = in_force[2]
    return Asked(bool(rules.get("guardian_consent_required")), bool(rules.get("charter_required")))
