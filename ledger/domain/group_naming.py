"""One of a head count gets a name: the group holds one head less, and the person's own attendance begins.

A head count counts only people who are not recorded by name; otherwise their hours would stand in both sums. The
group's seconds, which are credited ones, fall by what the person is credited, never below zero. The person's hours may
lie in another partition: they are received there by the command that follows (`follow_ups`). With the last head the
count is withdrawn instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ledger.domain import shift
from ledger.domain.crediting import served_span
from ledger.domain.event import NewEvent
from ledger.domain.group_attendance_state import GroupAttendance, GroupHeadNamed
from ledger.domain.group_attendance_state import existing as existing_group
from ledger.domain.hours import entries_between, from_epoch, interval_of
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.refusals import Reason, refuse
from ledger.domain.streams import opportunity_of, shift_of, volunteer_of
from ledger.domain.transfer import ReceiveAttendance
from ledger.domain.values import Account
from ledger.domain.volunteer import refuse_erased
from ledger.domain.world import Reads, World

NAMED: Final = "NAMED"
_LEAVE_FIRST: Final = (Account.ATTENDED, Account.WITHHELD, Account.VERIFIED)
"""Whose seconds leave the group first: those that nobody has confirmed yet."""


@dataclass(frozen=True, slots=True)
class NameGroupMember:
    """Record one of a head count by name.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, ALREADY_EXISTS, ATTENDANCE_WITHDRAWN, ALREADY_NAMED, LAST_HEAD, TIMES_REVERSED,
    DURATION_OUT_OF_RANGE, SERVICE_IN_FUTURE, SHIFT_HAS_NO_TIMES.
    """

    group_attendance: str
    to_attendance: str
    """volunteers/{v}/attendances/{a}: who it was, and the new attendance's own name."""
    start: datetime | None = None
    end: datetime | None = None
    """Both, or neither: then the shift's schedule."""

    @property
    def stream(self) -> str:
        return self.group_attendance

    def reads(self) -> Reads:
        shift_name = shift_of(self.group_attendance)
        return Reads(
            streams=(self.group_attendance, shift_name, opportunity_of(shift_name), STANDARD_POLICY_STREAM),
            exists=(volunteer_of(self.to_attendance), self.to_attendance),
        )

    def decide(self, world: World) -> list[NewEvent]:
        known = existing_group(world, self.group_attendance)
        if known.state == "withdrawn":
            refuse(Reason.ATTENDANCE_WITHDRAWN, attendance=self.group_attendance)
        refuse_erased(world, volunteer_of(self.to_attendance))
        if known.head_count == 1:
            refuse(Reason.LAST_HEAD, attendance=self.group_attendance)
        place = shift.existing(world, known.shift)
        start, end = self.start or place.start, self.end or place.end
        if start is None or end is None:
            refuse(Reason.SHIFT_HAS_NO_TIMES, shift=place.name)
        served = served_span(start, end, world.now)
        times = from_epoch(served[0]), from_epoch(served[1])
        # Whatever could refuse the hours there is asked before they leave here.
        credited = ReceiveAttendance(self.to_attendance, known.shift, *times, known.name, "").credit(world)
        if volunteer_of(self.to_attendance) in known.named:
            refuse(Reason.ALREADY_NAMED, volunteer=volunteer_of(self.to_attendance), attendance=known.name)
        left = _left(known, credited.span[1] - credited.span[0])
        named = GroupHeadNamed(
            holder=known.holder,
            attendance=known.name,
            organization=known.organization,
            opportunity=known.opportunity,
            shift=known.shift,
            entries=entries_between(known.seconds, left, reversed_reason=NAMED),
            heads_left=known.head_count - 1,
            seconds_left=sum(left.values()),
            was_served=interval_of(served),
            to_attendance=self.to_attendance,
        )
        return [NewEvent(known.name, named, corrects=known.last_event_id)]


def _left(known: GroupAttendance, seconds: int) -> Mapping[tuple[date, Account], int]:
    """What the group holds after so many seconds have left it."""
    held = {key: amount for key, amount in known.seconds.items() if key[1] is not Account.REVERSED}
    for account in _LEAVE_FIRST:
        for key in [key for key in held if key[1] is account]:
            taken = min(seconds, held[key])
            held[key] -= taken
            seconds -= taken
    return {key: amount for key, amount in held.items() if amount}
