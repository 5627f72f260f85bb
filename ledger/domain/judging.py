"""Who may judge hours, and what every judgement says.

Whoever judges neither served nor submitted, and holds a verifier's appointment in the organisation where the hours were
served. An initiative verifies nothing: an accredited organisation, named by whoever asks, does it.
"""

from __future__ import annotations

from datetime import UTC, date
from typing import TypedDict

from msgspec.structs import replace

from ledger.domain import attendance_state, organization, role_training
from ledger.domain.attendance_state import Attendance
from ledger.domain.event import Event, NewEvent
from ledger.domain.group_attendance_state import GroupAttendance
from ledger.domain.group_attendance_state import existing as existing_group
from ledger.domain.hours import Allocation, entries_between
from ledger.domain.initiative import is_initiative
from ledger.domain.organization import Appointment, Organization
from ledger.domain.refusals import Reason, refuse
from ledger.domain.streams import is_group
from ledger.domain.values import Account, Entry
from ledger.domain.world import World


class MovedFields(TypedDict):
    """What every event that moves hours says: see `hours.HoursMoved`."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[Entry, ...]


def judged(world: World, name: str) -> Attendance | GroupAttendance:
    """The hours to be judged.

    Refuses NOT_FOUND, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED.
    """
    if not is_group(name):
        return attendance_state.undisputed(world, name)
    known = existing_group(world, name)
    if known.state == "withdrawn":
        refuse(Reason.ATTENDANCE_WITHDRAWN, attendance=name)
    return known


def refuse_group(name: str) -> None:
    """Refuses NOT_A_PERSON: a head count is corrected or reversed as a whole."""
    if is_group(name):
        refuse(Reason.NOT_A_PERSON, attendance=name)


def judging_organization(world: World, known: Attendance | GroupAttendance, named: str | None) -> Organization:
    """Whose verifiers judge these hours; `named` is whom the caller says.

    Hours of an initiative: any accredited organisation may verify or decline them; what one verified it alone judges.
    Refuses INITIATIVE_CANNOT_VERIFY, WRONG_ORGANIZATION, NOT_FOUND.
    """
    if is_initiative(known.organization):
        verified_for = known.verified_for if isinstance(known, Attendance) else None
        if verified_for is not None:
            if named not in (None, verified_for):
                refuse(Reason.WRONG_ORGANIZATION, organization=verified_for)
            return organization.existing(world, verified_for)
        if named is None or is_initiative(named):
            refuse(Reason.INITIATIVE_CANNOT_VERIFY, initiative=known.organization)
        return organization.existing(world, named)
    if named is not None and named != known.organization:
        refuse(Reason.WRONG_ORGANIZATION, organization=known.organization)
    return organization.existing(world, known.organization)


def verifier_s_appointment(world: World, known: Attendance | GroupAttendance, judging: Organization) -> Appointment:
    """The appointment that lets the actor judge these hours.

    Refuses VERIFIER_SERVED, VERIFIER_SUBMITTED, NOT_A_VERIFIER, TRAINING_MISSING.
    """
    if world.actor == known.holder:
        refuse(Reason.VERIFIER_SERVED)
    if world.actor in known.submitted_by:
        refuse(Reason.VERIFIER_SUBMITTED)
    appointment = organization.verifier_appointment(judging, world.actor, world.now)
    if appointment is None:
        refuse(Reason.NOT_A_VERIFIER, actor=world.actor, organization=judging.name)
    role_training.completed(world, judging, "verifier", world.actor, world.now.astimezone(UTC).date())
    return appointment


def refuse_unaccredited(judging: Organization, today: date) -> None:
    """Refuses ORGANIZATION_SUSPENDED, ORGANIZATION_NOT_ACCREDITED."""
    if judging.state == "suspended":
        refuse(Reason.ORGANIZATION_SUSPENDED, organization=judging.name)
    until = judging.accredited_until
    if judging.state != "accredited" or (until is not None and until < today):
        refuse(Reason.ORGANIZATION_NOT_ACCREDITED, organization=judging.name)


def without(current: Allocation, *accounts: Account) -> dict[tuple[date, Account], int]:
    """An allocation in which nothing stands in `accounts`."""
    return {key: seconds for key, seconds in current.items() if key[1] not in accounts}


def moved(
    known: Attendance | GroupAttendance,
    target: Allocation,
    *,
    reversed_reason: str | None = None,
) -> MovedFields:
    """The fields of an event that brings the hours to `target`."""
    return MovedFields(
        holder=known.holder,
        attendance=known.name,
        organization=known.organization,
        opportunity=known.opportunity,
        shift=known.shift,
        entries=entries_between(known.seconds, target, reversed_reason=reversed_reason),
    )


def deciding(known: Attendance | GroupAttendance, event: Event) -> NewEvent:
    """The judgement as it is to be recorded."""
    return NewEvent(known.name, event, policy=known.policy)


def taking_back(known: Attendance | GroupAttendance, event: Event) -> NewEvent:
    """As `deciding`, of a judgement that takes back what was last said of the hours, and links to it."""
    return replace(deciding(known, event), corrects=known.last_event_id)
