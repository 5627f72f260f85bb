"""After a mix-up: hours that were recorded for the wrong shift or person leave there, and are received here.

Both ends are events, and each names the other. For one person both stand in one command: no moment exists at which the
hours are nowhere, and nobody else's waiting time takes their place. Another person's hours lie elsewhere, perhaps in
another partition: there they are received by the command that follows (`follow_ups`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.domain import attendance_state, opportunity, shift
from ledger.domain.attendance_events import AttendanceReceived, AttendanceTransferred
from ledger.domain.attendance_state import Attendance
from ledger.domain.crediting import Credit, Terms, credit, decide_hours, refuse_future
from ledger.domain.event import NewEvent
from ledger.domain.group_attendance_state import refuse_counted
from ledger.domain.hours import entries_between, from_epoch, spans_of, to_epoch
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import Decided, counting_now, releases, releases_beside
from ledger.domain.streams import opportunity_of, volunteer_of
from ledger.domain.values import Interval
from ledger.domain.volunteer import refuse_erased
from ledger.domain.world import Reads, World

TRANSFERRED: Final = "TRANSFERRED"


@dataclass(frozen=True, slots=True)
class TransferAttendance:
    """Move an attendance to another shift, another person, or both. What was verified must be verified again.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, ALREADY_EXISTS, GROUP_ALREADY_COUNTED, NOTHING_CHANGES, ATTENDANCE_WITHDRAWN,
    ATTENDANCE_TRANSFERRED, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, CLAIM_NOT_TRANSFERRED, NOTHING_TO_TRANSFER,
    SHIFT_HAS_NO_TIMES, SERVICE_IN_FUTURE.
    """

    attendance: str
    to_attendance: str
    """volunteers/{v}/attendances/{a}: the person it belongs to, and the new attendance's own name."""
    to_shift: str
    reason: str = TRANSFERRED

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(
            streams=(self.attendance, self.to_shift, opportunity_of(self.to_shift), STANDARD_POLICY_STREAM),
            exists=(volunteer_of(self.to_attendance), self.to_attendance),
            heads=(self.to_shift,),
        )

    def decide(self, world: World) -> list[NewEvent]:
        known = attendance_state.undisputed(world, self.attendance)
        if known.state == "claimed":
            refuse(Reason.CLAIM_NOT_TRANSFERRED, attendance=self.attendance)
        if not known.counted and not known.withheld:
            refuse(Reason.NOTHING_TO_TRANSFER, attendance=self.attendance)
        receiver = volunteer_of(self.to_attendance)
        if (receiver, self.to_shift) == (known.holder, known.shift):
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        if receiver != known.holder:  # one's own hours are put right whoever one was
            refuse_erased(world, receiver)
        refuse_counted(world, self.to_shift)
        received = ReceiveAttendance(self.to_attendance, self.to_shift, *served_times(known), self.attendance, "")
        # Whatever could refuse the hours there is asked before they leave here.
        credited = received.credit(world)
        event = NewEvent(self.attendance, self._transferred(known), policy=known.policy, corrects=known.last_event_id)
        if receiver != known.holder:
            return [event, *releases(world, counting_now(known, ()))]
        return [event, *self._received_at_once(world, known, received, credited)]

    def _transferred(self, known: Attendance) -> AttendanceTransferred:
        return AttendanceTransferred(
            holder=known.holder,
            attendance=known.name,
            organization=known.organization,
            opportunity=known.opportunity,
            shift=known.shift,
            entries=entries_between(known.seconds, {}, reversed_reason=self.reason),
            start=known.start,
            end=known.end,
            counted=(),
            reason=self.reason,
            was_served=Interval(start=served_times(known)[0], end=served_times(known)[1]),
            to_attendance=self.to_attendance,
            to_shift=self.to_shift,
        )

    def _received_at_once(
        self, world: World, known: Attendance, received: ReceiveAttendance, credited: Credit
    ) -> Sequence[NewEvent]:
        decided = decide_hours(world, received.terms(world), credited, current={}, freed={known.name: ()})
        event = NewEvent(
            self.to_attendance,
            AttendanceReceived(**decided, transferred_from=known.name),
            policy=credited.policy,
            corrects=known.last_event_id,
        )
        both = Decided(
            known.holder, self.to_attendance, decided["time_zone"], known.counted, spans_of(decided["counted"])
        )
        return [event, *releases(world, both, also={known.name: ()})]


@dataclass(frozen=True, slots=True)
class ReceiveAttendance:
    """Hours taken from elsewhere begin here: follows by itself, once. Refuses as RecordAttendance does."""

    attendance: str
    shift: str
    start: datetime
    end: datetime
    """When the person served, as it was recorded there."""
    transferred_from: str
    corrects: str
    """Id of the event that took them away there."""

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(
            streams=(self.shift, opportunity_of(self.shift), STANDARD_POLICY_STREAM),
            exists=(volunteer_of(self.attendance), self.attendance),
        )

    def decide(self, world: World) -> list[NewEvent]:
        credited = self.credit(world)
        decided = decide_hours(world, self.terms(world), credited, current={})
        event = NewEvent(
            self.attendance,
            AttendanceReceived(**decided, transferred_from=self.transferred_from),
            policy=credited.policy,
            corrects=self.corrects,
        )
        return [event, *releases_beside(world, decided, credited.span)]

    def credit(self, world: World) -> Credit:
        """What is credited here.

        Refuses NOT_FOUND, ALREADY_EXISTS, SHIFT_HAS_NO_TIMES, SERVICE_IN_FUTURE.
        """
        if world.exists(self.attendance):
            refuse(Reason.ALREADY_EXISTS, name=self.attendance)
        if not world.exists(volunteer_of(self.attendance)):
            refuse(Reason.NOT_FOUND, name=volunteer_of(self.attendance))
        refuse_future(self.end, world.now)
        return credit(world, self.terms(world), (to_epoch(self.start), to_epoch(self.end)))

    def terms(self, world: World) -> Terms:
        """Where the hours are received. Refuses NOT_FOUND."""
        place = shift.existing(world, self.shift)
        offered = opportunity.existing(world, place.opportunity)
        return Terms(
            volunteer_of(self.attendance),
            self.attendance,
            offered.organization,
            offered.name,
            self.shift,
            place.time_zone,
            offered.crediting,
        )


def served_times(known: Attendance) -> tuple[datetime, datetime]:
    """When the person came and left, whatever was credited."""
    if known.served is not None:
        return known.served.start, known.served.end
    return from_epoch(to_epoch(known.start)), from_epoch(to_epoch(known.end))
