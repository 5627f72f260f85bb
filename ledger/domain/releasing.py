"""When the ground for withholding ends: time that a decision frees counts for the attendances that wait for it.

Who was recorded first gets the second. All of it is in the person's own partition, in the command that freed the time:
no moment exists at which a second counts for two attendances, or a withheld one waits for a second that is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.domain import attendance_state, presence
from ledger.domain.attendance_events import HoursReleased
from ledger.domain.attendance_state import Attendance
from ledger.domain.event import NewEvent
from ledger.domain.hours import (
    Span,
    entries_between,
    intervals_of,
    joined,
    seconds_by_date,
    subtract,
    to_epoch,
    total_seconds,
)
from ledger.domain.policy import STANDARD_POLICY_V1, STANDARD_POLICY_V1_NAME
from ledger.domain.values import Account, zone
from ledger.domain.world import World

OVERLAP_ENDED: Final = "OVERLAP_ENDED"
DURATION_WITHIN_CAP: Final = "DURATION_WITHIN_CAP"


def releases(world: World, decided: Attendance, counted: tuple[Span, ...]) -> list[NewEvent]:
    """What else of the person begins to count once `decided` counts `counted` and no more. Raises NotLoaded."""
    freed = subtract(decided.counted, counted)
    if not freed:
        return []
    counted_now = {decided.name: counted}
    events: list[NewEvent] = []
    for other in world.presences(presence.window_around(decided.holder, (freed[0][0], freed[-1][1]))):
        if other.attendance == decided.name or total_seconds(other.counted) == other.end - other.start:
            continue
        waiting = attendance_state.existing(world, other.attendance)
        released = _released(world, waiting, counted_now)
        if released is not None:
            counted_now[waiting.name] = joined((*waiting.counted, *released))
            events.append(_release(waiting, released))
    return events


def _released(
    world: World, waiting: Attendance, counted_now: Mapping[str, tuple[Span, ...]]
) -> tuple[Span, ...] | None:
    """The withheld spans of an attendance that may count now, None when there are none."""
    if waiting.state not in ("recorded", "verified") or not waiting.withheld:
        return None
    span = to_epoch(waiting.start), to_epoch(waiting.end)
    if span[1] - span[0] > STANDARD_POLICY_V1.attendance_seconds_max:
        return None
    elsewhere = presence.counted_elsewhere(world, waiting.holder, waiting.name, span, counted_now)
    released = subtract(waiting.withheld, presence.all_spans(elsewhere))
    counted = (*waiting.counted, *released)
    if not released or presence.above_day_cap(world, counted, elsewhere, zone(waiting.time_zone)):
        return None
    return released


def _release(waiting: Attendance, released: Sequence[Span]) -> NewEvent:
    target = dict(waiting.seconds)
    for day, seconds in seconds_by_date(released, zone(waiting.time_zone)).items():
        target[day, Account.ATTENDED] = target.get((day, Account.ATTENDED), 0) + seconds
        target[day, Account.WITHHELD] -= seconds
    overlap_only = presence.DURATION_ABOVE_CAP not in waiting.withheld_reasons
    rest = total_seconds(waiting.withheld) - total_seconds(released)
    event = HoursReleased(
        holder=waiting.holder,
        attendance=waiting.name,
        organization=waiting.organization,
        opportunity=waiting.opportunity,
        shift=waiting.shift,
        entries=entries_between(waiting.seconds, target),
        start=waiting.start,
        end=waiting.end,
        counted=intervals_of(joined((*waiting.counted, *released))),
        reason=OVERLAP_ENDED if overlap_only else DURATION_WITHIN_CAP,
        withheld_reason=presence.OVERLAP if rest else None,
    )
    return NewEvent(waiting.name, event, policy=STANDARD_POLICY_V1_NAME)
