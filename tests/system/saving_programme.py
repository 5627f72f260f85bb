"""Hours of every kind, to be saved: imported, verified in part, reversed, withheld, head counts, of two organisers.

All synthetic.
"""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.grpc_caller import Client, at, request_id, with_id
from tests.system.small_programme import ANA, NAME, OLD, PLACE, VERIFIER, beginnings, record
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import ImportedFrom, Position

OTHER, MUSEUM = "organizations/other", "opportunities/museum"
EVENING = f"{MUSEUM}/shifts/evening"
PEOPLE = (ANA, *(f"volunteers/synthetic-{number}" for number in range(6)))
HOSTILE_NAME = "=1+1 synthetic"


def happen(client: Client) -> dict[int, int]:
    """Everything in order. Gives the positions of the last writes."""
    last: dict[int, int] = {}
    for method, message in (*beginnings(), *_more_beginnings()):
        client.send(f"RegistryService/{method}", with_id(message))
    for person in PEOPLE[1:]:
        details = resources_pb2.PersonalDetails(full_name=HOSTILE_NAME, birth_date="2001-02-03", gender="female")
        register = registry.RegisterVolunteerRequest(
            request_id=request_id(), volunteer_id=person.removeprefix("volunteers/"), details=details
        )
        client.send("RegistryService/RegisterVolunteer", register)
    for number, person in enumerate(PEOPLE):
        _serve(client, person, number, last)
    group = participation.RecordGroupAttendanceRequest(
        request_id=request_id(), shift=OLD, head_count=6, attended_seconds=86_401
    )
    _noted(client.send("ParticipationService/RecordGroupAttendance", group), last)
    return last


def _more_beginnings() -> list[tuple[str, Message]]:
    evening = resources_pb2.Shift(
        time_zone="Asia/Riyadh",
        places=20,
        place=PLACE,
        start_time=at("2026-11-21 15:00"),
        end_time=at("2026-11-21 19:00"),
    )
    return [
        ("RegisterOrganization", registry.RegisterOrganizationRequest(organization_id="other", display_name=NAME)),
        ("AccreditOrganization", registry.AccreditOrganizationRequest(name=OTHER)),
        (
            "PublishOpportunity",
            registry.PublishOpportunityRequest(
                opportunity_id="museum", opportunity=resources_pb2.Opportunity(organization=OTHER, title=NAME)
            ),
        ),
        ("OpenShift", registry.OpenShiftRequest(parent=MUSEUM, shift_id="evening", shift=evening)),
    ]


def _serve(client: Client, person: str, number: int, last: dict[int, int]) -> None:
    first = _noted(
        client.send(
            "ParticipationService/RecordAttendance",
            record("2026-11-20 05:00", "2026-11-20 07:00", volunteer=person, imported_from=_imported(number)),
        ),
        last,
    )
    other = _noted(
        client.send(
            "ParticipationService/RecordAttendance",
            record("2026-11-21 15:00", f"2026-11-21 17:{number:02}", EVENING, volunteer=person),
        ),
        last,
    )
    # Half of this hour was counted above: the overlap is withheld.
    overlapping = record("2026-11-20 06:30", "2026-11-20 07:30", volunteer=person)
    _noted(client.send("ParticipationService/RecordAttendance", overlapping), last)
    verify = verification.VerifyHoursRequest(
        request_id=request_id(), name=first, verified_seconds=7_200 - 60 * (number % 2)
    )
    _noted(client.send("VerificationService/VerifyHours", verify, VERIFIER), last)
    if number % 2:
        reverse = verification.ReverseHoursRequest(request_id=request_id(), name=first, reason="SHIFT_CANCELLED")
        _noted(client.send("VerificationService/ReverseHours", reverse, VERIFIER), last)
    if number % 3 == 0:
        withdraw = participation.WithdrawAttendanceRequest(request_id=request_id(), name=other, reason="ENTERED_TWICE")
        _noted(client.send("ParticipationService/WithdrawAttendance", withdraw), last)


def _imported(number: int) -> ImportedFrom | None:
    if number % 2:
        return None
    return ImportedFrom(
        system="synthetic-older", record_id=f"row-{number}", source_record_time=Timestamp(seconds=1_763_700_000)
    )


def _noted(answer: bytes, last: dict[int, int]) -> str:
    attendance = resources_pb2.Attendance.FromString(answer)
    for one in attendance.positions:
        last[one.partition] = max(one.position, last.get(one.partition, 0))
    return attendance.name


def asked(positions: Mapping[int, int]) -> list[Position]:
    """As requests name them."""
    return [Position(partition=partition, position=position) for partition, position in positions.items()]
