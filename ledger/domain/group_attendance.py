"""Attendance of a group by head count: how many came to a shift and how long they served together.

Its events and how they fold stand in `group_attendance_state`; here is what an organisation may record of it.
A head count has no places in time, so it overlaps with nobody; only its length per head is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypedDict

from ledger.domain import opportunity, shift
from ledger.domain.attendance_events import Source
from ledger.domain.crediting import BEFORE_SERVICE_DATE, CORRECTED, schedule_of
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
from ledger.domain.hours import Allocation, entries_between
from ledger.domain.policy import STANDARD_POLICY_V1, STANDARD_POLICY_V1_NAME
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
        return Reads(streams=(self.shift, opportunity_of(self.shift)), exists=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        if shift_of(self.attendance) != self.shift:
            raise InvariantBroken(f"{self.attendance} does not belong to {self.shift}")
        if world.exists(self.attendance):
            refuse(Reason.ALREADY_EXISTS, name=self.attendance)
        served = shift.existing(world, self.shift)
        offered = opportunity.existing(world, served.opportunity)
        counted = _count_heads(self, served, offered.organization, {}, world.now)
        return [
            NewEvent(
                self.attendance,
                GroupAttendanceRecorded(**counted),
                policy=STANDARD_POLICY_V1_NAME,
                source_time=self.source_time,
            )
        ]


@dataclass(frozen=True, slots=True)
class CorrectGroupAttendance:
    """Give a head count its true figures; what was verified must be verified again.

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
        return Reads(streams=(self.attendance, shift_of(self.attendance)))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.attendance)
        if known.state == "withdrawn":
            refuse(Reason.ATTENDANCE_WITHDRAWN, attendance=self.attendance)
        served = shift.existing(world, known.shift)
        counted = _count_heads(self, served, known.organization, known.seconds, world.now)
        figures = counted["head_count"], counted["attended_seconds"]
        if known.state in ("recorded", "verified") and figures == (known.head_count, known.attended_seconds):
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        corrected = NewEvent(
            self.attendance,
            GroupAttendanceCorrected(**counted, reason=self.reason),
            policy=STANDARD_POLICY_V1_NAME,
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
            policy=STANDARD_POLICY_V1_NAME,
            corrects=known.last_event_id,
            source_time=self.source_time,
        )
        return [event]


def _count_heads(
    command: RecordGroupAttendance | CorrectGroupAttendance,
    served: Shift,
    organization: str,
    current: Allocation,
    now: datetime,
) -> _CountedFields:
    seconds = _attended_seconds(command.head_count, command.attended_seconds, served)
    day = shift.day_of_service(served)
    above_cap = seconds > command.head_count * STANDARD_POLICY_V1.attendance_seconds_max
    withheld_reason = DURATION_ABOVE_CAP if above_cap else None
    target = {(day, Account.WITHHELD if above_cap else Account.ATTENDED): seconds}
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
        flags=_flags(served, day, command.head_count, command.source_time or now),
        withheld_reason=withheld_reason,
    )


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
