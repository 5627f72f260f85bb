"""When the ground for withholding ends: time that a decision makes free counts for the attendances that wait for it.

Who was recorded first gets the second. All of it is in the person's own partition, in the command that freed the time:
no moment exists at which a second counts for two attendances, or a withheld one waits for a second that is free.

What waits is judged by the version it was decided under; a later version acts by `ReassessHours`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ledger.domain import attendance_state, policy, presence
from ledger.domain.attendance_events import HoursReleased
from ledger.domain.attendance_state import Attendance
from ledger.domain.crediting import DecidedFields
from ledger.domain.event import NewEvent
from ledger.domain.hours import (
    Span,
    entries_between,
    intervals_of,
    joined,
    seconds_by_date,
    spans_of,
    subtract,
    to_epoch,
    total_seconds,
    years_of,
)
from ledger.domain.policy import HoursRules
from ledger.domain.presence import CountedSpans, Judged
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Account, zone
from ledger.domain.world import Presence, TimeWindow, World, need_states

OVERLAP_ENDED: Final = "OVERLAP_ENDED"
DURATION_WITHIN_CAP: Final = "DURATION_WITHIN_CAP"
YEAR_WITHIN_CAP: Final = "YEAR_WITHIN_CAP"

_ENDED: Final = {presence.DURATION_ABOVE_CAP: DURATION_WITHIN_CAP, presence.YEAR_ABOVE_CAP: YEAR_WITHIN_CAP}
_CANNOT_END: Final = frozenset((presence.ORGANIZATION_SUSPENDED, presence.COMPULSORY_SERVICE))
"""Grounds that no other attendance of the person gave, so that none can take them away."""


class Decided(NamedTuple):
    """What a command has just decided about one attendance, before any row or stream tells it."""

    holder: str
    attendance: str
    time_zone: str
    counted_before: tuple[Span, ...]
    counted: tuple[Span, ...]


def counting_now(known: Attendance, counted: tuple[Span, ...]) -> Decided:
    """`known` counts `counted` from now on, and no more."""
    return Decided(known.holder, known.name, known.time_zone, known.counted, counted)


def _newly_counting(fields: DecidedFields) -> Decided:
    """An attendance counts for the first time."""
    return Decided(fields["holder"], fields["attendance"], fields["time_zone"], (), spans_of(fields["counted"]))


def releases_beside(world: World, fields: DecidedFields, credited: Span) -> list[NewEvent]:
    """As `releases`, for an attendance that counts for the first time: nearly always nobody waits beside it."""
    around = presence.window_around(fields["holder"], credited)
    return releases(world, _newly_counting(fields)) if _waiting(world, fields["attendance"], around) else []


def releases(world: World, decided: Decided, also: CountedSpans | None = None) -> list[NewEvent]:
    """What else of the person begins to count once `decided` stands. Raises NotLoaded.

    `also`: what other attendances count from now on, by the same command. They are not released themselves.

    Time that is no longer counted ends a ground for withholding; so can time that now is: what was withheld because all
    of it together passed a date's cap may be free where the new time does not overlap it.
    """
    before, counted = decided.counted_before, decided.counted
    changed = (*subtract(before, counted), *subtract(counted, before))
    if not changed:
        return []
    span = _reach(world, decided, subtract(before, counted), changed)
    waiting_beside = _waiting(world, decided.attendance, presence.window_around(decided.holder, span))
    left = [other.attendance for other in waiting_beside if other.attendance not in (also or {})]
    _need_all(world, decided.holder, waiting_beside)
    counted_now, zones = {**(also or {}), decided.attendance: counted}, {decided.attendance: decided.time_zone}
    events: list[NewEvent] = []
    # Each release takes time too, so it is looked again, from who was recorded first, until nothing more is free.
    while (found := _first_released(world, left, counted_now, zones)) is not None:
        waiting, released = found
        left.remove(waiting.name)
        counted_now[waiting.name] = joined((*waiting.counted, *released))
        events.append(_release(waiting, released))
    return events


def free_now(world: World, waiting: Attendance) -> tuple[Span, ...]:
    """What is withheld of an attendance and may count as things stand. Raises NotLoaded."""
    return _released(world, waiting, {}, {})


def _reach(world: World, decided: Decided, freed: Sequence[Span], changed: Sequence[Span]) -> Span:
    """Where somebody may wait for what has changed: beside it, and where a year has a cap, in all of the freed year."""
    spans = list(changed)
    if freed and policy.standard(world).caps_years:
        # A day more: at another place the freed time may lie in another year.
        day = presence.LONGEST_DATE_SECONDS
        spans += years_of([(start - day, end + day) for start, end in freed], zone(decided.time_zone))
    return min(start for start, _ in spans), max(end for _, end in spans)


def _need_all(world: World, holder: str, waiting: Sequence[Presence]) -> None:
    """Ask at once for whatever the look at each of them needs: hundreds may overlap. Raises NotLoaded."""
    if not waiting:
        return
    whole = min(other.start for other in waiting), max(other.end for other in waiting)
    windows = [presence.window_around(holder, (other.start, other.end)) for other in waiting]
    around = world.presences(presence.window_around(holder, whole))
    needed = {other.attendance: None for other in waiting}
    for other in around:
        if other.counted and any(start <= other.end and other.start <= end for _, start, end in windows):
            needed[other.attendance] = None
    need_states(world, needed)


def _waiting(world: World, attendance: str, around: TimeWindow) -> list[Presence]:
    """The person's other attendances around that time that do not count in whole, the first recorded first."""
    return [
        other
        for other in world.presences(around)
        if other.attendance != attendance and total_seconds(other.counted) != other.end - other.start
    ]


def _first_released(
    world: World, left: Sequence[str], counted_now: CountedSpans, zones: Mapping[str, str]
) -> tuple[Attendance, tuple[Span, ...]] | None:
    for name in left:
        waiting = attendance_state.existing(world, name)
        released = _released(world, waiting, counted_now, zones)
        if released:
            return waiting, released
    return None


def _released(
    world: World, waiting: Attendance, counted_now: CountedSpans, zones: Mapping[str, str]
) -> tuple[Span, ...]:
    """The withheld spans of an attendance that may count now, by the version it was decided under."""
    if waiting.state not in attendance_state.WITH_TIME or not waiting.withheld:
        return ()
    if not _CANNOT_END.isdisjoint(waiting.withheld_reasons):
        return ()
    if waiting.policy is None:
        raise InvariantBroken(f"{waiting.name} has hours that no policy decided")
    return may_count(world, waiting, policy.rules_of(world, waiting.policy), counted_now, zones)


def may_count(
    world: World,
    waiting: Attendance,
    rules: HoursRules,
    counted_now: CountedSpans,
    zones: Mapping[str, str],
) -> tuple[Span, ...]:
    """The withheld spans of an attendance that overlap nothing that counts, where no cap is passed by them."""
    span = to_epoch(waiting.start), to_epoch(waiting.end)
    if span[1] - span[0] > rules.attendance_seconds_max:
        return ()
    elsewhere = presence.counted_elsewhere(world, waiting.holder, waiting.name, span, counted_now)
    released = subtract(waiting.withheld, presence.all_spans(elsewhere))
    judged = Judged(waiting.holder, waiting.name, zone(waiting.time_zone), rules)
    counted = (*waiting.counted, *released)
    if not released or presence.cap_passed(world, judged, counted, elsewhere, counted_now, zones) is not None:
        return ()
    return released


def _release(waiting: Attendance, released: Sequence[Span]) -> NewEvent:
    told = [_ENDED[reason] for reason in waiting.withheld_reasons if reason in _ENDED]
    return release(waiting, released, reason=told[0] if told else OVERLAP_ENDED, version=waiting.policy)


def release(waiting: Attendance, released: Sequence[Span], *, reason: str, version: str | None) -> NewEvent:
    """The event by which withheld spans begin to count; what is left of them overlaps."""
    target = dict(waiting.seconds)
    for day, seconds in seconds_by_date(released, zone(waiting.time_zone)).items():
        target[day, waiting.counted_as] = target.get((day, waiting.counted_as), 0) + seconds
        target[day, Account.WITHHELD] -= seconds
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
        reason=reason,
        withheld_reason=presence.OVERLAP if rest else None,
    )
    return NewEvent(waiting.name, event, policy=version)
