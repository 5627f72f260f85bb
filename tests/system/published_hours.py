"""Hours of May 2023 of three synthetic people and a head count, and short ways to close the month and to correct it."""

from __future__ import annotations

import json
from typing import Any

import grpc
from google.protobuf.message import Message

from tests.system.grpc_caller import DEADLINE_SECONDS, Client, at, request_id, with_id
from tests.system.small_programme import ANA, VERIFIER, beginnings, opening, record
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import audit_service_pb2_grpc as audit_grpc
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import reporting_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2 as resources
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet
from volunteer_hours.v1.values_pb2 import Period

BEN, CYD = "volunteers/ben", "volunteers/cyd"
SPRING, CROWD = "opportunities/garden/shifts/spring", "opportunities/garden/shifts/crowd"
MAY = Period(start_date="2023-05-01", end_date="2023-05-31")
HOUR = 3_600
PUBLISHER = "staff/publisher"


class Publisher:
    """A caller who closes periods, and everybody whose corrections restate them."""

    def __init__(self, channel: grpc.Channel, address: str, partitions: int) -> None:
        self.address = address
        self.client = Client(channel)
        self.partitions = partitions
        self._audit = audit_grpc.AuditServiceStub(channel)
        self.seen: list[Position] = []
        """Positions of everything this caller wrote."""

    def begin(self) -> None:
        """The programme and the first hours: two of Ana's verified, one of Ben's attended, a head count."""
        person = resources.PersonalDetails(full_name="synthetic person")
        more: list[tuple[str, Message]] = [
            ("OpenShift", opening("spring", "2023-05-01 00:00", "2023-05-30 00:00")),
            ("OpenShift", opening("crowd", "", "", service_date="2023-05-06")),
            *(
                ("RegisterVolunteer", registry.RegisterVolunteerRequest(volunteer_id=name, details=person))
                for name in ("ben", "cyd")
            ),
        ]
        for method, message in [*beginnings(), *more]:
            self.client.send(f"RegistryService/{method}", with_id(message))
        for day in ("02", "03"):
            self.verify(self.serve(ANA, f"2023-05-{day}", 1).name)
        self.serve(BEN, "2023-05-04", 1)
        self.group(7 * HOUR)

    def told(self, method: str, message: Message, actor: str = "staff/coordinator") -> resources.Attendance:
        answer = resources.Attendance.FromString(self.client.send(method, message, actor))
        self.seen += answer.positions
        return answer

    def serve(self, volunteer: str, day: str, count: int) -> resources.Attendance:
        """So many hours from five in the morning."""
        request = record(f"{day} 05:00", f"{day} {5 + count:02}:00", SPRING, volunteer=volunteer)
        return self.told("ParticipationService/RecordAttendance", request)

    def group(self, seconds: int) -> resources.Attendance:
        request = participation.RecordGroupAttendanceRequest(
            request_id=request_id(), shift=CROWD, head_count=7, attended_seconds=seconds
        )
        return self.told("ParticipationService/RecordGroupAttendance", request)

    def correct(self, name: str, start: str, end: str) -> resources.Attendance:
        request = participation.CorrectAttendanceRequest(
            request_id=request_id(), name=name, start_time=at(start), end_time=at(end), reason="WRONG_DAY"
        )
        return self.told("ParticipationService/CorrectAttendance", request)

    def verify(self, name: str) -> resources.Attendance:
        request = verification.VerifyHoursRequest(request_id=request_id(), name=name)
        return self.told("VerificationService/VerifyHours", request, VERIFIER)

    def adjust(self, name: str, seconds: int) -> resources.Attendance:
        request = verification.AdjustHoursRequest(
            request_id=request_id(), name=name, verified_seconds=seconds, reason="LEFT_EARLY"
        )
        return self.told("VerificationService/AdjustHours", request, VERIFIER)

    def reverse(self, name: str) -> resources.Attendance:
        request = verification.ReverseHoursRequest(request_id=request_id(), name=name, reason="MISTAKEN")
        return self.told("VerificationService/ReverseHours", request, VERIFIER)

    def closing(self, period_id: str, period: Period = MAY, replaces: str = "") -> pb.ClosePeriodRequest:
        return pb.ClosePeriodRequest(
            request_id=request_id(), period_id=period_id, period=period, replaces=replaces, positions=self.seen
        )

    def close(self, request: pb.ClosePeriodRequest) -> pb.ClosedPeriod:
        closed = pb.ClosedPeriod.FromString(self.client.send("ReportingService/ClosePeriod", request, PUBLISHER))
        self.seen += closed.positions
        return closed

    def shown(self, name: str) -> pb.ClosedPeriod:
        question = hours.GetClosedPeriodRequest(name=name, positions=self.seen)
        return pb.ClosedPeriod.FromString(self.client.send("HoursService/GetClosedPeriod", question))

    def totals(self, positions: list[Position], period: Period = MAY) -> pb.PeriodTotals:
        """What SummarizeHours says at exactly these positions."""
        question = hours.SummarizeHoursRequest(
            group_by=hours.SUMMARY_DIMENSION_OPPORTUNITY, period=period, as_of=as_of(positions)
        )
        told = hours.SummarizeHoursResponse.FromString(self.client.send("HoursService/SummarizeHours", question))
        return pb.PeriodTotals(seconds=told.total, entry_count=sum(group.entry_count for group in told.groups))

    def restatements(
        self, name: str, moment: AsOf | None = None, page_size: int = 0, token: str = ""
    ) -> hours.ListRestatementsResponse:
        question = hours.ListRestatementsRequest(
            parent=name, as_of=moment, positions=self.seen, page_size=page_size, page_token=token
        )
        answer = self.client.send("HoursService/ListRestatements", question)
        return hours.ListRestatementsResponse.FromString(answer)

    def stored_events(self) -> dict[str, dict[str, Any]]:
        """All events by their id, in order of partition and position."""
        pages = [
            page
            for partition in range(self.partitions)
            for page in self._audit.ReplayEvents(
                audit.ReplayEventsRequest(partition=partition, page_size=1000), timeout=DEADLINE_SECONDS
            )
        ]
        events = [json.loads(event) for page in pages for event in page.events]
        return {event["id"]: event for event in events}


def as_of(positions: list[Position]) -> AsOf:
    return AsOf(positions=PositionSet(positions=positions))


def named(period_id: str) -> str:
    return f"periods/{period_id}"
