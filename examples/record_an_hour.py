"""The path of one hour: an organisation, a volunteer, a shift, a presence, a verification, a balance.

Run it with .venv/bin/python while the service runs. Everybody in it is synthetic. Whoever records an attendance does
not verify it, so it takes two people's access tokens, COORDINATOR_TOKEN and VERIFIER_TOKEN; of an embedded ledger:
hours-ledger token --actor staff/synthetic-coordinator --role administrator
hours-ledger token --actor staff/synthetic-verifier --role administrator
"""

import os
import uuid
from datetime import UTC, datetime, timedelta

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2 as resources
from volunteer_hours.v1 import values_pb2 as values
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.verification_service_pb2_grpc import VerificationServiceStub

COORDINATOR = [("authorization", f"Bearer {os.environ['COORDINATOR_TOKEN']}")]
VERIFIER = [("authorization", f"Bearer {os.environ['VERIFIER_TOKEN']}")]


def new_request() -> str:
    """A request_id for every new command. Repeat a command with the same one and you get its first answer."""
    return str(uuid.uuid4())


def timestamp(moment: datetime) -> Timestamp:
    """A moment in the API's form."""
    value = Timestamp()
    value.FromDatetime(moment)
    return value


end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
start = end - timedelta(hours=3)

with grpc.insecure_channel(os.environ.get("LEDGER_GRPC_ADDRESS", "127.0.0.1:50051")) as channel:
    registry_service = RegistryServiceStub(channel)
    participation_service = ParticipationServiceStub(channel)

    organization = registry_service.RegisterOrganization(
        registry.RegisterOrganizationRequest(
            request_id=new_request(),
            display_name=values.LocalizedText(ar="جهة اصطناعية", en="Synthetic organisation"),
        ),
        metadata=COORDINATOR,
    )
    registry_service.AccreditOrganization(
        registry.AccreditOrganizationRequest(request_id=new_request(), name=organization.name), metadata=COORDINATOR
    )
    registry_service.AppointMember(
        registry.AppointMemberRequest(
            request_id=new_request(),
            parent=organization.name,
            member="staff/synthetic-verifier",
            role=resources.MEMBER_ROLE_VERIFIER,
        ),
        metadata=COORDINATOR,
    )
    volunteer = registry_service.RegisterVolunteer(
        registry.RegisterVolunteerRequest(
            request_id=new_request(),
            details=resources.PersonalDetails(full_name="متطوع اصطناعي (synthetic volunteer)", birth_date="2000-01-01"),
        ),
        metadata=COORDINATOR,
    )
    opportunity = registry_service.PublishOpportunity(
        registry.PublishOpportunityRequest(
            request_id=new_request(),
            opportunity=resources.Opportunity(
                organization=organization.name,
                title=values.LocalizedText(ar="غرس أشجار (اصطناعي)", en="Planting trees (synthetic)"),
                sector="environment",
            ),
        ),
        metadata=COORDINATOR,
    )
    shift = registry_service.OpenShift(
        registry.OpenShiftRequest(
            request_id=new_request(),
            parent=opportunity.name,
            shift=resources.Shift(
                start_time=timestamp(start),
                end_time=timestamp(end),
                time_zone="Asia/Riyadh",
                places=10,
                place=values.Place(region="SA-01"),
            ),
        ),
        metadata=COORDINATOR,
    )
    participation_service.RegisterForShift(
        participation.RegisterForShiftRequest(request_id=new_request(), shift=shift.name, volunteer=volunteer.name),
        metadata=COORDINATOR,
    )
    attendance = participation_service.CheckIn(
        participation.CheckInRequest(
            request_id=new_request(),
            shift=shift.name,
            volunteer=volunteer.name,
            check_in_time=timestamp(start),
            method=resources.ATTENDANCE_METHOD_QR,
        ),
        metadata=COORDINATOR,
    )
    participation_service.CheckOut(
        participation.CheckOutRequest(
            request_id=new_request(),
            name=attendance.name,
            check_out_time=timestamp(end),
            method=resources.ATTENDANCE_METHOD_QR,
        ),
        metadata=COORDINATOR,
    )
    verified = VerificationServiceStub(channel).VerifyHours(
        verification.VerifyHoursRequest(request_id=new_request(), name=attendance.name), metadata=VERIFIER
    )
    # The positions of our last write: the answer is at least as new as that.
    balance = HoursServiceStub(channel).GetBalance(
        hours.GetBalanceRequest(name=volunteer.name, positions=verified.positions), metadata=VERIFIER, timeout=10
    )

print(f"{balance.name}: {balance.seconds.verified_seconds} s verified")
