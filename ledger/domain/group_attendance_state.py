"""A group's attendance by head count: what can happen to it, and how it folds. `group_attendance` decides.

These names and fields are the stored format: version them with care.

The seconds belong to the opportunity's group account. They are whole seconds of all people together, never split per
head: who served is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from ledger.domain.attendance_events import Source
from ledger.domain.event import RecordedEvent, stored_name
from ledger.domain.hours import HoursMoved, apply_entries
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import volunteer_of
from ledger.domain.values import Account, ImportedFrom, Interval
from ledger.domain.world import World


class HeadsCounted(HoursMoved):
    """Fields of the events that say how many came and how long they served together."""

    head_count: Annotated[int, Field(ge=1)]
    attended_seconds: Annotated[int, Field(gt=0)]
    """As reported, of all people together, whether counted or withheld."""
    service_date: date
    """The shift's calendar date in its place's zone; all entries bear it."""
    time_zone: str
    source: Source
    imported_from: ImportedFrom | None = None
    flags: tuple[str, ...] = ()
    """What was noticed and accepted: BEFORE_SERVICE_DATE, ABOVE_PLACES."""
    withheld_reason: str | None = None
    """DURATION_ABOVE_CAP when the seconds per head are more than one attendance may have."""


@stored_name("group-attendance-recorded")
class GroupAttendanceRecorded(HeadsCounted):
    """The organisation counted heads at a shift."""


@stored_name("group-attendance-corrected")
class GroupAttendanceCorrected(HeadsCounted):
    """The count or the seconds were wrong: these are the true ones. What was verified must be verified again."""

    reason: str


@stored_name("group-attendance-withdrawn")
class GroupAttendanceWithdrawn(HoursMoved):
    """The count should not have been recorded. It stays in history and never counts again."""

    reason: str
    source: Source
    imported_from: ImportedFrom | None = None


@stored_name("group-hours-verified")
class GroupHoursVerified(HoursMoved):
    """A verifier confirmed attended seconds; what was attended and not confirmed is reversed."""

    appointment: str
    """organizations/{o}/appointments/{a} that gave the right to verify."""
    verified_seconds: Annotated[int, Field(gt=0)]
    """Confirmed by this event alone."""


@stored_name("group-hours-declined")
class GroupHoursDeclined(HoursMoved):
    """A verifier did not accept what waited for verification."""

    appointment: str
    reason: str


@stored_name("group-hours-reversed")
class GroupHoursReversed(HoursMoved):
    """A verification was wrong: its seconds are verified no more."""

    appointment: str
    reason: str


@stored_name("group-head-named")
class GroupHeadNamed(HoursMoved):
    """One of those counted is recorded by name from now on: the group holds one head and some seconds less."""

    heads_left: Annotated[int, Field(ge=1)]
    seconds_left: Annotated[int, Field(ge=0)]
    """In all classes but reversed."""
    was_served: Interval
    """When the person served."""
    to_attendance: str
    """volunteers/{v}/attendances/{a}: where the person's own hours begin."""


State: TypeAlias = Literal["recorded", "verified", "declined", "reversed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class GroupAttendance:
    """One head count of one shift."""

    name: str
    holder: str
    """opportunities/{o}: the group account."""
    shift: str
    organization: str
    opportunity: str
    time_zone: str
    service_date: date
    state: State
    head_count: int
    attended_seconds: int
    """As reported, of all people together."""
    seconds: Mapping[tuple[date, Account], int]
    submitted_by: frozenset[str]
    last_event_id: str
    """The last event that moved its hours: what a correction corrects."""
    flags: tuple[str, ...]
    withheld_reasons: tuple[str, ...]
    policy: str | None
    migrated: bool
    recorded_order: int
    """Partition position of its first event."""
    named: frozenset[str] = frozenset()
    """Volunteers who were named out of it since it was last counted."""

    def total(self, account: Account) -> int:
        """Seconds in one class."""
        return sum(seconds for (_, held), seconds in self.seconds.items() if held is account)


def evolve(state: object | None, recorded: RecordedEvent) -> GroupAttendance:
    """The head count after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, GroupAttendanceRecorded() as event:
            return _begun(event, recorded)
        case GroupAttendance() as known, HoursMoved() as event if known.state != "withdrawn":
            return _moved(known, event, recorded)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _begun(event: GroupAttendanceRecorded, recorded: RecordedEvent) -> GroupAttendance:
    return GroupAttendance(
        name=event.attendance,
        holder=event.holder,
        shift=event.shift,
        organization=event.organization,
        opportunity=event.opportunity,
        time_zone=event.time_zone,
        service_date=event.service_date,
        state="recorded",
        head_count=event.head_count,
        attended_seconds=event.attended_seconds,
        seconds=apply_entries({}, event.entries),
        submitted_by=frozenset((recorded.actor,)),
        last_event_id=recorded.event_id,
        flags=event.flags,
        withheld_reasons=_reasons(event.withheld_reason),
        policy=recorded.policy,
        migrated=event.source == "migrated",
        recorded_order=recorded.position,
    )


def _moved(known: GroupAttendance, event: HoursMoved, recorded: RecordedEvent) -> GroupAttendance:
    after = replace(
        known,
        seconds=apply_entries(known.seconds, event.entries),
        last_event_id=recorded.event_id,
        policy=recorded.policy or known.policy,
    )
    match event:
        case GroupAttendanceCorrected():
            return replace(
                after,
                state="recorded",
                head_count=event.head_count,
                attended_seconds=event.attended_seconds,
                submitted_by=known.submitted_by | {recorded.actor},
                flags=event.flags,
                withheld_reasons=_reasons(event.withheld_reason),
                migrated=known.migrated or event.source == "migrated",
                # Whoever counts anew says who has no name: one whose attendance was withdrawn may be among them.
                named=frozenset(),
            )
        case GroupAttendanceWithdrawn():
            return replace(after, state="withdrawn", withheld_reasons=())
        case GroupHeadNamed():
            named = known.named | {volunteer_of(event.to_attendance)}
            return replace(after, head_count=event.heads_left, attended_seconds=event.seconds_left, named=named)
        case GroupHoursVerified():
            return replace(after, state="verified")
        case GroupHoursDeclined():
            return replace(after, state="declined", withheld_reasons=())
        case GroupHoursReversed():
            return replace(after, state="reversed")
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _reasons(withheld_reason: str | None) -> tuple[str, ...]:
    return () if withheld_reason is None else (withheld_reason,)


def refuse_counted(world: World, shift: str) -> None:
    """Refuse GROUP_ALREADY_COUNTED where people were counted by heads: whoever has a name leaves the count first."""
    group = world.counted_by_heads(shift)
    if group is not None:
        refuse(Reason.GROUP_ALREADY_COUNTED, shift=shift, group=group)


def existing(world: World, name: str) -> GroupAttendance:
    """The head count called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, GroupAttendance):
        raise InvariantBroken(f"{name} is no group attendance: {type(state).__name__}")
    return state
