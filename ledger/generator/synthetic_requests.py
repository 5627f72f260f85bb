"""What a seed makes, as requests of the API. Every text a person reads says that it is synthetic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.generator.synthetic_plan import (
    TIME_ZONE,
    SyntheticOpportunity,
    SyntheticOrganization,
    SyntheticPresence,
    SyntheticShift,
    SyntheticVolunteer,
)
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2 as resources
from volunteer_hours.v1 import values_pb2 as values
from volunteer_hours.v1 import verification_service_pb2 as verification

PAGE_ITEMS_MAX: Final = 500
NOWHERE: Final = "XX"
"""ISO leaves this code to users: no country issues a synthetic person's passport."""


def register_organization(organization: SyntheticOrganization) -> registry.RegisterOrganizationRequest:
    """The organisation itself."""
    return registry.RegisterOrganizationRequest(
        request_id=organization.request_id("register"),
        organization_id=organization.organization_id,
        display_name=values.LocalizedText(
            ar=f"جهة اصطناعية {organization.number}", en=f"Synthetic organisation {organization.number}"
        ),
    )


def accredit_organization(organization: SyntheticOrganization) -> registry.AccreditOrganizationRequest:
    """Without accreditation nothing of it can be verified."""
    return registry.AccreditOrganizationRequest(request_id=organization.request_id("accredit"), name=organization.name)


def appoint_verifier(organization: SyntheticOrganization) -> registry.AppointMemberRequest:
    """Somebody else than who submits."""
    return registry.AppointMemberRequest(
        request_id=organization.request_id("appoint"),
        parent=organization.name,
        appointment_id="verifier",
        member=organization.verifier,
        role=resources.MEMBER_ROLE_VERIFIER,
    )


def register_volunteer(
    organization: SyntheticOrganization, person: SyntheticVolunteer
) -> registry.RegisterVolunteerRequest:
    """A person who does not exist."""
    return registry.RegisterVolunteerRequest(
        request_id=organization.request_id(person.name),
        volunteer_id=person.volunteer_id,
        details=resources.PersonalDetails(
            full_name=person.full_name,
            birth_date=person.birth_date,
            gender=person.gender,
            residence_region=person.residence_region,
            identity=values.Identity(type=values.IDENTITY_TYPE_PASSPORT, country=NOWHERE, number=person.passport),
        ),
    )


def publish_opportunity(
    organization: SyntheticOrganization, offered: SyntheticOpportunity
) -> registry.PublishOpportunityRequest:
    """An opportunity of the organisation."""
    return registry.PublishOpportunityRequest(
        request_id=organization.request_id(offered.name),
        opportunity_id=offered.opportunity_id,
        opportunity=resources.Opportunity(
            organization=organization.name,
            title=values.LocalizedText(
                ar=f"فرصة اصطناعية {offered.number}", en=f"Synthetic opportunity {offered.number}"
            ),
            sector=offered.sector,
            event_type=offered.event_type,
            crediting=resources.CREDITING_SCHEDULE if offered.by_schedule else resources.CREDITING_CLOCK,
            level=resources.VOLUNTEERING_LEVEL_GENERAL,
            partner_type=resources.PARTNER_TYPE_NON_PROFIT,
        ),
    )


def open_shift(organization: SyntheticOrganization, shift: SyntheticShift) -> registry.OpenShiftRequest:
    """A shift of one of its opportunities."""
    return registry.OpenShiftRequest(
        request_id=organization.request_id(shift.name),
        parent=shift.opportunity.name,
        shift_id=shift.shift_id,
        shift=resources.Shift(
            start_time=timestamp(shift.start),
            end_time=timestamp(shift.end),
            time_zone=TIME_ZONE,
            places=shift.places,
            place=values.Place(region=shift.opportunity.region),
        ),
    )


def register_for_shift(
    organization: SyntheticOrganization, shift: SyntheticShift, person: SyntheticVolunteer
) -> participation.RegisterForShiftRequest:
    """Somebody signs up."""
    return participation.RegisterForShiftRequest(
        request_id=organization.request_id(f"{shift.name}/{person.name}/register"),
        shift=shift.name,
        volunteer=person.name,
    )


def withdraw_registration(
    organization: SyntheticOrganization, shift: SyntheticShift, person: SyntheticVolunteer
) -> participation.WithdrawRegistrationRequest:
    """And leaves again."""
    return participation.WithdrawRegistrationRequest(
        request_id=organization.request_id(f"{shift.name}/{person.name}/withdraw"),
        name=f"{shift.name}/registrations/{person.volunteer_id}",
    )


def check_in(organization: SyntheticOrganization, presence: SyntheticPresence) -> participation.CheckInRequest:
    """Somebody comes."""
    return participation.CheckInRequest(
        request_id=organization.request_id(f"{presence.name}/in"),
        shift=presence.shift.name,
        volunteer=presence.volunteer.name,
        attendance_id=presence.attendance_id,
        check_in_time=timestamp(presence.start),
        method=resources.ATTENDANCE_METHOD_QR,
    )


def check_out(organization: SyntheticOrganization, presence: SyntheticPresence) -> participation.CheckOutRequest:
    """And goes."""
    return participation.CheckOutRequest(
        request_id=organization.request_id(f"{presence.name}/out"),
        name=presence.name,
        check_out_time=timestamp(presence.end),
        method=resources.ATTENDANCE_METHOD_QR,
    )


def record_pages(organization: SyntheticOrganization) -> Iterator[participation.RecordAttendancesRequest]:
    """Those who came and were noted by the organisation, page by page."""
    noted = [presence for presence in organization.presences if not presence.clocked]
    for first in range(0, len(noted), PAGE_ITEMS_MAX):
        yield participation.RecordAttendancesRequest(
            request_id=organization.request_id(f"page {first}"),
            attendances=[_record(presence) for presence in noted[first : first + PAGE_ITEMS_MAX]],
        )


def _record(presence: SyntheticPresence) -> participation.AttendanceRecord:
    return participation.AttendanceRecord(
        shift=presence.shift.name,
        volunteer=presence.volunteer.name,
        attendance_id=presence.attendance_id,
        start_time=timestamp(presence.start),
        end_time=timestamp(presence.end),
    )


def verify_hours(organization: SyntheticOrganization, presence: SyntheticPresence) -> verification.VerifyHoursRequest:
    """The verifier confirms all that was attended."""
    return verification.VerifyHoursRequest(
        request_id=organization.request_id(f"{presence.name}/verify"), name=presence.name
    )


def timestamp(moment: datetime) -> Timestamp:
    """A moment in the API's form."""
    value = Timestamp()
    value.FromDatetime(moment)
    return value
