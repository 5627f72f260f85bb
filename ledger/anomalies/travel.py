"""Two attendances of one person in two places, and no way to get from one to the other in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import Final, TypeAlias

from ledger.anomalies.facts import Leg
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds

EARTH_RADIUS_METRES: Final = 6_371_000
Cities: TypeAlias = Mapping[str, tuple[float, float]]
"""Key of a city → latitude and longitude of its centre, WGS 84, degrees."""


def impossible_travel(legs: Sequence[Leg], cities: Cities, thresholds: Thresholds) -> Iterator[Finding]:
    """One finding a person and day."""
    of_day: dict[tuple[str, str], list[tuple[int, int, Leg]]] = {}
    for leg in legs:
        needed = _needed(leg, cities, thresholds)
        gap_seconds = leg.came_at - leg.left_at
        if needed is not None and gap_seconds < needed[1]:
            of_day.setdefault((leg.person, leg.day), []).append((gap_seconds, needed[0], leg))
    for (person, day), found in of_day.items():
        gap_seconds, metres, _ = min(found, key=lambda one: (one[0], one[2].events))
        yield Finding(
            kind="impossible_travel",
            rule="impossible_travel" if metres else "impossible_travel_regions",
            subjects=(person,),
            organizations=in_order(name for _, _, leg in found for name in leg.organizations),
            figures={"gap_seconds": gap_seconds, "distance_metres": metres, "journeys": len(found)},
            events=first_events(code for _, _, leg in found for code in leg.events),
            event_count=2 * len(found),
            seconds=sum(leg.seconds for _, _, leg in found),
            on=date.fromisoformat(day),
        )


def _needed(leg: Leg, cities: Cities, thresholds: Thresholds) -> tuple[int, int] | None:
    """Metres and the seconds they take at the speed limit; metres 0: only the regions are known. None: one place."""
    here, there = cities.get(leg.from_city or ""), cities.get(leg.to_city or "")
    if here is not None and there is not None:
        metres = distance_metres(here, there)
        if metres < thresholds.travel_metres_min:
            return None
        return metres, 3600 * metres // thresholds.travel_metres_per_hour
    if leg.from_region and leg.to_region and leg.from_region != leg.to_region:
        return 0, thresholds.region_gap_seconds
    return None


def distance_metres(here: tuple[float, float], there: tuple[float, float]) -> int:
    """Along a great circle (haversine formula), whole metres."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(radians, place)) for place in (here, there))
    chord = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return round(2 * EARTH_RADIUS_METRES * asin(sqrt(chord)))
