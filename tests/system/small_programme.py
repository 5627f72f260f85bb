"""A small programme sent over gRPC, for tests of the services: one organisation, two shifts, one person. Synthetic."""

from __future__ import annotations

from google.protobuf.message import Message

from tests.system.grpc_caller import at, request_id
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2

GREEN, GARDEN, ANA = "organizations/green", "opportunities/garden", "volunteers/ana"
MORNING, OLD = f"{GARDEN}/shifts/morning", f"{GARDEN}/shifts/old"
VERIFIER = "staff/verifier"
PLACE = values_pb2.Place(region="SA-01")
NAME = values_pb2.LocalizedText(en="synthetic")


def beginnings() -> list[tuple[str, Message]]:
    opportunity = resources_pb2.Opportunity(organization=GREEN, title=NAME)
    return [
        ("RegisterOrganization", registry.RegisterOrganizationRequest(organization_id="green", display_name=NAME)),
        ("AccreditOrganization", registry.AccreditOrganizationRequest(name=GREEN)),
        (
            "AppointMember",
            registry.AppointMemberRequest(
                parent=GREEN, appointment_id="verifier", member=VERIFIER, role=resources_pb2.MEMBER_ROLE_VERIFIER
            ),
        ),
        (
            "PublishOpportunity",
            registry.PublishOpportunityRequest(opportunity_id="garden", opportunity=opportunity),
        ),
        ("OpenShift", opening("morning", "2026-11-20 05:00", "2026-11-20 09:00")),
        ("OpenShift", opening("old", "", "", service_date="2023-06-06")),
        (
            "RegisterVolunteer",
            registry.RegisterVolunteerRequest(
                volunteer_id="ana", details=resources_pb2.PersonalDetails(full_name="synthetic person")
            ),
        ),
    ]


def opening(shift_id: str, start: str, end: str, zone: str = "Asia/Riyadh", **fields) -> registry.OpenShiftRequest:
    shift = resources_pb2.Shift(time_zone=zone, places=5, place=PLACE, **fields)
    if start:
        shift.start_time.CopyFrom(at(start))
    if end:
        shift.end_time.CopyFrom(at(end))
    return registry.OpenShiftRequest(request_id=request_id(), parent=GARDEN, shift_id=shift_id, shift=shift)


def record(start: str, end: str, shift: str = MORNING, **fields) -> participation.RecordAttendanceRequest:
    noted = participation.AttendanceRecord(shift=shift, volunteer=fields.pop("volunteer", ANA), **fields)
    if start:
        noted.start_time.CopyFrom(at(start))
    if end:
        noted.end_time.CopyFrom(at(end))
    return participation.RecordAttendanceRequest(request_id=request_id(), attendance=noted)
