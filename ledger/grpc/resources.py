"""From folded aggregates to the messages that answer commands.

They hold no personal data and rest on nothing but the aggregate and the command's position: so the answer to a repeated
request is the first answer, to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.batch import CommandResult
from ledger.domain.attendance_state import Attendance
from ledger.domain.group_attendance_state import GroupAttendance
from ledger.domain.initiative import Initiative
from ledger.domain.link_events import VolunteerLinked, VolunteerLinkEnded, VolunteerLinkProposed
from ledger.domain.member import Member
from ledger.domain.opportunity import Crediting, Level, Opportunity, PartnerType
from ledger.domain.organization import Appointment, Organization, Role
from ledger.domain.refusals import InvariantBroken
from ledger.domain.registration import Registration
from ledger.domain.shift import Place, Shift
from ledger.domain.values import Account
from ledger.domain.volunteer import Volunteer
from ledger.grpc.commands import state_after
from ledger.grpc.values import localized_message, positions_of, timestamp
from volunteer_hours.v1 import resources_pb2, values_pb2

ORGANIZATION_STATES: Final[Mapping[str, resources_pb2.OrganizationState.ValueType]] = {
    "registered": resources_pb2.ORGANIZATION_STATE_REGISTERED,
    "accredited": resources_pb2.ORGANIZATION_STATE_ACCREDITED,
    "suspended": resources_pb2.ORGANIZATION_STATE_SUSPENDED,
}
ROLES: Final[Mapping[Role, resources_pb2.MemberRole.ValueType]] = {
    "coordinator": resources_pb2.MEMBER_ROLE_COORDINATOR,
    "verifier": resources_pb2.MEMBER_ROLE_VERIFIER,
}
OPPORTUNITY_STATES: Final[Mapping[str, resources_pb2.OpportunityState.ValueType]] = {
    "published": resources_pb2.OPPORTUNITY_STATE_PUBLISHED,
    "closed": resources_pb2.OPPORTUNITY_STATE_CLOSED,
}
LEVELS: Final[Mapping[Level, resources_pb2.VolunteeringLevel.ValueType]] = {
    "general": resources_pb2.VOLUNTEERING_LEVEL_GENERAL,
    "skilled": resources_pb2.VOLUNTEERING_LEVEL_SKILLED,
    "professional": resources_pb2.VOLUNTEERING_LEVEL_PROFESSIONAL,
}
PARTNER_TYPES: Final[Mapping[PartnerType, resources_pb2.PartnerType.ValueType]] = {
    "government": resources_pb2.PARTNER_TYPE_GOVERNMENT,
    "non_profit": resources_pb2.PARTNER_TYPE_NON_PROFIT,
    "private": resources_pb2.PARTNER_TYPE_PRIVATE,
}
CREDITINGS: Final[Mapping[Crediting, resources_pb2.Crediting.ValueType]] = {
    "clock": resources_pb2.CREDITING_CLOCK,
    "schedule": resources_pb2.CREDITING_SCHEDULE,
}
LEVEL_NAMES: Final = {number: name for name, number in LEVELS.items()}
PARTNER_TYPE_NAMES: Final = {number: name for name, number in PARTNER_TYPES.items()}
CREDITING_NAMES: Final = {number: name for name, number in CREDITINGS.items()}
SHIFT_STATES: Final[Mapping[str, resources_pb2.ShiftState.ValueType]] = {
    "open": resources_pb2.SHIFT_STATE_OPEN,
    "cancelled": resources_pb2.SHIFT_STATE_CANCELLED,
}
REGISTRATION_STATES: Final[Mapping[str, resources_pb2.RegistrationState.ValueType]] = {
    "accepted": resources_pb2.REGISTRATION_STATE_ACCEPTED,
    "withdrawn": resources_pb2.REGISTRATION_STATE_WITHDRAWN,
    "requested": resources_pb2.REGISTRATION_STATE_REQUESTED,
    "waitlisted": resources_pb2.REGISTRATION_STATE_WAITLISTED,
    "declined": resources_pb2.REGISTRATION_STATE_DECLINED,
    "absent": resources_pb2.REGISTRATION_STATE_ABSENT,
}
ATTENDANCE_STATES: Final[Mapping[str, resources_pb2.AttendanceState.ValueType]] = {
    "present": resources_pb2.ATTENDANCE_STATE_PRESENT,
    "recorded": resources_pb2.ATTENDANCE_STATE_RECORDED,
    "verified": resources_pb2.ATTENDANCE_STATE_VERIFIED,
    "declined": resources_pb2.ATTENDANCE_STATE_DECLINED,
    "reversed": resources_pb2.ATTENDANCE_STATE_REVERSED,
    "withdrawn": resources_pb2.ATTENDANCE_STATE_WITHDRAWN,
    "claimed": resources_pb2.ATTENDANCE_STATE_CLAIMED,
    "disputed": resources_pb2.ATTENDANCE_STATE_DISPUTED,
    "transferred": resources_pb2.ATTENDANCE_STATE_TRANSFERRED,
}


def organization_message(result: CommandResult) -> resources_pb2.Organization:
    """An organisation with all its appointments."""
    organization = state_after(result, Organization)
    until = organization.accredited_until
    return resources_pb2.Organization(
        name=organization.name,
        display_name=localized_message(organization.display_name),
        state=ORGANIZATION_STATES[organization.state],
        accredited_until_date="" if until is None else until.isoformat(),
        appointments=[_appointment(appointment) for appointment in organization.appointments.values()],
        required_training=[
            resources_pb2.RoleTraining(role=ROLES[role], required_courses=courses)
            for role, courses in sorted(organization.required_training.items())
        ],
        positions=positions_of(result),
    )


def _appointment(appointment: Appointment) -> resources_pb2.Appointment:
    until = appointment.until_time
    return resources_pb2.Appointment(
        name=appointment.name,
        member=appointment.member,
        role=ROLES[appointment.role],
        from_time=timestamp(appointment.from_time),
        until_time=None if until is None else timestamp(until),
    )


def initiative_message(result: CommandResult) -> resources_pb2.Initiative:
    """An initiative."""
    initiative = state_after(result, Initiative)
    return resources_pb2.Initiative(
        name=initiative.name,
        display_name=localized_message(initiative.display_name),
        responsible=initiative.responsible,
        positions=positions_of(result),
    )


def member_message(result: CommandResult) -> resources_pb2.Member:
    """A member; their name is never in the answer to a command."""
    member = state_after(result, Member)
    return resources_pb2.Member(name=member.name, erased=member.erased, positions=positions_of(result))


def volunteer_message(result: CommandResult) -> resources_pb2.Volunteer:
    """A volunteer's name and what they agreed to; personal details are never in the answer to a command."""
    volunteer = state_after(result, Volunteer)
    return resources_pb2.Volunteer(
        name=volunteer.name,
        erased=volunteer.erased,
        consents=[
            resources_pb2.GuardianConsent(
                name=consent.name,
                until_date="" if consent.until_date is None else consent.until_date.isoformat(),
                withdrawn=consent.withdrawn,
            )
            for _, consent in sorted(volunteer.consents.items())
        ],
        charters=[
            resources_pb2.AcceptedCharter(charter=charter.name, version=charter.version)
            for _, charter in sorted(volunteer.charters.items())
        ],
        positions=positions_of(result),
    )


def link_message(result: CommandResult) -> resources_pb2.VolunteerLink:
    """What a command made of the link between two names."""
    [event, *_] = result.events
    match event.data:
        case VolunteerLinkProposed(volunteer=name, linked_volunteer=linked):
            link = resources_pb2.VolunteerLink(state=resources_pb2.VOLUNTEER_LINK_STATE_PROPOSED)
        case VolunteerLinked(volunteer=name, linked_volunteer=linked) as made:
            link = resources_pb2.VolunteerLink(
                state=resources_pb2.VOLUNTEER_LINK_STATE_LINKED,
                overlaps=[
                    resources_pb2.LinkOverlap(
                        attendance=one.attendance, linked_attendance=one.linked_attendance, seconds=one.seconds
                    )
                    for one in made.overlaps
                ],
                overlap_seconds=made.overlap_seconds,
            )
        case VolunteerLinkEnded(volunteer=name, linked_volunteer=linked):
            link = resources_pb2.VolunteerLink(state=resources_pb2.VOLUNTEER_LINK_STATE_ENDED)
        case other:
            raise InvariantBroken(f"a command on a link ended in {other!r}")
    link.name, link.linked_name = name, linked
    link.positions.extend(positions_of(result))
    return link


def opportunity_message(result: CommandResult) -> resources_pb2.Opportunity:
    """An opportunity with all its details."""
    opportunity = state_after(result, Opportunity)
    level, partner_type = opportunity.level, opportunity.partner_type
    return resources_pb2.Opportunity(
        name=opportunity.name,
        organization=opportunity.organization,
        title=localized_message(opportunity.title),
        description=localized_message(opportunity.description),
        sector=opportunity.sector or "",
        event_type=opportunity.event_type or "",
        skills=opportunity.skills,
        minimum_age_years=opportunity.minimum_age_years,
        level=resources_pb2.VOLUNTEERING_LEVEL_UNSPECIFIED if level is None else LEVELS[level],
        partner_type=resources_pb2.PARTNER_TYPE_UNSPECIFIED if partner_type is None else PARTNER_TYPES[partner_type],
        compulsory_service=opportunity.compulsory_service,
        crediting=CREDITINGS[opportunity.crediting],
        required_courses=opportunity.required_courses,
        state=OPPORTUNITY_STATES[opportunity.state],
        registration_rules=resources_pb2.RegistrationRules(
            approval_required=opportunity.approval_required, waiting_places=opportunity.waiting_places
        ),
        positions=positions_of(result),
    )


def shift_message(result: CommandResult) -> resources_pb2.Shift:
    """A shift; how many of its places are taken only the directory says."""
    shift = state_after(result, Shift)
    return resources_pb2.Shift(
        name=shift.name,
        start_time=None if shift.start is None else timestamp(shift.start),
        end_time=None if shift.end is None else timestamp(shift.end),
        time_zone=shift.time_zone,
        service_date="" if shift.service_date is None else shift.service_date.isoformat(),
        places=shift.places,
        place=_place(shift.place),
        state=SHIFT_STATES[shift.state],
        positions=positions_of(result),
    )


def _place(place: Place) -> values_pb2.Place:
    return values_pb2.Place(region=place.region or "", online=place.online, city=place.city or "")


def registration_message(result: CommandResult) -> resources_pb2.Registration:
    """A registration."""
    registration = state_after(result, Registration)
    return resources_pb2.Registration(
        name=registration.name,
        shift=registration.shift,
        volunteer=registration.volunteer,
        state=REGISTRATION_STATES[registration.state],
        positions=positions_of(result),
    )


def attendance_message(result: CommandResult) -> resources_pb2.Attendance:
    """One presence, of a person or of a group."""
    match result.state:
        case Attendance() as attendance:
            message = _of_person(attendance)
        case GroupAttendance() as attendance:
            message = _of_group(attendance)
        case other:
            raise InvariantBroken(f"a command on an attendance ended in {type(other).__name__}")
    message.positions.extend(positions_of(result))
    return message


def _of_person(attendance: Attendance) -> resources_pb2.Attendance:
    present = attendance.state == "present"
    return resources_pb2.Attendance(
        name=attendance.name,
        shift=attendance.shift,
        volunteer=attendance.holder,
        state=ATTENDANCE_STATES[attendance.state],
        start_time=timestamp(attendance.start),
        end_time=None if present else timestamp(attendance.end),
        head_count=1,
        seconds=evidence_seconds(attendance),
        withheld_reasons=attendance.withheld_reasons,
        flags=attendance.flags,
        policy=attendance.policy or "",
        migrated=attendance.migrated,
    )


def _of_group(attendance: GroupAttendance) -> resources_pb2.Attendance:
    return resources_pb2.Attendance(
        name=attendance.name,
        shift=attendance.shift,
        state=ATTENDANCE_STATES[attendance.state],
        head_count=attendance.head_count,
        seconds=evidence_seconds(attendance),
        withheld_reasons=attendance.withheld_reasons,
        flags=attendance.flags,
        policy=attendance.policy or "",
        migrated=attendance.migrated,
    )


def evidence_seconds(attendance: Attendance | GroupAttendance) -> values_pb2.EvidenceSeconds:
    """Where the seconds of an attendance stand, over all dates."""
    if not attendance.seconds:
        return values_pb2.EvidenceSeconds()
    totals = dict.fromkeys(Account, 0)
    for (_, account), seconds in attendance.seconds.items():
        totals[account] += seconds
    recorded = sum(totals.values()) - totals[Account.OUTSIDE] - totals[Account.REVERSED]
    return values_pb2.EvidenceSeconds(
        claimed_seconds=totals[Account.CLAIMED],
        attended_seconds=totals[Account.ATTENDED],
        verified_seconds=totals[Account.VERIFIED],
        disputed_seconds=totals[Account.DISPUTED],
        withheld_seconds=totals[Account.WITHHELD],
        reversed_seconds=totals[Account.REVERSED],
        recorded_seconds=recorded,
    )
