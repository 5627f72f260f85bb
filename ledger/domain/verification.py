"""Confirming hours: what verifying, declining, adjusting and reversing move.

Who may do it stands in `judging`. Coordinators record; they do not verify. The events stand with the attendance they
are about, in `attendance_events` and `group_attendance_state`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import Final

from ledger.domain import policy
from ledger.domain.attendance_events import (
    HoursAdjusted,
    HoursDeclined,
    HoursReversed,
    HoursVerified,
    VerificationBegun,
)
from ledger.domain.attendance_state import Attendance, undisputed
from ledger.domain.event import NewEvent
from ledger.domain.group_attendance_state import (
    GroupAttendance,
    GroupHoursDeclined,
    GroupHoursReversed,
    GroupHoursVerified,
)
from ledger.domain.hours import (
    Allocation,
    Span,
    date_of,
    first_seconds,
    intervals_of,
    joined,
    seconds_by_date,
    subtract,
    to_epoch,
)
from ledger.domain.judging import (
    deciding,
    judged,
    judging_organization,
    moved,
    refuse_group,
    refuse_unaccredited,
    taking_back,
    verifier_s_appointment,
    without,
)
from ledger.domain.linked_overlap import refuse_verified_twice
from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import counting_now, releases
from ledger.domain.streams import is_group, volunteer_of
from ledger.domain.values import Account, zone
from ledger.domain.world import Reads, World

NOT_CONFIRMED: Final = "NOT_CONFIRMED"


@dataclass(frozen=True, slots=True)
class VerifyHours:
    """Confirm claimed or attended hours. What is not confirmed is reversed; what is withheld stays withheld.

    Where the policy asks for two verifiers, the first one begins and another one's same word verifies.
    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, INITIATIVE_CANNOT_VERIFY,
    WRONG_ORGANIZATION, VERIFIER_SERVED, VERIFIER_SUBMITTED, NOT_A_VERIFIER, ORGANIZATION_SUSPENDED,
    ORGANIZATION_NOT_ACCREDITED, NOTHING_TO_VERIFY, VERIFIED_ABOVE_ATTENDED, DURATION_OUT_OF_RANGE,
    CONFIRMATION_MISSING, SECOND_VERIFIER_NEEDED, LINKED_OVERLAP.
    """

    attendance: str
    verified_seconds: int | None = None
    """The first so many of the seconds that wait; None: all."""
    organization: str | None = None
    """The verifying organisation; only hours of an initiative need it."""

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        persons = () if is_group(self.attendance) else (volunteer_of(self.attendance),)
        return Reads(streams=(self.attendance, STANDARD_POLICY_STREAM), exists=persons)

    def decide(self, world: World) -> list[NewEvent]:
        known = judged(world, self.attendance)
        verifying = judging_organization(world, known, self.organization)
        appointment = verifier_s_appointment(world, known, verifying).name
        refuse_unaccredited(verifying, world.now.astimezone(UTC).date())
        waiting_seconds = known.total(Account.ATTENDED) + known.total(Account.CLAIMED)
        if not waiting_seconds:
            refuse(Reason.NOTHING_TO_VERIFY, attendance=self.attendance)
        verified_seconds = waiting_seconds if self.verified_seconds is None else self.verified_seconds
        if verified_seconds < 1:
            refuse(Reason.DURATION_OUT_OF_RANGE, seconds=verified_seconds, seconds_max=waiting_seconds)
        if verified_seconds > waiting_seconds:
            refuse(Reason.VERIFIED_ABOVE_ATTENDED, attended_seconds=waiting_seconds)
        if isinstance(known, GroupAttendance):
            return [_verify_group(known, verified_seconds, appointment)]
        if _first_of_two(world, known, verified_seconds):
            return [_begin(known, verified_seconds, appointment)]
        return _verify(world, known, verified_seconds, appointment)


@dataclass(frozen=True, slots=True)
class DeclineHours:
    """Do not accept what waits for verification: claimed, attended and withheld seconds are reversed.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, INITIATIVE_CANNOT_VERIFY,
    WRONG_ORGANIZATION, VERIFIER_SERVED, VERIFIER_SUBMITTED, NOT_A_VERIFIER, NOTHING_TO_DECLINE.
    """

    attendance: str
    reason: str
    organization: str | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = judged(world, self.attendance)
        appointment = verifier_s_appointment(world, known, judging_organization(world, known, self.organization)).name
        target = without(known.seconds, Account.CLAIMED, Account.ATTENDED, Account.WITHHELD)
        fields = moved(known, target, reversed_reason=self.reason)
        if not fields["entries"]:
            refuse(Reason.NOTHING_TO_DECLINE, attendance=self.attendance)
        if isinstance(known, GroupAttendance):
            return [deciding(known, GroupHoursDeclined(**fields, appointment=appointment, reason=self.reason))]
        declined = HoursDeclined(
            **fields,
            start=known.start,
            end=known.end,
            counted=intervals_of(known.verified),
            appointment=appointment,
            reason=self.reason,
        )
        return [deciding(known, declined), *releases(world, counting_now(known, known.verified))]


@dataclass(frozen=True, slots=True)
class AdjustHours:
    """Lower a verification that was too high: its first seconds stay, the rest is reversed.

    Refuses NOT_A_PERSON, NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED,
    INITIATIVE_CANNOT_VERIFY, WRONG_ORGANIZATION, VERIFIER_SERVED, VERIFIER_SUBMITTED, NOT_A_VERIFIER,
    NOTHING_TO_REVERSE, ADJUSTED_NOT_LOWER.
    """

    attendance: str
    verified_seconds: int
    """So many stay verified."""
    reason: str
    organization: str | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        refuse_group(self.attendance)
        known = undisputed(world, self.attendance)
        appointment = verifier_s_appointment(world, known, judging_organization(world, known, self.organization)).name
        before = known.total(Account.VERIFIED)
        if not before:
            refuse(Reason.NOTHING_TO_REVERSE, attendance=self.attendance)
        if not 0 < self.verified_seconds < before:
            refuse(Reason.ADJUSTED_NOT_LOWER, attendance=self.attendance, verified_seconds=before)
        kept = first_seconds(known.verified, self.verified_seconds)
        target = without(known.seconds, Account.VERIFIED)
        for day, seconds in seconds_by_date(kept, zone(known.time_zone)).items():
            target[day, Account.VERIFIED] = seconds
        counted = joined((*subtract(known.counted, known.verified), *kept))
        adjusted = HoursAdjusted(
            **moved(known, target, reversed_reason=self.reason),
            start=known.start,
            end=known.end,
            counted=intervals_of(counted),
            appointment=appointment,
            verified_seconds=self.verified_seconds,
            reason=self.reason,
        )
        return [taking_back(known, adjusted), *releases(world, counting_now(known, counted))]


@dataclass(frozen=True, slots=True)
class ReverseHours:
    """Take a verification back: its seconds are reversed.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, INITIATIVE_CANNOT_VERIFY,
    WRONG_ORGANIZATION, VERIFIER_SERVED, VERIFIER_SUBMITTED, NOT_A_VERIFIER, NOTHING_TO_REVERSE.
    """

    attendance: str
    reason: str
    organization: str | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        known = judged(world, self.attendance)
        appointment = verifier_s_appointment(world, known, judging_organization(world, known, self.organization)).name
        if not known.total(Account.VERIFIED):
            refuse(Reason.NOTHING_TO_REVERSE, attendance=self.attendance)
        fields = moved(known, without(known.seconds, Account.VERIFIED), reversed_reason=self.reason)
        if isinstance(known, GroupAttendance):
            return [taking_back(known, GroupHoursReversed(**fields, appointment=appointment, reason=self.reason))]
        still_waiting = subtract(known.counted, known.verified)
        taken_back = HoursReversed(
            **fields,
            start=known.start,
            end=known.end,
            counted=intervals_of(still_waiting),
            appointment=appointment,
            reason=self.reason,
        )
        return [taking_back(known, taken_back), *releases(world, counting_now(known, still_waiting))]


def _first_of_two(world: World, known: Attendance, verified_seconds: int) -> bool:
    """Whether this is only the first of two words that the policy asks for.

    By the version in force for the date of service now: to verify is a new decision. Refuses CONFIRMATION_MISSING,
    SECOND_VERIFIER_NEEDED.
    """
    _, rules = policy.hours_rules(world, date_of(to_epoch(known.start), zone(known.time_zone)))
    if rules.confirmation_required and not known.confirmed:
        refuse(Reason.CONFIRMATION_MISSING, volunteer=known.holder, attendance=known.name)
    longest_seconds = rules.two_verifiers_above_seconds
    if longest_seconds is None or (known.end - known.start).total_seconds() <= longest_seconds:
        return False
    if known.begun is None or known.begun.verified_seconds != verified_seconds:
        return True
    if known.begun.verifier == world.actor:
        refuse(Reason.SECOND_VERIFIER_NEEDED, verified_seconds=verified_seconds)
    return False


def _begin(known: Attendance, verified_seconds: int, appointment: str) -> NewEvent:
    begun = VerificationBegun(
        holder=known.holder,
        attendance=known.name,
        organization=known.organization,
        opportunity=known.opportunity,
        shift=known.shift,
        appointment=appointment,
        verified_seconds=verified_seconds,
    )
    return NewEvent(known.name, begun)


def _verify(world: World, known: Attendance, verified_seconds: int, appointment: str) -> list[NewEvent]:
    waiting = subtract(known.counted, known.verified)
    confirmed = first_seconds(waiting, verified_seconds)
    refuse_verified_twice(world, known, confirmed)
    by_date = seconds_by_date(confirmed, zone(known.time_zone))
    counted: tuple[Span, ...] = joined((*known.verified, *confirmed))
    verified = HoursVerified(
        **moved(known, _verified_target(known.seconds, by_date), reversed_reason=NOT_CONFIRMED),
        start=known.start,
        end=known.end,
        counted=intervals_of(counted),
        appointment=appointment,
        verified_seconds=verified_seconds,
    )
    return [deciding(known, verified), *releases(world, counting_now(known, counted))]


def _verify_group(known: GroupAttendance, verified_seconds: int, appointment: str) -> NewEvent:
    target = _verified_target(known.seconds, {known.service_date: verified_seconds})
    fields = moved(known, target, reversed_reason=NOT_CONFIRMED)
    return deciding(known, GroupHoursVerified(**fields, appointment=appointment, verified_seconds=verified_seconds))


def _verified_target(current: Allocation, confirmed_by_date: dict[date, int]) -> Allocation:
    target = without(current, Account.CLAIMED, Account.ATTENDED)
    for day, seconds in confirmed_by_date.items():
        target[day, Account.VERIFIED] = target.get((day, Account.VERIFIED), 0) + seconds
    return target
