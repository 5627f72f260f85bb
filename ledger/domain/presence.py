"""Which seconds of a presence count: no second of a person twice, no attendance and no calendar date above its cap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from ledger.domain.hours import Span, from_epoch, seconds_by_date, subtract, total_seconds
from ledger.domain.policy import STANDARD_POLICY_V1, PolicyEnacted
from ledger.domain.values import Account
from ledger.domain.world import Presence, TimeWindow, World

OVERLAP: Final = "OVERLAP"
DURATION_ABOVE_CAP: Final = "DURATION_ABOVE_CAP"

LONGEST_DATE_SECONDS: Final = 90_000
"""A calendar date on which clocks are put back has 25 hours."""


@dataclass(frozen=True, slots=True)
class Counting:
    """What a credited span counts for: its parts, ascending and disjoint."""

    counted: tuple[Span, ...]
    withheld: tuple[Span, ...]
    withheld_reason: str | None

    def allocation(self, zone: ZoneInfo) -> dict[tuple[date, Account], int]:
        """Where its seconds should stand, by calendar date of `zone`, before anybody verified them."""
        allocation = {(day, Account.ATTENDED): left for day, left in seconds_by_date(self.counted, zone).items()}
        allocation |= {(day, Account.WITHHELD): left for day, left in seconds_by_date(self.withheld, zone).items()}
        return allocation


def window_around(volunteer: str, span: Span) -> TimeWindow:
    """What must be known to count `span`: whatever touches it or a calendar date it touches."""
    start, end = span
    return volunteer, from_epoch(start - LONGEST_DATE_SECONDS), from_epoch(end + LONGEST_DATE_SECONDS)


def other_presences(world: World, volunteer: str, attendance: str, span: Span) -> list[Presence]:
    """The person's presences around `span` but this attendance's own. Raises NotLoaded."""
    near = world.presences(window_around(volunteer, span))
    return [presence for presence in near if presence.attendance != attendance]


def count(span: Span, taken: Sequence[Span], zone: ZoneInfo, policy: PolicyEnacted = STANDARD_POLICY_V1) -> Counting:
    """Which seconds of `span` count, given the spans that the person's other attendances count already.

    An overlap is withheld in its overlapping part, what is above a cap whole.
    """
    start, end = span
    if end - start > policy.attendance_seconds_max:
        return Counting((), (span,), DURATION_ABOVE_CAP)
    if not taken:
        return Counting((span,), (), None)
    counted = subtract((span,), taken)
    if above_day_cap(counted, taken, zone, policy):
        return Counting((), (span,), DURATION_ABOVE_CAP)
    withheld = subtract((span,), counted)
    return Counting(counted, withheld, OVERLAP if withheld else None)


def above_day_cap(
    counted: Sequence[Span], taken: Sequence[Span], zone: ZoneInfo, policy: PolicyEnacted = STANDARD_POLICY_V1
) -> bool:
    """Whether some calendar date of `counted` would hold more than the cap together with what counts already."""
    if total_seconds(counted) + total_seconds(taken) <= policy.day_seconds_max:
        return False
    together = seconds_by_date((*counted, *taken), zone)
    return any(together[day] > policy.day_seconds_max for day in seconds_by_date(counted, zone))
