"""Which seconds of a presence count: no second of a person twice, no attendance and no calendar date above its cap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from ledger.domain import attendance_state
from ledger.domain.hours import Span, most_seconds_within, seconds_by_date, subtract, total_seconds
from ledger.domain.policy import STANDARD_POLICY_V1
from ledger.domain.values import Account, zone
from ledger.domain.world import TimeWindow, World, need_states

OVERLAP: Final = "OVERLAP"
DURATION_ABOVE_CAP: Final = "DURATION_ABOVE_CAP"

LONGEST_DATE_SECONDS: Final = 27 * 3600
"""A calendar date on which clocks are put back has 25 hours nearly everywhere, and 27 at Casey Station."""

CountedSpans: TypeAlias = Mapping[str, tuple[Span, ...]]
"""By attendance: the spans of a person that count."""


class Counting(NamedTuple):
    """What a credited span counts for: its parts, ascending and disjoint."""

    counted: tuple[Span, ...]
    withheld: tuple[Span, ...]
    withheld_reason: str | None

    def allocation(self, place_zone: ZoneInfo) -> dict[tuple[date, Account], int]:
        """Where its seconds should stand, by calendar date of the place, before anybody verified them."""
        allocation: dict[tuple[date, Account], int] = {}
        for account, spans in ((Account.ATTENDED, self.counted), (Account.WITHHELD, self.withheld)):
            for day, seconds in seconds_by_date(spans, place_zone).items():
                allocation[day, account] = seconds
        return allocation


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


def count(world: World, span: Span, elsewhere: CountedSpans, place_zone: ZoneInfo) -> Counting:
    """Which seconds of `span` count beside those that count elsewhere. Raises NotLoaded.

    An overlap is withheld in its overlapping part, what is above a cap whole.
    """
    start, end = span
    if end - start > STANDARD_POLICY_V1.attendance_seconds_max:
        return Counting((), (span,), DURATION_ABOVE_CAP)
    if not elsewhere:
        return Counting((span,), (), None)
    counted = subtract((span,), all_spans(elsewhere))
    if above_day_cap(world, counted, elsewhere, place_zone):
        return Counting((), (span,), DURATION_ABOVE_CAP)
    withheld = subtract((span,), counted)
    return Counting(counted, withheld, OVERLAP if withheld else None)


def above_day_cap(
    world: World,
    counted: tuple[Span, ...],
    elsewhere: CountedSpans,
    place_zone: ZoneInfo,
    zones: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Whether a calendar date on which `counted` lies would hold more than its cap. Raises NotLoaded.

    A date is one of this place, or of another place where the person served on it: a person who flies from London to
    Riyadh has no more than the cap on either's date. `zones` are those of attendances that no stream tells yet.
    """
    together = (*counted, *all_spans(elsewhere))
    if total_seconds(together) <= STANDARD_POLICY_V1.day_seconds_max:
        return False
    if most_seconds_within(together, LONGEST_DATE_SECONDS) <= STANDARD_POLICY_V1.day_seconds_max:
        return False  # nearly always: only who serves around the clock can fill a date on which clocks are put back
    need_states(world, [name for name in elsewhere if name not in zones])
    served = [(counted, place_zone)]
    for name, spans in elsewhere.items():
        time_zone = zones.get(name) or attendance_state.existing(world, name).time_zone
        served.append((spans, zone(time_zone)))
    return any(_day_above_cap(counted, spans, together, dates_of) for spans, dates_of in served)


def _day_above_cap(
    counted: tuple[Span, ...], served: tuple[Span, ...], together: tuple[Span, ...], dates_of: ZoneInfo
) -> bool:
    days = seconds_by_date(counted, dates_of).keys() & seconds_by_date(served, dates_of).keys()
    totals = seconds_by_date(together, dates_of)
    return any(totals[day] > STANDARD_POLICY_V1.day_seconds_max for day in days)


def all_spans(elsewhere: CountedSpans) -> Iterable[Span]:
    """The spans of all attendances, one after another."""
    return [span for spans in elsewhere.values() for span in spans]
