"""Which seconds of a presence count: no second of a person twice, no attendance, calendar date or year above its cap.

The grounds for withholding, in the order in which the first one is told: ORGANIZATION_SUSPENDED, COMPULSORY_SERVICE,
DURATION_ABOVE_CAP, YEAR_ABOVE_CAP, OVERLAP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from ledger.domain import attendance_state
from ledger.domain.hours import (
    SHARED_MAX,
    Span,
    entries_between,
    most_seconds_within,
    seconds_by_date,
    seconds_within,
    subtract,
    total_seconds,
    years_of,
)
from ledger.domain.passing import Passing
from ledger.domain.policy import HoursRules
from ledger.domain.values import Account, Entry, zone
from ledger.domain.world import TimeWindow, World, need_states

ORGANIZATION_SUSPENDED: Final = "ORGANIZATION_SUSPENDED"
COMPULSORY_SERVICE: Final = "COMPULSORY_SERVICE"
DURATION_ABOVE_CAP: Final = "DURATION_ABOVE_CAP"
YEAR_ABOVE_CAP: Final = "YEAR_ABOVE_CAP"
OVERLAP: Final = "OVERLAP"

LONGEST_DATE_SECONDS: Final = 27 * 3600
"""A calendar date on which clocks are put back has 25 hours nearly everywhere, and 27 at Casey Station."""

CountedSpans: TypeAlias = Mapping[str, tuple[Span, ...]]
"""By attendance: the spans of a person that count."""


class Judged(Passing, frozen=True):
    """Whose presence is judged, where, and by which rules."""

    holder: str
    attendance: str
    place_zone: ZoneInfo
    rules: HoursRules


class Counting(Passing, frozen=True):
    """What a credited span counts for: its parts, ascending and disjoint."""

    counted: tuple[Span, ...]
    withheld: tuple[Span, ...]
    withheld_reason: str | None

    def allocation(self, place_zone: ZoneInfo, counted_as: Account) -> dict[tuple[date, Account], int]:
        """Where its seconds should stand, by calendar date of the place, before anybody verified them."""
        allocation: dict[tuple[date, Account], int] = {}
        for account, spans in ((counted_as, self.counted), (Account.WITHHELD, self.withheld)):
            for day, seconds in seconds_by_date(spans, place_zone).items():
                allocation[day, account] = seconds
        return allocation


@lru_cache(SHARED_MAX)
def first_entries(counting: Counting, place_zone: ZoneInfo, counted_as: Account) -> tuple[Entry, ...]:
    """Entries that bring seconds from outside to where they should stand; many who serve at one time share them."""
    target = counting.allocation(place_zone, counted_as)
    return entries_between({}, target, withheld_reason=counting.withheld_reason)


def window_around(volunteer: str, span: Span) -> TimeWindow:
    """What must be known to count `span`: whatever touches it or a calendar date it touches."""
    start, end = span
    return volunteer, start - LONGEST_DATE_SECONDS, end + LONGEST_DATE_SECONDS


def counted_elsewhere(
    world: World, volunteer: str, attendance: str, span: Span, decided: CountedSpans | None = None
) -> CountedSpans:
    """The spans around `span` that the person's other attendances count. Raises NotLoaded.

    `decided` are those that this command has just decided and that no row tells yet.
    """
    told = {other.attendance: other.counted for other in world.presences(window_around(volunteer, span))}
    return {name: counted for name, counted in {**told, **(decided or {})}.items() if counted and name != attendance}


def count(
    world: World, judged: Judged, span: Span, ground: str | None = None, decided: CountedSpans | None = None
) -> Counting:
    """Which seconds of `span` count beside those that count elsewhere. Raises NotLoaded.

    An overlap is withheld in its overlapping part; everything else withholds the span whole: what passes a cap, and
    what has a `ground` of its own. `decided` is of other attendances that this command has just decided.
    """
    start, end = span
    if start == end:
        return Counting((), (), None)
    if ground is not None:
        return Counting((), (span,), ground)
    if end - start > judged.rules.attendance_seconds_max:
        return Counting((), (span,), DURATION_ABOVE_CAP)
    within_caps = end - start <= judged.rules.date_seconds_max and judged.rules.year_seconds_max is None
    if within_caps and not decided and not world.presences(window_around(judged.holder, span)):
        return Counting((span,), (), None)  # nearly always
    elsewhere = counted_elsewhere(world, judged.holder, judged.attendance, span, decided)
    if within_caps and not elsewhere:
        return Counting((span,), (), None)
    counted = subtract((span,), all_spans(elsewhere))
    above = cap_passed(world, judged, counted, elsewhere, decided)
    if above is not None:
        return Counting((), (span,), above)
    withheld = subtract((span,), counted)
    return Counting(counted, withheld, OVERLAP if withheld else None)


def cap_passed(
    world: World,
    judged: Judged,
    counted: tuple[Span, ...],
    elsewhere: CountedSpans,
    decided: CountedSpans | None = None,
    zones: Mapping[str, str] = MappingProxyType({}),
) -> str | None:
    """The cap of a date or of a year that would be passed if `counted` counted. Raises NotLoaded.

    `elsewhere` counts around it already; `decided` and `zones` are of attendances that no stream tells yet.
    """
    if above_day_cap(world, judged, counted, elsewhere, zones):
        return DURATION_ABOVE_CAP
    if judged.rules.year_seconds_max is not None and _above_year_cap(world, judged, counted, decided):
        return YEAR_ABOVE_CAP
    return None


def above_day_cap(
    world: World, judged: Judged, counted: tuple[Span, ...], elsewhere: CountedSpans, zones: Mapping[str, str]
) -> bool:
    """Whether a calendar date on which `counted` lies would hold more than its cap. Raises NotLoaded.

    A date is one of this place, or of another place where the person served on it: a person who flies from London to
    Riyadh has no more than the cap on either's date.
    """
    seconds_max = judged.rules.date_seconds_max
    together = (*counted, *all_spans(elsewhere))
    if total_seconds(together) <= seconds_max:
        return False
    if most_seconds_within(together, LONGEST_DATE_SECONDS) <= seconds_max:
        return False  # nearly always: only who serves around the clock can fill a date on which clocks are put back
    need_states(world, [name for name in elsewhere if name not in zones])
    served = [(counted, judged.place_zone)]
    for name, spans in elsewhere.items():
        time_zone = zones.get(name) or attendance_state.existing(world, name).time_zone
        served.append((spans, zone(time_zone)))
    return any(_day_above(seconds_max, counted, spans, together, dates_of) for spans, dates_of in served)


def _day_above(
    seconds_max: int, counted: tuple[Span, ...], served: tuple[Span, ...], together: tuple[Span, ...], zone: ZoneInfo
) -> bool:
    days = seconds_by_date(counted, zone).keys() & seconds_by_date(served, zone).keys()
    totals = seconds_by_date(together, zone)
    return any(totals[day] > seconds_max for day in days)


def _above_year_cap(world: World, judged: Judged, counted: tuple[Span, ...], decided: CountedSpans | None) -> bool:
    """Whether a calendar year of this place would hold more than its cap, over all organisations."""
    for year in years_of(counted, judged.place_zone):
        elsewhere = counted_elsewhere(world, judged.holder, judged.attendance, year, decided)
        seconds = seconds_within((*counted, *all_spans(elsewhere)), year)
        if seconds > (judged.rules.year_seconds_max or 0):
            return True
    return False


def all_spans(elsewhere: CountedSpans) -> Iterable[Span]:
    """The spans of all attendances, one after another."""
    return [span for spans in elsewhere.values() for span in spans]
