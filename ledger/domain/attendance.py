"""One person's attendance: checking in and out, and what the organisation records of who came.

Its story in order: `attendance_events` (what can happen), `attendance_state` (how it folds),
here and in `claims` (how it begins), `amendment` (how it is corrected or withdrawn), `verification` (how it is
confirmed), `disputes` (how it is contested).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.domain import eligibility, opportunity, prerequisites, registration, shift
from ledger.domain.amendment import CorrectAttendance, WithdrawAttendance
from ledger.domain.attendance_events import AttendanceRecorded, Method, VolunteerCheckedIn, VolunteerCheckedOut
from ledger.domain.attendance_state import Attendance, State, evolve, existing
from ledger.domain.crediting import Terms, credit, decide_hours, refuse_future, served_span, terms_of
from ledger.domain.event import NewEvent
from ledger.domain.group_attendance_state import refuse_counted
from ledger.domain.hours import Span, to_epoch
from ledger.domain.passing import Passing
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.presence import window_around
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.releasing import releases_beside
from ledger.domain.shift import Shift
from ledger.domain.streams import opportunity_of
from ledger.domain.values import ImportedFrom, whole_seconds
from ledger.domain.volunteer import refuse_unknown
from ledger.domain.world import Reads, TimeWindow, World

__all__ = [
    "Attendance",
    "CheckIn",
    "CheckOut",
    "CorrectAttendance",
    "RecordAttendance",
    "State",
    "WithdrawAttendance",
    "evolve",
    "existing",
]

OPEN_PRESENCE_SECONDS: Final = 24 * 3600
"""Whoever forgot to check out can check in again a day later."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A registered person has come.

    Refuses ALREADY_EXISTS, NOT_FOUND, VOLUNTEER_ERASED, OPPORTUNITY_CLOSED, SHIFT_CANCELLED, NOT_REGISTERED,
    ABSENCE_RECORDED, ELIGIBILITY_NOT_ESTABLISHED, GUARDIAN_CONSENT_MISSING, TRAINING_MISSING, SERVICE_IN_FUTURE,
    ALREADY_CHECKED_IN.
    """

    attendance: str
    shift: str
    volunteer: str
    at: datetime | None
    """None: now. A caller that names the moment spares the store a second look for open presences around it."""
    method: Method

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(
            streams=(
                self.shift,
                opportunity_of(self.shift),
                registration.registration_name(self.shift, self.volunteer),
                STANDARD_POLICY_STREAM,
            ),
            exists=(self.volunteer, self.attendance),
            presences=() if self.at is None else (self._around(self.at),),
            heads=(self.shift,),
        )

    def decide(self, world: World) -> list[NewEvent]:
        refuse_known(world, self.attendance, self.volunteer)
        wanted = shift.existing(world, self.shift)
        refuse_counted(world, self.shift)
        offered = opportunity.existing(world, wanted.opportunity)
        registration.refuse_closed(offered, wanted)
        place = registration.found(world, registration.registration_name(self.shift, self.volunteer))
        if place is not None and place.state == "absent":
            refuse(Reason.ABSENCE_RECORDED, registration=place.name)
        if place is None or place.state != "accepted":
            refuse(Reason.NOT_REGISTERED, volunteer=self.volunteer, shift=self.shift)
        eligibility.refuse_ineligible(world, place, wanted)
        prerequisites.refuse_untrained(world, offered, self.volunteer, shift.day_of_service(wanted))
        at = whole_seconds(self.at or world.now)
        refuse_future(at, world.now)
        self._refuse_second(world, at)
        checked_in = VolunteerCheckedIn(
            holder=self.volunteer,
            attendance=self.attendance,
            organization=offered.organization,
            opportunity=offered.name,
            shift=self.shift,
            at=at,
            method=self.method,
            time_zone=wanted.time_zone,
            crediting=offered.crediting,
        )
        return [NewEvent(self.attendance, checked_in)]

    def _around(self, at: datetime) -> TimeWindow:
        around = to_epoch(at)
        return self.volunteer, around - OPEN_PRESENCE_SECONDS, around + OPEN_PRESENCE_SECONDS

    def _refuse_second(self, world: World, at: datetime) -> None:
        for other in world.presences(self._around(at)):
            # A check-in that was withdrawn leaves an empty span too: only the attendance knows whether it is open.
            if other.start == other.end and existing(world, other.attendance).state == "present":
                refuse(Reason.ALREADY_CHECKED_IN, volunteer=self.volunteer, attendance=other.attendance)


@dataclass(frozen=True, slots=True)
class CheckOut:
    """The person has left: from here on there are hours.

    Refuses NOT_FOUND, NOT_CHECKED_IN, TIMES_REVERSED, DURATION_OUT_OF_RANGE, SERVICE_IN_FUTURE, SHIFT_HAS_NO_TIMES.
    """

    attendance: str
    at: datetime | None
    """None: now."""
    method: Method

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance, STANDARD_POLICY_STREAM))

    def decide(self, world: World) -> list[NewEvent]:
        present = existing(world, self.attendance)
        if present.state != "present":
            refuse(Reason.NOT_CHECKED_IN, attendance=self.attendance)
        served = served_span(present.start, whole_seconds(self.at or world.now), world.now)
        terms = terms_of(present)
        credited = credit(world, terms, served, checked_out=True)
        decided = decide_hours(world, terms, credited, current={})
        checked_out = VolunteerCheckedOut(**decided, method=self.method)
        event = NewEvent(self.attendance, checked_out, policy=credited.policy)
        return [event, *releases_beside(world, decided, credited.span)]


class RecordAttendance(Passing, frozen=True):
    """The organisation notes that a person was there; a registration is not needed.

    Refuses ALREADY_EXISTS, NOT_FOUND, VOLUNTEER_ERASED, GROUP_ALREADY_COUNTED, TIMES_REVERSED, DURATION_OUT_OF_RANGE,
    SERVICE_IN_FUTURE, SHIFT_HAS_NO_TIMES.
    """

    attendance: str
    shift: str
    volunteer: str
    start: datetime | None = None
    end: datetime | None = None
    """Both, or neither: then the shift's schedule."""
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        window: tuple[TimeWindow, ...] = ()
        if self.start is not None and self.end is not None:
            window = (window_around(self.volunteer, (to_epoch(self.start), to_epoch(self.end))),)
        return Reads(
            streams=(self.shift, opportunity_of(self.shift), STANDARD_POLICY_STREAM),
            exists=(self.volunteer, self.attendance),
            presences=window,
            heads=(self.shift,),
        )

    def decide(self, world: World) -> list[NewEvent]:
        refuse_known(world, self.attendance, self.volunteer)
        wanted = shift.existing(world, self.shift)
        refuse_counted(world, self.shift)
        offered = opportunity.existing(world, wanted.opportunity)
        served = self._served(wanted, world.now)
        terms = Terms(
            self.volunteer,
            self.attendance,
            offered.organization,
            offered.name,
            self.shift,
            wanted.time_zone,
            offered.crediting,
        )
        credited = credit(world, terms, served)
        decided = decide_hours(
            world,
            terms,
            credited,
            current={},
            imported_from=self.imported_from,
            source_time=self.source_time,
        )
        recorded = AttendanceRecorded(**decided)
        event = NewEvent(self.attendance, recorded, policy=credited.policy, source_time=self.source_time)
        return [event, *releases_beside(world, decided, credited.span)]

    def _served(self, wanted: Shift, now: datetime) -> Span:
        if self.start is not None and self.end is not None:
            return served_span(self.start, self.end, now)
        if wanted.start is None or wanted.end is None:
            refuse(Reason.SHIFT_HAS_NO_TIMES, shift=wanted.name)
        return served_span(wanted.start, wanted.end, now)


def refuse_known(world: World, attendance: str, volunteer: str) -> None:
    """Refuses ALREADY_EXISTS for an attendance that has begun; NOT_FOUND, VOLUNTEER_ERASED of the person."""
    if not attendance.startswith(volunteer + "/"):
        # Its events would go to another person's partition, where nothing guards this person's seconds.
        raise InvariantBroken(f"{attendance} does not belong to {volunteer}")
    if world.exists(attendance):
        refuse(Reason.ALREADY_EXISTS, name=attendance)
    refuse_unknown(world, volunteer)
