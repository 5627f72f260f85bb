"""From the time somebody served to the seconds that count: what a check-out, a record and a correction share.

Raw evidence stays in `served`. The rules in force on the date of service make of it the span that is credited: from
check-in to check-out or the shift's times, what comes early and stays late, a break, rounding; all in whole seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from ledger.domain import hours, opportunity, organization, policy, presence, shift
from ledger.domain.attendance_events import Crediting, Source
from ledger.domain.attendance_state import Attendance
from ledger.domain.hours import Allocation, Span, date_of, entries_between, from_epoch, intervals_of, to_epoch
from ledger.domain.passing import Passing
from ledger.domain.policy import STANDARD_POLICY_V1, HoursRules
from ledger.domain.presence import CountedSpans, Counting, Judged
from ledger.domain.refusals import Reason, refuse
from ledger.domain.shift import Shift
from ledger.domain.values import Account, Entry, ImportedFrom, Interval, zone
from ledger.domain.world import World

BEFORE_SERVICE_DATE: Final = "BEFORE_SERVICE_DATE"
CORRECTED: Final = "CORRECTED"


class Terms(Passing, frozen=True):
    """Who serves where, and how presence there becomes seconds."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    time_zone: str
    crediting: Crediting


class Credit(Passing, frozen=True):
    """What of a presence is credited, before anybody looks at the person's other time."""

    served: Span
    """When the person came and left."""
    span: Span
    """What is credited of it; perhaps empty."""
    policy: str
    """The version in force on the date of service: events carry it."""
    rules: HoursRules


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


def credit(world: World, terms: Terms, served: Span, *, checked_out: bool = False) -> Credit:
    """What of a presence is credited. `checked_out`: it ended by a check-out, which can have been forgotten.

    By the schedule, who leaves early is not cut short, but the shift must have begun. Refuses SHIFT_HAS_NO_TIMES,
    SERVICE_IN_FUTURE. Raises NotLoaded.
    """
    span = served
    if terms.crediting == "schedule":
        span = schedule_of(shift.existing(world, terms.shift))
        refuse_future(from_epoch(span[0]), world.now)
    name, rules = policy.hours_rules(world, date_of(span[0], zone(terms.time_zone)))
    if rules.credits_as_served:
        return Credit(served, span, name, rules)
    if terms.crediting == "clock" and rules.needs_schedule:
        planned = shift.existing(world, terms.shift)
        if planned.start is not None and planned.end is not None:  # of a shift with a date alone all is credited
            span = _by_the_clock(served, schedule_of(planned), rules, checked_out=checked_out)
    start, end = span
    return Credit(served, (start, start + credited_seconds(end - start, rules)), name, rules)


def _by_the_clock(served: Span, schedule: Span, rules: HoursRules, *, checked_out: bool) -> Span:
    (start, end), (opens, closes) = served, schedule
    if start < opens and rules.early_seconds_credited_max is not None:
        start = max(start, opens - rules.early_seconds_credited_max)
    elif opens < start <= opens + rules.late_seconds_forgiven:
        start = opens
    forgotten = checked_out and rules.open_presence_seconds is not None and end > closes + rules.open_presence_seconds
    if forgotten:
        end = closes
    elif end > closes and rules.overstay_seconds_credited_max is not None:
        end = min(end, closes + rules.overstay_seconds_credited_max)
    # Who came when nothing is credited any more, or left before anything is, is credited nothing.
    return (start, end) if start < end else (served[0], served[0])


def credited_seconds(seconds: int, rules: HoursRules) -> int:
    """A length of time without its break, rounded."""
    if rules.break_after_seconds is not None and seconds > rules.break_after_seconds:
        seconds = max(0, seconds - rules.break_seconds)
    return rounded(seconds, rules.rounding_seconds, rules)


def rounded(seconds: int, unit: int, rules: HoursRules) -> int:
    """A multiple of `unit`: the one below, the one above, or the nearer one, at half the one above."""
    match rules.rounding:
        case "down":
            return seconds // unit * unit
        case "up":
            return -(-seconds // unit) * unit
        case "nearest":
            return (2 * seconds + unit) // (2 * unit) * unit


def ground_of_service(world: World, terms_organization: str, offered: str, rules: HoursRules, span: Span) -> str | None:
    """Why nothing of a presence counts, whatever else the person did: who offered the service, or what it was."""
    if organization.suspended_within(world, terms_organization, span):
        return presence.ORGANIZATION_SUSPENDED
    if not rules.compulsory_service_counts and opportunity.existing(world, offered).compulsory_service:
        return presence.COMPULSORY_SERVICE
    return None


def _entries(current: Allocation, counting: Counting, place_zone: ZoneInfo, counted_as: Account) -> tuple[Entry, ...]:
    if not current:
        return presence.first_entries(counting, place_zone, counted_as)
    target = counting.allocation(place_zone, counted_as)
    return entries_between(current, target, withheld_reason=counting.withheld_reason, reversed_reason=CORRECTED)


def decide_hours(
    world: World,
    terms: Terms,
    credited: Credit,
    *,
    current: Allocation,
    counted_as: Account = Account.ATTENDED,
    imported_from: ImportedFrom | None = None,
    source_time: datetime | None = None,
    freed: CountedSpans | None = None,
) -> DecidedFields:
    """Which seconds of the credited span count, and the entries from `current` to there. Raises NotLoaded.

    `freed`: by attendance, what the same command lets others of the person count, which no row tells yet.
    """
    place_zone, span = zone(terms.time_zone), credited.span
    judged = Judged(terms.holder, terms.attendance, place_zone, credited.rules)
    ground = ground_of_service(world, terms.organization, terms.opportunity, credited.rules, span)
    counting = presence.count(world, judged, span, ground, freed)
    begins_early = source_time is not None and date_of(to_epoch(source_time), place_zone) < date_of(span[0], place_zone)
    return DecidedFields(
        holder=terms.holder,
        attendance=terms.attendance,
        organization=terms.organization,
        opportunity=terms.opportunity,
        shift=terms.shift,
        entries=_entries(current, counting, place_zone, counted_as),
        start=from_epoch(span[0]),
        end=from_epoch(span[1]),
        counted=intervals_of(counting.counted),
        time_zone=terms.time_zone,
        crediting=terms.crediting,
        served=None if credited.served == span else hours.interval_of(credited.served),
        source="native" if imported_from is None else "migrated",
        imported_from=imported_from,
        flags=(BEFORE_SERVICE_DATE,) if begins_early else (),
        withheld_reason=counting.withheld_reason,
    )
