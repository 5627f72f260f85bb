"""Contesting hours: who may, what it stops, and how somebody who took no part ends it.

While hours are disputed they count for nothing and take the person's time: nobody verifies, declines, corrects, adjusts
or reverses them. UPHELD: the contested hours were wrong and are reversed. REJECTED: they are what they were before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain import attendance_state, initiative, organization, presence
from ledger.domain.attendance_events import DisputeResolved, Resolution, Undisputed
from ledger.domain.attendance_state import Attendance, Dispute
from ledger.domain.disputing import disputed
from ledger.domain.event import NewEvent
from ledger.domain.hours import Span, entries_between, intervals_of, joined, seconds_by_date, subtract, total_seconds
from ledger.domain.initiative import is_initiative
from ledger.domain.judging import (
    judging_organization,
    moved,
    refuse_group,
    taking_back,
    verifier_s_appointment,
    without,
)
from ledger.domain.linked_overlap import refuse_verified_twice
from ledger.domain.policy import STANDARD_POLICY_V1, HoursRules
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import counting_now, free_now, may_count, releases
from ledger.domain.streams import volunteer_of
from ledger.domain.values import SECONDS_PER_DAY, Account, zone
from ledger.domain.world import Reads, World

_NO_RULE_BUT_24_HOURS = HoursRules(
    day_seconds_max=SECONDS_PER_DAY, attendance_seconds_max=STANDARD_POLICY_V1.attendance_seconds_accepted_max
)


@dataclass(frozen=True, slots=True)
class DisputeHours:
    """Contest hours: by the person, or by a member of the organisation. What counts becomes disputed.

    An initiative's hours: by the person, by whoever answers for it, or by a member of the organisation that verified.
    Refuses NOT_A_PERSON, NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED, WRONG_ORGANIZATION,
    NOT_CONCERNED, NOTHING_TO_DISPUTE.
    """

    attendance: str
    reason: str
    """A code, not a text about people."""
    organization: str | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,))

    def decide(self, world: World) -> list[NewEvent]:
        refuse_group(self.attendance)
        known = attendance_state.undisputed(world, self.attendance)
        appointment = self._appointment(world, known)
        if not known.counted and not known.withheld:
            refuse(Reason.NOTHING_TO_DISPUTE, attendance=self.attendance)
        return [disputed(known, appointment, self.reason)]

    def _appointment(self, world: World, known: Attendance) -> str | None:
        """The appointment that lets the actor contest; none for the person, nor for who answers for an initiative."""
        if world.actor == known.holder:
            return None
        if is_initiative(known.organization):
            if world.actor in initiative.existing(world, known.organization).responsible:
                return None
            if known.verified_for is None:
                refuse(Reason.NOT_CONCERNED, actor=world.actor, organization=known.organization)
        concerned = judging_organization(world, known, self.organization)
        appointment = organization.member_appointment(concerned, world.actor, world.now)
        if appointment is None:
            refuse(Reason.NOT_CONCERNED, actor=world.actor, organization=concerned.name)
        return appointment.name


@dataclass(frozen=True, slots=True)
class ResolveDispute:
    """End a dispute: by a verifier who neither served, submitted, disputed nor verified.

    Refuses NOT_A_PERSON, NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, NOT_DISPUTED,
    INITIATIVE_CANNOT_VERIFY, WRONG_ORGANIZATION, VERIFIER_SERVED, VERIFIER_SUBMITTED, NOT_A_VERIFIER,
    VERIFIER_DISPUTED, VERIFIER_VERIFIED, LINKED_OVERLAP.
    """

    attendance: str
    resolution: Resolution
    reason: str
    release_withheld: bool = False
    """Withheld time that neither overlaps nor passes 24 hours on a date counts from now on, whatever withheld it."""
    organization: str | None = None

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance,), exists=(volunteer_of(self.attendance),))

    def decide(self, world: World) -> list[NewEvent]:
        refuse_group(self.attendance)
        known = attendance_state.with_hours(world, self.attendance)
        dispute = known.dispute
        if dispute is None:
            refuse(Reason.NOT_DISPUTED, attendance=self.attendance)
        judging = judging_organization(world, known, self.organization)
        appointment = verifier_s_appointment(world, known, judging).name
        if world.actor == dispute.disputed_by:
            refuse(Reason.VERIFIER_DISPUTED)
        if world.actor in known.verified_by:
            refuse(Reason.VERIFIER_VERIFIED)
        if self.resolution == "REJECTED":
            refuse_verified_twice(world, known, dispute.verified)
        after = _undisputed(known, dispute, self.resolution)
        released = self._released(world, after)
        counted = joined((*after.counted, *released))
        rest = subtract(known.withheld, released)
        # Two steps: time that is released was never disputed, and no entry may say so.
        fields = moved(known, after.seconds, reversed_reason=self.reason)
        fields["entries"] = (*fields["entries"], *entries_between(after.seconds, _target(after, released)))
        resolved = DisputeResolved(
            **fields,
            start=known.start,
            end=known.end,
            counted=intervals_of(counted),
            appointment=appointment,
            resolution=self.resolution,
            attendance_state=_state(after.state, dispute, counted),
            reason=self.reason,
            withheld_reason=_withheld_reason(known, released, rest),
        )
        return [taking_back(known, resolved), *releases(world, counting_now(known, counted))]

    def _released(self, world: World, after: Attendance) -> tuple[Span, ...]:
        # While hours were disputed nothing of them was released: what is free by now counts at last.
        free = free_now(world, after)
        if free or not self.release_withheld or not after.withheld:
            return free
        return may_count(world, after, _NO_RULE_BUT_24_HOURS, {}, {})


def _undisputed(known: Attendance, dispute: Dispute, resolution: Resolution) -> Attendance:
    """The attendance after the resolution alone, before any withheld time is looked at."""
    if resolution == "REJECTED":
        return replace(known, state=dispute.state, verified=dispute.verified, seconds=dispute.seconds, dispute=None)
    left = without(known.seconds, Account.DISPUTED)
    return replace(known, state="reversed", counted=(), verified=(), seconds=left, dispute=None)


def _target(after: Attendance, released: tuple[Span, ...]) -> Mapping[tuple[date, Account], int]:
    target = dict(after.seconds)
    for day, seconds in seconds_by_date(released, zone(after.time_zone)).items():
        target[day, after.counted_as] = target.get((day, after.counted_as), 0) + seconds
        target[day, Account.WITHHELD] -= seconds
    return target


def _state(state: str, dispute: Dispute, counted: tuple[Span, ...]) -> Undisputed:
    if state == "reversed":
        return "recorded" if counted else "reversed"
    return dispute.state


def _withheld_reason(known: Attendance, released: tuple[Span, ...], rest: tuple[Span, ...]) -> str | None:
    if not total_seconds(rest):
        return None
    return presence.OVERLAP if released else next(iter(known.withheld_reasons), None)
