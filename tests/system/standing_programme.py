"""Watched requirements on a served ledger: hours that come and go, and who is told to meet what. Synthetic."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import grpc
from google.protobuf.message import Message

from tests.system.acting import acting_as
from tests.system.grpc_caller import COORDINATOR, Client, at, request_id, with_id
from tests.system.small_programme import MORNING, VERIFIER, beginnings
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import audit_service_pb2_grpc as audit_grpc
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import hours_service_pb2_grpc as hours_grpc
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as policy
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

HOUR: Final = 3_600
FOLLOWS_SECONDS_MAX: Final = 30.0
MINISTER: Final = "staff/minister"
TOLD: Final = ("requirement-met", "requirement-lost")


def counts(evaluated_at: Iterable[Position], event: Position) -> bool:
    """Whether what was found at these positions counts the event.

    Not: names it as its cause. A look after the event before may have found this one counted already.
    """
    return any(at.partition == event.partition and at.position >= event.position for at in evaluated_at)


class Programme(Client):
    """A caller that records hours and waits for what is told of them."""

    def __init__(self, channel: grpc.Channel, partitions: int) -> None:
        super().__init__(channel)
        self.partitions = partitions
        self.directory = directory_grpc.DirectoryServiceStub(channel)
        self.hours = hours_grpc.HoursServiceStub(channel)
        self.audit = audit_grpc.AuditServiceStub(channel)

    def begin(self, *volunteers: str) -> None:
        """The small programme, and further people."""
        for method, message in beginnings():
            self.send(f"RegistryService/{method}", with_id(message))
        for name in volunteers:
            self.register(name)

    def register(self, name: str, birth_date: str = "") -> None:
        details = resources_pb2.PersonalDetails(full_name="synthetic person", birth_date=birth_date)
        new = registry.RegisterVolunteerRequest(volunteer_id=name.removeprefix("volunteers/"), details=details)
        self.send("RegistryService/RegisterVolunteer", with_id(new))

    def require(self, name: str, levels: Sequence[tuple[str, int] | policy.RequirementLevel], **rules: Any) -> str:
        """An approved version of a requirement, watched unless `rules` say otherwise; its name."""
        given = [
            one
            if isinstance(one, policy.RequirementLevel)
            else policy.RequirementLevel(name=one[0], seconds_min=one[1])
            for one in levels
        ]
        asked = policy.RequirementRules(
            levels=given, **{"watched": True, "period": policy.REQUIREMENT_PERIOD_CALENDAR_MONTH, **rules}
        )
        proposing = policy.ProposePolicyRequest(
            request_id=request_id(), name=name, effective_date="2020-01-01", source="synthetic", requirement=asked
        )
        proposed = policy.Policy.FromString(self.send("PolicyService/ProposePolicy", proposing))
        version = proposed.versions[-1].name
        approving = policy.ApprovePolicyRequest(request_id=request_id(), name=version)
        self.send("PolicyService/ApprovePolicy", approving, MINISTER)
        return version

    def record(self, volunteer: str, day: str, hours_served: int, shift: str = MORNING) -> str:
        """Hours on a day, from 5 o'clock; the attendance's name."""
        start = at(f"{day} 05:00")
        noted = participation.AttendanceRecord(shift=shift, volunteer=volunteer, start_time=start)
        noted.end_time.seconds = start.seconds + hours_served * HOUR
        answer = self.send(
            "ParticipationService/RecordAttendance", with_id(participation.RecordAttendanceRequest(attendance=noted))
        )
        return resources_pb2.Attendance.FromString(answer).name

    def verify(self, name: str, organization: str = "") -> Position:
        """The position of `hours-verified`."""
        return self._judged("VerifyHours", verification.VerifyHoursRequest(name=name, organization=organization))

    def serve(self, volunteer: str, day: str, hours_served: int) -> tuple[str, Position]:
        """Verified hours: the attendance, and the position of `hours-verified`."""
        name = self.record(volunteer, day, hours_served)
        return name, self.verify(name)

    def reverse(self, name: str, organization: str = "") -> Position:
        """The position of `hours-reversed`."""
        reversing = verification.ReverseHoursRequest(name=name, reason="MISTAKE", organization=organization)
        return self._judged("ReverseHours", reversing)

    def _judged(self, method: str, request: Message) -> Position:
        answer = self.send(f"VerificationService/{method}", with_id(request), VERIFIER)
        [position] = resources_pb2.Attendance.FromString(answer).positions
        return position

    def standings(self, volunteer: str) -> list[resources_pb2.RequirementStanding]:
        request = directory.ListRequirementStandingsRequest(parent=volunteer)
        return list(self.directory.ListRequirementStandings(request, timeout=10).standings)

    def told(self, name: str, cause: Position) -> resources_pb2.RequirementStanding:
        """The standing of this name, as soon as what it tells counts this event."""
        return self.one(name, lambda standing: counts(standing.evaluated_at, cause))

    def one(
        self, name: str, wanted: Callable[[resources_pb2.RequirementStanding], bool]
    ) -> resources_pb2.RequirementStanding:
        """The standing of this name, as soon as it is as `wanted`."""
        deadline = time.monotonic() + FOLLOWS_SECONDS_MAX
        while True:
            seen = self.standings("/".join(name.split("/")[:2]))
            for standing in seen:
                if standing.name == name and wanted(standing):
                    return standing
            assert time.monotonic() < deadline, f"{name} is not told of as it should be: {seen}"
            time.sleep(0.05)

    def events(self, holder: str = "") -> list[dict[str, Any]]:
        """All events that tell of standings, of one person or of everybody."""
        return self.events_of(holder, *TOLD)

    def events_of(self, holder: str, *types: str) -> list[dict[str, Any]]:
        """All events of these types, of one person or of everybody, partition by partition."""
        found: list[dict[str, Any]] = []
        for partition in range(self.partitions):
            request = audit.ReplayEventsRequest(partition=partition, page_size=1000, types=types, holder=holder)
            pages = self.audit.ReplayEvents(request, timeout=20)
            found += [json.loads(event) for page in pages for event in page.events]
        return found

    def people(self) -> set[str]:
        """Everybody whose hours were verified."""
        return {event["data"]["holder"] for event in self.events_of("", "hours-verified")}

    def asked_now(self, person: str, requirement: str) -> hours.RequirementCheck:
        """What CheckRequirement answers at present."""
        request = hours.CheckRequirementRequest(name=person, requirement=requirement)
        return self.hours.CheckRequirement(request, metadata=acting_as(COORDINATOR), timeout=10)

    def asked_again(self, standing: resources_pb2.RequirementStanding) -> hours.RequirementCheck:
        """What CheckRequirement answers at the positions that a standing names."""
        request = hours.CheckRequirementRequest(
            name="/".join(standing.name.split("/")[:2]),
            requirement=standing.requirement,
            date=standing.period.end_date,
            as_of=AsOf(positions=PositionSet(positions=standing.evaluated_at)),
        )
        return self.hours.CheckRequirement(request, metadata=acting_as(COORDINATOR), timeout=10)
