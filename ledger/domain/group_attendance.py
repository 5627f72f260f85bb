"""Attendance of a group by head count: how many came to a shift and how long they served together.

Its events and how they fold stand in `group_attendance_state`; here is what an organisation may record of it.
A head count has no places in time, so it overlaps with nobody; what is judged is its length per head, on average, and
whether the service itself counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypedDict

from ledger.domain import opportunity, policy, shift
from ledger.domain.attendance_events import Source
from ledger.domain.crediting import (
    BEFORE_SERVICE_DATE,
    CORRECTED,
    ground_of_service,
    rounded,
    schedule_of,
)
from ledger.domain.event import NewEvent
from ledger.domain.group_attendance_state import (
    GroupAttendance,
    GroupAttendanceCorrected,
    GroupAttendanceRecorded,
    GroupAttendanceWithdrawn,
    State,
    evolve,
    existing,
)
from ledger.domain.hours import Allocation, Span, date_start, entries_between
from ledger.domain.policy import STANDARD_POLICY_STREAM, STANDARD_POLICY_V1, HoursRules
from ledger.domain.presence import DURATION_ABOVE_CAP
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.shift import Shift
from ledger.domain.streams import opportunity_of, shift_of
from ledger.domain.values import Account, Entry, ImportedFrom, zone
from ledger.domain.world import Reads, World

__all__ = [
    "CorrectGroupAttendance",
    "GroupAttendance",
    "RecordGroupAttendance",
    "State",
    "WithdrawGroupAttendance",
    "evolve",
    "existing",
]

ABOVE_PLACES: Final = "ABOVE_PLACES"
WITHDRAWN: Final = "WITHDRAWN"


class _CountedFields(TypedDict):
    """What the events that count heads say: see `group_attendance_state.HeadsCounted`."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[Entry, ...]
    head_count: int
    attended_seconds: int
    service_date: date
    time_zone: str
    source: Source
    imported_from: ImportedFrom | None
    flags: tuple[str, ...]
    withheld_reason: str | None


@dataclass(frozen=True, slots=True)
class RecordGroupAttendance:
    """The organisation counted heads at a shift. What is odd but possible is accepted with a flag.

    Refuses ALREADY_EXISTS, NOT_FOUND, NOT_A_PERSON, SHIFT_HAS_NO_TIMES, DURATION_OUT_OF_RANGE.
    """

    attendance: str
    shift: str
    head_count: int
    attended_seconds: int | None = None
    """Of all people together; None: head count times the shift's schedule."""
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        streams = (self.shift, opportunity_of(self.shift), STANDARD_POLICY_STREAM)
        return Reads(streams=streams, exists=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        if shift_of(self.attendance) != self.shift:
            raise InvariantBroken(f"{self.attendance} does not belong to {self.shift}")
        if world.exists(self.attendance):
            refuse(Reason.ALREADY_EXISTS, name=self.attendance)
        served = shift.existing(world, self.shift)
        offered = opportunity.existing(world, served.opportunity)
        version, rules = policy.hours_rules(world, shift.day_of_service(served))
        counted = _count_heads(world, self, served, offered.organization, {}, rules)
        recorded = GroupAttendanceRecorded(**counted)
        return [NewEvent(self.attendance, recorded, policy=version, source_time=self.source_time)]


@dataclass(frozen=True, slots=True)
class CorrectGroupAttendance:
    """Give a head count its true figures; what was verified must be verified again.

    The figures it has may be given once more to decide them by a version that came into force since.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, NOTHING_CHANGES, NOT_A_PERSON, SHIFT_HAS_NO_TIMES, DURATION_OUT_OF_RANGE.
    """

    attendance: str
    head_count: int
    attended_seconds: int | None = None
    reason: str = CORRECTED
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance, shift_of(self.attendance), STANDARD_POLICY_STREAM))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.attendance)
        if known.state == "withdrawn":
            refuse(Reason.ATTENDANCE_WITHDRAWN, attendance=self.attendance)
        served = shift.existing(world, known.shift)
        version, rules = policy.hours_rules(world, shift.day_of_service(served))
        counted = _count_heads(world, self, served, known.organization, known.seconds, rules)
        figures = counted["head_count"], counted["attended_seconds"]
        if figures == (known.head_count, known.attended_seconds) and _stands(known, version):
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        corrected = NewEvent(
            self.attendance,
            GroupAttendanceCorrected(**counted, reason=self.reason),
            policy=version,
            corrects=known.last_event_id,
            source_time=self.source_time,
        )
        return [corrected]


@dataclass(frozen=True, slots=True)
class WithdrawGroupAttendance:
    """Take a head count back for good. Refuses NOT_FOUND, NOTHING_CHANGES when it was withdrawn already."""

    attendance: str
    reason: str = WITHDRAWN
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.attendance)
        if known.state == "withdrawn":
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        withdrawn = GroupAttendanceWithdrawn(
            holder=known.holder,
            attendance=known.name,
            organization=known.organization,
            opportunity=known.opportunity,
            shift=known.shift,
            entries=entries_between(known.seconds, {}, reversed_reason=self.reason),
            reason=self.reason,
            source="native" if self.imported_from is None else "migrated",
            imported_from=self.imported_from,
        )
        event = NewEvent(
            self.attendance,
            withdrawn,
            policy=known.policy,
            corrects=known.last_event_id,
            source_time=self.source_time,
        )
        return [event]


def _stands(known: GroupAttendance, version: str) -> bool:
    """Whether the same figures would be decided as they are, or were confirmed as they are."""
    return known.state == "verified" or (known.state == "recorded" and known.policy == version)


def _count_heads(
    world: World,
    command: RecordGroupAttendance | CorrectGroupAttendance,
    served: Shift,
    organization: str,
    current: Allocation,
    rules: HoursRules,
) -> _CountedFields:
    seconds = _attended_seconds(command.head_count, command.attended_seconds, served)
    day = shift.day_of_service(served)
    credited = _credited_seconds(command.head_count, seconds, rules)
    withheld_reason = ground_of_service(world, organization, served.opportunity, rules, _span_of(served, day))
    if withheld_reason is None and credited > command.head_count * rules.attendance_seconds_max:
        withheld_reason = DURATION_ABOVE_CAP
    account = Account.ATTENDED if withheld_reason is None else Account.WITHHELD
    target = {(day, account): credited} if credited else {}
    return _CountedFields(
        holder=served.opportunity,
        attendance=command.attendance,
        organization=organization,
        opportunity=served.opportunity,
        shift=served.name,
        entries=entries_between(current, target, withheld_reason=withheld_reason, reversed_reason=CORRECTED),
        head_count=command.head_count,
        attended_seconds=seconds,
        service_date=day,
        time_zone=served.time_zone,
        source="native" if command.imported_from is None else "migrated",
        imported_from=command.imported_from,
        flags=_flags(served, day, command.head_count, command.source_time or world.now),
        withheld_reason=withheld_reason if credited else None,
    )


def _credited_seconds(head_count: int, seconds: int, rules: HoursRules) -> int:
    """Of all people together: a break and rounding are applied to what each of them served on average."""
    if rules.break_after_seconds is not None and seconds > head_count * rules.break_after_seconds:
        seconds -= head_count * rules.break_seconds
    # Unrounded, the total need not divide by the heads, and keeps its last second.
    return seconds if rules.rounding_seconds == 1 else rounded(seconds, head_count * rules.rounding_seconds, rules)


def _span_of(served: Shift, day: date) -> Span:
    """The shift's times, or all of its date."""
    if served.start is not None and served.end is not None:
        return schedule_of(served)
    place_zone = zone(served.time_zone)
    return date_start(day, place_zone), date_start(day + timedelta(days=1), place_zone)


def _attended_seconds(head_count: int, attended_seconds: int | None, served: Shift) -> int:
    if head_count < 1:
        refuse(Reason.NOT_A_PERSON, attendance=served.name)
    if attended_seconds is None:
        start, end = schedule_of(served)
        return head_count * (end - start)
    seconds_max = head_count * STANDARD_POLICY_V1.attendance_seconds_accepted_max
    if not 0 < attended_seconds <= seconds_max:
        refuse(Reason.DURATION_OUT_OF_RANGE, seconds=attended_seconds, seconds_max=seconds_max)
    return attended_seconds


def _flags(served: Shift, day: date, head_count: int, learnt: datetime) -> tuple[str, ...]:
    before = learnt.astimezone(zone(served.time_zone)).date() < day
    return (*((BEFORE_SERVICE_DATE,) if before else ()), *((ABOVE_PLACES,) if head_count > served.places else ()))
