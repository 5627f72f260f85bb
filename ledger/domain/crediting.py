"""From the time somebody served to the seconds that count: what a check-out, a record and a correction share."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple, TypedDict

from ledger.domain import hours, presence
from ledger.domain.attendance_events import Crediting, Source
from ledger.domain.attendance_state import Attendance
from ledger.domain.hours import Allocation, Span, entries_between, from_epoch, intervals_of, to_epoch
from ledger.domain.policy import STANDARD_POLICY_V1
from ledger.domain.refusals import Reason, refuse
from ledger.domain.shift import Shift
from ledger.domain.values import Entry, ImportedFrom, Interval, zone
from ledger.domain.world import World

BEFORE_SERVICE_DATE: Final = "BEFORE_SERVICE_DATE"
CORRECTED: Final = "CORRECTED"


class Terms(NamedTuple):
    """Who serves where, and how presence there becomes seconds."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    time_zone: str
    crediting: Crediting


class DecidedFields(TypedDict):
    """What every event that decides hours anew says: see `attendance_events.HoursDecided`."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[Entry, ...]
    start: datetime
    end: datetime
    counted: tuple[Interval, ...]
    time_zone: str
    crediting: Crediting
    served: Interval | None
    source: Source
    imported_from: ImportedFrom | None
    flags: tuple[str, ...]
    withheld_reason: str | None


def terms_of(attendance: Attendance) -> Terms:
    """The terms an attendance began under: a later change of the opportunity does not touch it."""
    return Terms(
        attendance.holder,
        attendance.name,
        attendance.organization,
        attendance.opportunity,
        attendance.shift,
        attendance.time_zone,
        attendance.crediting,
    )


def served_span(start: datetime, end: datetime, now: datetime) -> Span:
    """The time somebody served. Refuses TIMES_REVERSED, DURATION_OUT_OF_RANGE, SERVICE_IN_FUTURE."""
    span = to_epoch(start), to_epoch(end)
    seconds = span[1] - span[0]
    if seconds <= 0:
        refuse(Reason.TIMES_REVERSED, start=start.isoformat(), end=end.isoformat())
    if seconds > STANDARD_POLICY_V1.attendance_seconds_accepted_max:
        seconds_max = STANDARD_POLICY_V1.attendance_seconds_accepted_max
        refuse(Reason.DURATION_OUT_OF_RANGE, seconds=seconds, seconds_max=seconds_max)
    refuse_future(end, now)
    return span


def refuse_future(moment: datetime, now: datetime) -> None:
    """Refuses SERVICE_IN_FUTURE when `moment` is later than any clock of a caller may be ahead."""
    if to_epoch(moment) > to_epoch(now) + STANDARD_POLICY_V1.future_tolerance_seconds:
        refuse(Reason.SERVICE_IN_FUTURE, time=moment.isoformat())


def schedule_of(shift: Shift) -> Span:
    """The shift's times. Refuses SHIFT_HAS_NO_TIMES when only its date is known."""
    if shift.start is None or shift.end is None:
        refuse(Reason.SHIFT_HAS_NO_TIMES, shift=shift.name)
    return to_epoch(shift.start), to_epoch(shift.end)


def credited_schedule(shift: Shift, now: datetime) -> Span:
    """What attendance is credited by the schedule: who leaves early is not cut short, but the shift must have begun.

    Refuses SHIFT_HAS_NO_TIMES, SERVICE_IN_FUTURE.
    """
    span = schedule_of(shift)
    refuse_future(from_epoch(span[0]), now)
    return span


def decide_hours(
    world: World,
    terms: Terms,
    *,
    served: Span,
    credited: Span,
    current: Allocation,
    imported_from: ImportedFrom | None = None,
    source_time: datetime | None = None,
) -> DecidedFields:
    """Which seconds of the credited span count, and the entries from `current` to there. Raises NotLoaded."""
    place_zone = zone(terms.time_zone)
    elsewhere = presence.counted_elsewhere(world, terms.holder, terms.attendance, credited)
    counting = presence.count(world, credited, elsewhere, place_zone)
    target = counting.allocation(place_zone)
    begins_early = source_time is not None and source_time.astimezone(place_zone).date() < min(target)[0]
    return DecidedFields(
        holder=terms.holder,
        attendance=terms.attendance,
        organization=terms.organization,
        opportunity=terms.opportunity,
        shift=terms.shift,
        entries=entries_between(current, target, withheld_reason=counting.withheld_reason, reversed_reason=CORRECTED),
        start=from_epoch(credited[0]),
        end=from_epoch(credited[1]),
        counted=intervals_of(counting.counted),
        time_zone=terms.time_zone,
        crediting=terms.crediting,
        served=None if served == credited else hours.interval_of(served),
        source="native" if imported_from is None else "migrated",
        imported_from=imported_from,
        flags=(BEFORE_SERVICE_DATE,) if begins_early else (),
        withheld_reason=counting.withheld_reason,
    )
