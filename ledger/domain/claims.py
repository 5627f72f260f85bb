"""What volunteers say of their own hours: that they served where nobody noted it, and that what is noted is right.

A claim takes the person's time like any attendance, and is not verified before a verifier says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.domain import opportunity, policy, shift
from ledger.domain.amendment import withdrawing
from ledger.domain.attendance import refuse_known
from ledger.domain.attendance_events import AttendanceConfirmed, HoursClaimed
from ledger.domain.attendance_state import Attendance, undisputed
from ledger.domain.crediting import Terms, credit, decide_hours, served_span
from ledger.domain.event import NewEvent
from ledger.domain.group_attendance_state import refuse_counted
from ledger.domain.hours import date_of, to_epoch
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.presence import window_around
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import releases_beside
from ledger.domain.streams import opportunity_of, volunteer_of
from ledger.domain.values import Account, zone
from ledger.domain.world import Reads, World

CLAIM_WITHDRAWN: Final = "CLAIM_WITHDRAWN"
CLAIM_LAPSED: Final = "CLAIM_LAPSED"
VOLUNTEERS: Final = "volunteers/"


@dataclass(frozen=True, slots=True)
class ClaimHours:
    """A volunteer, or staff for them, says when they served.

    Refuses CLAIM_FOR_ANOTHER, ALREADY_EXISTS, NOT_FOUND, VOLUNTEER_ERASED, GROUP_ALREADY_COUNTED, TIMES_REVERSED,
    DURATION_OUT_OF_RANGE, SERVICE_IN_FUTURE, SHIFT_HAS_NO_TIMES.
    """

    attendance: str
    shift: str
    volunteer: str
    start: datetime
    end: datetime

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(
            streams=(self.shift, opportunity_of(self.shift), STANDARD_POLICY_STREAM),
            exists=(self.volunteer, self.attendance),
            presences=(window_around(self.volunteer, (to_epoch(self.start), to_epoch(self.end))),),
            heads=(self.shift,),
        )

    def decide(self, world: World) -> list[NewEvent]:
        _refuse_another(world, self.volunteer)
        refuse_known(world, self.attendance, self.volunteer)
        wanted = shift.existing(world, self.shift)
        refuse_counted(world, self.shift)
        offered = opportunity.existing(world, wanted.opportunity)
        served = served_span(self.start, self.end, world.now)
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
        decided = decide_hours(world, terms, credited, current={}, counted_as=Account.CLAIMED)
        event = NewEvent(self.attendance, HoursClaimed(**decided), policy=credited.policy)
        return [event, *releases_beside(world, decided, credited.span)]


@dataclass(frozen=True, slots=True)
class WithdrawClaim:
    """Take a claim back before anybody answered it.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, CLAIM_FOR_ANOTHER, CLAIM_ANSWERED.
    """

    attendance: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        _refuse_another(world, volunteer_of(self.attendance))
        return withdrawing(world, _waiting_claim(world, self.attendance), CLAIM_WITHDRAWN)


@dataclass(frozen=True, slots=True)
class LapseClaim:
    """End a claim that nobody answered in time, by the version in force for its date of service now.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, CLAIM_ANSWERED,
    CLAIMS_DO_NOT_LAPSE, CLAIM_NOT_LAPSED.
    """

    attendance: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance, STANDARD_POLICY_STREAM))

    def decide(self, world: World) -> list[NewEvent]:
        known = _waiting_claim(world, self.attendance)
        day = date_of(to_epoch(known.start), zone(known.time_zone))
        version, rules = policy.hours_rules(world, day)
        if rules.claim_lapses_after_days is None:
            refuse(Reason.CLAIMS_DO_NOT_LAPSE, attendance=self.attendance, policy=version)
        lapses = (known.claimed_at or world.now) + timedelta(days=rules.claim_lapses_after_days)
        if world.now < lapses:
            refuse(Reason.CLAIM_NOT_LAPSED, attendance=self.attendance, time=lapses.isoformat())
        return withdrawing(world, known, CLAIM_LAPSED)


@dataclass(frozen=True, slots=True)
class ConfirmAttendance:
    """The person agrees with what is recorded of them.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, NOT_YOURS_TO_CONFIRM,
    NOTHING_CHANGES.
    """

    attendance: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = undisputed(world, self.attendance)
        if world.actor != known.holder:
            refuse(Reason.NOT_YOURS_TO_CONFIRM, volunteer=known.holder)
        if known.confirmed:
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        confirmed = AttendanceConfirmed(
            holder=known.holder,
            attendance=known.name,
            organization=known.organization,
            opportunity=known.opportunity,
            shift=known.shift,
        )
        return [NewEvent(self.attendance, confirmed)]


def _refuse_another(world: World, volunteer: str) -> None:
    if world.actor.startswith(VOLUNTEERS) and world.actor != volunteer:
        refuse(Reason.CLAIM_FOR_ANOTHER, volunteer=volunteer)


def _waiting_claim(world: World, name: str) -> Attendance:
    known = undisputed(world, name)
    if known.state != "claimed":
        refuse(Reason.CLAIM_ANSWERED, attendance=name)
    return known
