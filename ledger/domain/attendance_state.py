"""One person's attendance as its events leave it: where its seconds stand, and which spans of time they are.

At every version: claimed, attended, verified and disputed seconds together are the counted spans, withheld seconds are
the withheld ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from ledger.domain.attendance_events import (
    AttendanceConfirmed,
    AttendanceCorrected,
    AttendanceReceived,
    AttendanceRecorded,
    AttendanceTransferred,
    AttendanceWithdrawn,
    Crediting,
    DisputeResolved,
    HoursAdjusted,
    HoursClaimed,
    HoursDecided,
    HoursDeclined,
    HoursDisputed,
    HoursReleased,
    HoursReversed,
    HoursVerified,
    Undisputed,
    VerificationBegun,
    VolunteerCheckedIn,
    VolunteerCheckedOut,
)
from ledger.domain.event import RecordedEvent
from ledger.domain.hours import (
    PresenceMoved,
    Span,
    apply_entries,
    first_seconds,
    spans_between,
    spans_of,
    subtract,
    to_epoch,
    total_seconds,
)
from ledger.domain.organization import organization_of
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import COUNTED_CLASSES, Account, Interval
from ledger.domain.world import World

State: TypeAlias = Literal["present", "disputed", "withdrawn", "transferred"] | Undisputed
WITH_TIME: Final = ("claimed", "recorded", "verified")
"""States in which withheld time still waits for its chance to count."""
_COUNTED: Final = frozenset(COUNTED_CLASSES)


class Begun(NamedTuple):
    """A verification that waits for its second verifier."""

    verifier: str
    verified_seconds: int


class Dispute(NamedTuple):
    """A dispute under way, and what it goes back to if it is rejected."""

    disputed_by: str
    state: Undisputed
    verified: tuple[Span, ...]
    seconds: Mapping[tuple[date, Account], int]


@dataclass(frozen=True, slots=True)
class Attendance:
    """One presence of one person."""

    name: str
    holder: str
    shift: str
    organization: str
    opportunity: str
    time_zone: str
    crediting: Crediting
    state: State
    start: datetime
    end: datetime
    """The span credited; start == end while the person is still there."""
    served: Interval | None
    """When the person came and left, where that is not the span credited."""
    counted: tuple[Span, ...]
    verified: tuple[Span, ...]
    """Those of the counted spans that are verified; none while all of them are disputed."""
    withheld: tuple[Span, ...]
    seconds: Mapping[tuple[date, Account], int]
    submitted_by: frozenset[str]
    last_event_id: str
    """The last event that moved its hours: what a correction corrects. Empty while there are none."""
    flags: tuple[str, ...]
    withheld_reasons: tuple[str, ...]
    policy: str | None
    migrated: bool
    recorded_order: int
    """Partition position of its first event: who came first gets time that is set free."""
    counted_as: Account = Account.ATTENDED
    """Where seconds stand that count and that nobody verified: claimed, until the organisation corrects a claim."""
    claimed_at: datetime | None = None
    """Record time of a claim."""
    confirmed: bool = False
    """The person agreed with what is recorded."""
    begun: Begun | None = None
    verified_by: frozenset[str] = frozenset()
    """Everybody who ever verified these hours, or was the first of two."""
    dispute: Dispute | None = None
    verified_for: str | None = None
    """The organisation whose verifier verified last: of an initiative's hours it is not the one they were served at."""

    def total(self, account: Account) -> int:
        """Seconds in one class, over all dates."""
        return sum(seconds for (_, held), seconds in self.seconds.items() if held is account)


def evolve(state: object | None, recorded: RecordedEvent) -> Attendance:
    """The attendance after one more event. Raises InvariantBroken on one that cannot follow."""
    after = _after(state, recorded)
    counted_seconds = withheld_seconds = 0
    for (_, account), seconds in after.seconds.items():
        if account in _COUNTED:
            counted_seconds += seconds
        elif account is Account.WITHHELD:
            withheld_seconds += seconds
    if counted_seconds != total_seconds(after.counted) or withheld_seconds != total_seconds(after.withheld):
        raise InvariantBroken(f"{recorded.event_id} leaves seconds in {recorded.stream} that are not its spans")
    return after


def _after(state: object | None, recorded: RecordedEvent) -> Attendance:
    match state, recorded.data:
        case None, (AttendanceRecorded() | AttendanceReceived()) as event:
            return _begun(event, recorded)
        case None, VolunteerCheckedIn() as event:
            return _present(event, recorded)
        case None, HoursClaimed() as event:
            return _claimed(event, recorded)
        case Attendance(state="present") as present, VolunteerCheckedOut() as event:
            submitted_by = present.submitted_by | {recorded.actor}
            return replace(_begun(event, recorded), submitted_by=submitted_by, recorded_order=present.recorded_order)
        case Attendance(state="present") as present, AttendanceWithdrawn():
            return replace(present, state="withdrawn")
        case Attendance(state="disputed") as known, DisputeResolved() as event:
            return _resolved(known, event, recorded)
        case Attendance(state="present" | "withdrawn" | "transferred" | "disputed"), _:
            pass
        case Attendance() as known, PresenceMoved() as event:
            return _moved(known, event, recorded)
        case Attendance() as known, AttendanceConfirmed():
            return replace(known, confirmed=True)
        case Attendance() as known, VerificationBegun(verified_seconds=seconds):
            verified_by = known.verified_by | {recorded.actor}
            return replace(known, begun=Begun(recorded.actor, seconds), verified_by=verified_by)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _present(event: VolunteerCheckedIn, recorded: RecordedEvent) -> Attendance:
    return Attendance(
        name=event.attendance,
        holder=event.holder,
        shift=event.shift,
        organization=event.organization,
        opportunity=event.opportunity,
        time_zone=event.time_zone,
        crediting=event.crediting,
        state="present",
        start=event.at,
        end=event.at,
        served=None,
        counted=(),
        verified=(),
        withheld=(),
        seconds={},
        submitted_by=frozenset((recorded.actor,)),
        last_event_id="",
        flags=(),
        withheld_reasons=(),
        policy=None,
        migrated=False,
        recorded_order=recorded.position,
    )


def _begun(event: HoursDecided, recorded: RecordedEvent) -> Attendance:
    counted = spans_of(event.counted)
    return Attendance(
        name=event.attendance,
        holder=event.holder,
        shift=event.shift,
        organization=event.organization,
        opportunity=event.opportunity,
        time_zone=event.time_zone,
        crediting=event.crediting,
        state="recorded",
        start=event.start,
        end=event.end,
        served=event.served,
        counted=counted,
        verified=(),
        withheld=subtract(spans_between(to_epoch(event.start), to_epoch(event.end)), counted),
        seconds=apply_entries({}, event.entries),
        submitted_by=frozenset((recorded.actor,)),
        last_event_id=recorded.event_id,
        flags=event.flags,
        withheld_reasons=_reasons(event.withheld_reason),
        policy=recorded.policy,
        migrated=event.source == "migrated",
        recorded_order=recorded.position,
    )


def _claimed(event: HoursClaimed, recorded: RecordedEvent) -> Attendance:
    return replace(
        _begun(event, recorded),
        state="claimed",
        counted_as=Account.CLAIMED,
        claimed_at=recorded.recorded_at,
        # Whoever claims for themselves has said what they would confirm.
        confirmed=recorded.actor == event.holder,
    )


def _with_entries(known: Attendance, event: PresenceMoved, recorded: RecordedEvent) -> Attendance:
    return replace(
        known,
        counted=spans_of(event.counted),
        seconds=apply_entries(known.seconds, event.entries),
        last_event_id=recorded.event_id,
        policy=recorded.policy or known.policy,
    )


def _moved(known: Attendance, event: PresenceMoved, recorded: RecordedEvent) -> Attendance:
    after = _with_entries(known, event, recorded)
    counted = after.counted
    match event:
        case AttendanceCorrected():
            return _corrected(after, event, recorded.actor)
        case AttendanceWithdrawn():
            return replace(after, state="withdrawn", verified=(), withheld=(), withheld_reasons=())
        case AttendanceTransferred():
            return replace(after, state="transferred", verified=(), withheld=(), withheld_reasons=())
        case HoursVerified(appointment=appointment):
            verified_by = known.verified_by | {recorded.actor}
            after = replace(after, verified_by=verified_by, verified_for=organization_of(appointment))
            return replace(after, state="verified", verified=counted, begun=None)
        case HoursAdjusted(verified_seconds=seconds):
            return replace(after, verified=first_seconds(known.verified, seconds))
        case HoursDeclined():
            state: State = "verified" if counted else "declined"
            return replace(after, state=state, withheld=(), withheld_reasons=(), begun=None)
        case HoursReversed():
            return replace(after, state="recorded" if counted else "reversed", verified=())
        case HoursDisputed():
            return _disputed(known, after, recorded)
        case HoursReleased(withheld_reason=reason):
            return replace(after, withheld=subtract(known.withheld, counted), withheld_reasons=_reasons(reason))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _corrected(after: Attendance, event: AttendanceCorrected, actor: str) -> Attendance:
    return replace(
        after,
        state="recorded",
        start=event.start,
        end=event.end,
        served=event.served,
        verified=(),
        withheld=subtract(spans_between(to_epoch(event.start), to_epoch(event.end)), after.counted),
        submitted_by=after.submitted_by | {actor},
        flags=event.flags,
        withheld_reasons=_reasons(event.withheld_reason),
        migrated=after.migrated or event.source == "migrated",
        counted_as=Account.ATTENDED,
        confirmed=False,
        begun=None,
    )


def _disputed(known: Attendance, after: Attendance, recorded: RecordedEvent) -> Attendance:
    state = known.state
    if state == "present" or state == "disputed" or state == "withdrawn" or state == "transferred":
        raise InvariantBroken(f"{recorded.stream} cannot be disputed at version {recorded.version}")
    dispute = Dispute(recorded.actor, state, known.verified, known.seconds)
    return replace(after, state="disputed", verified=(), begun=None, dispute=dispute)


def _resolved(known: Attendance, event: DisputeResolved, recorded: RecordedEvent) -> Attendance:
    if known.dispute is None:
        raise InvariantBroken(f"{recorded.stream} is disputed by nobody at version {recorded.version}")
    after = _with_entries(known, event, recorded)
    return replace(
        after,
        state=event.attendance_state,
        verified=known.dispute.verified if event.resolution == "REJECTED" else (),
        withheld=subtract(known.withheld, after.counted),
        withheld_reasons=_reasons(event.withheld_reason),
        dispute=None,
    )


def _reasons(withheld_reason: str | None) -> tuple[str, ...]:
    return () if withheld_reason is None else (withheld_reason,)


def existing(world: World, name: str) -> Attendance:
    """The attendance called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Attendance):
        raise InvariantBroken(f"{name} is no person's attendance: {type(state).__name__}")
    return state


def with_hours(world: World, name: str) -> Attendance:
    """The attendance called `name`, which has hours.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_TRANSFERRED, ATTENDANCE_NOT_RECORDED.
    """
    attendance = existing(world, name)
    if attendance.state == "transferred":
        refuse(Reason.ATTENDANCE_TRANSFERRED, attendance=name)
    if attendance.state == "withdrawn":
        refuse(Reason.ATTENDANCE_WITHDRAWN, attendance=name)
    if attendance.state == "present":
        refuse(Reason.ATTENDANCE_NOT_RECORDED, attendance=name)
    return attendance


def undisputed(world: World, name: str) -> Attendance:
    """The attendance called `name`, which has hours that nobody contests.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_TRANSFERRED, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED.
    """
    attendance = with_hours(world, name)
    if attendance.state == "disputed":
        refuse(Reason.HOURS_DISPUTED, attendance=name)
    return attendance
