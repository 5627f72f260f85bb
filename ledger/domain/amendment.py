"""How an attendance that was recorded wrongly is put right: by another event, never by a change of the first.

A correction decides the hours anew, by the same rules; what was verified is attended again and must be verified again.
A withdrawal is for good: the attendance stays in history and never counts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.domain.attendance_events import AttendanceCorrected, AttendanceWithdrawn
from ledger.domain.attendance_state import Attendance, existing, undisputed
from ledger.domain.crediting import CORRECTED, credit, decide_hours, served_span, terms_of
from ledger.domain.event import NewEvent
from ledger.domain.hours import Span, entries_between, spans_of, to_epoch
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import counting_now, releases
from ledger.domain.values import ImportedFrom
from ledger.domain.world import Reads, World

WITHDRAWN: Final = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class CorrectAttendance:
    """Give an attendance its true times.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, CLAIMANT_CORRECTS,
    NOTHING_CHANGES, TIMES_REVERSED, DURATION_OUT_OF_RANGE, SERVICE_IN_FUTURE, SHIFT_HAS_NO_TIMES.
    """

    attendance: str
    start: datetime
    end: datetime
    reason: str = CORRECTED
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance, STANDARD_POLICY_STREAM))

    def decide(self, world: World) -> list[NewEvent]:
        known = undisputed(world, self.attendance)
        if known.state == "claimed" and world.actor == known.holder:
            refuse(Reason.CLAIMANT_CORRECTS, attendance=self.attendance)
        served = served_span(self.start, self.end, world.now)
        if known.state in ("recorded", "verified") and served == _served(known):
            refuse(Reason.NOTHING_CHANGES, name=self.attendance)
        credited = credit(world, terms_of(known), served)
        decided = decide_hours(
            world,
            terms_of(known),
            credited,
            current=known.seconds,
            imported_from=self.imported_from,
            source_time=self.source_time,
        )
        corrected = NewEvent(
            self.attendance,
            AttendanceCorrected(**decided, reason=self.reason),
            policy=credited.policy,
            corrects=known.last_event_id,
            source_time=self.source_time,
        )
        return [corrected, *releases(world, counting_now(known, spans_of(decided["counted"])))]


@dataclass(frozen=True, slots=True)
class WithdrawAttendance:
    """Take an attendance back for good.

    Refuses NOT_FOUND, ATTENDANCE_TRANSFERRED, NOTHING_CHANGES when it was withdrawn already, HOURS_DISPUTED.
    """

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
        if known.state == "transferred":
            refuse(Reason.ATTENDANCE_TRANSFERRED, attendance=self.attendance)
        if known.state == "disputed":
            refuse(Reason.HOURS_DISPUTED, attendance=self.attendance)
        return withdrawing(world, known, self.reason, imported_from=self.imported_from, source_time=self.source_time)


def withdrawing(
    world: World,
    known: Attendance,
    reason: str,
    *,
    imported_from: ImportedFrom | None = None,
    source_time: datetime | None = None,
) -> list[NewEvent]:
    """The withdrawal of an attendance, and what its time sets free. Raises NotLoaded."""
    withdrawn = AttendanceWithdrawn(
        holder=known.holder,
        attendance=known.name,
        organization=known.organization,
        opportunity=known.opportunity,
        shift=known.shift,
        entries=entries_between(known.seconds, {}, reversed_reason=reason),
        start=known.start,
        end=known.end,
        counted=(),
        reason=reason,
        source="native" if imported_from is None else "migrated",
        imported_from=imported_from,
    )
    event = NewEvent(
        known.name,
        withdrawn,
        policy=known.policy,
        corrects=known.last_event_id or None,
        source_time=source_time,
    )
    return [event, *releases(world, counting_now(known, ()))]


def _served(known: Attendance) -> Span:
    if known.served is not None:
        return to_epoch(known.served.start), to_epoch(known.served.end)
    return to_epoch(known.start), to_epoch(known.end)
