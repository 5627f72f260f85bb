"""Programmes of recognition on a served ledger: who reaches a level, and who is nominated for one. Synthetic."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import grpc

from tests.system.acting import acting_as
from tests.system.grpc_caller import at, with_id
from tests.system.small_programme import GREEN, NAME, PLACE
from tests.system.standing_programme import FOLLOWS_SECONDS_MAX, HOUR, Programme, counts
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import recognition_service_pb2 as pb
from volunteer_hours.v1 import recognition_service_pb2_grpc as recognition_grpc
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

MEDAL: Final = "recognitions/medal"
PROPOSER, APPROVER = "staff/proposer", "staff/approver"
READER: Final = acting_as("staff/authority")


class Recognising(Programme):
    """A caller that records hours, and waits for what becomes of levels."""

    def __init__(self, channel: grpc.Channel, partitions: int) -> None:
        super().__init__(channel, partitions)
        self.recognition = recognition_grpc.RecognitionServiceStub(channel)

    def badge(self, name: str, positions: Sequence[Position]) -> str:
        """The badge of an honour."""
        request = pb.GetHonourBadgeRequest(name=name, positions=positions)
        return self.recognition.GetHonourBadge(request, metadata=READER, timeout=10).credential

    def propose(self, *levels: pb.RecognitionLevel, name: str = MEDAL, day: str = "2020-01-01") -> str:
        """The name of the proposed version."""
        for level in levels:
            level.display_name.CopyFrom(NAME)
        proposing = pb.ProposeRecognitionRequest(
            name=name, effective_date=day, source="synthetic", display_name=NAME, levels=levels
        )
        answer = self.send("RecognitionService/ProposeRecognition", with_id(proposing), PROPOSER)
        return pb.Recognition.FromString(answer).versions[-1].name

    def approve(self, version: str) -> None:
        approving = pb.ApproveRecognitionRequest(name=version)
        self.send("RecognitionService/ApproveRecognition", with_id(approving), APPROVER)

    def recognise(self, *levels: pb.RecognitionLevel, name: str = MEDAL, day: str = "2020-01-01") -> str:
        """An approved version; its name."""
        version = self.propose(*levels, name=name, day=day)
        self.approve(version)
        return version

    def team(self, initiative: str) -> str:
        """An initiative that offers two shifts, one and two; the opportunity's name."""
        name = initiative.removeprefix("initiatives/")
        registering = registry.RegisterInitiativeRequest(
            initiative_id=name, display_name=NAME, responsible=["staff/responsible"]
        )
        self.send("RegistryService/RegisterInitiative", with_id(registering))
        offered = resources_pb2.Opportunity(organization=initiative, title=NAME, skills=["synthetic"])
        publishing = registry.PublishOpportunityRequest(opportunity_id=name, opportunity=offered)
        self.send("RegistryService/PublishOpportunity", with_id(publishing))
        shift = resources_pb2.Shift(time_zone="Asia/Riyadh", places=50, place=PLACE)
        shift.start_time.CopyFrom(at("2026-11-01 05:00"))
        shift.end_time.CopyFrom(at("2026-11-01 15:00"))
        for shift_id in ("one", "two"):
            opening = registry.OpenShiftRequest(parent=f"opportunities/{name}", shift_id=shift_id, shift=shift)
            self.send("RegistryService/OpenShift", with_id(opening))
        return f"opportunities/{name}"

    def count_heads(self, shift: str, heads: int, hours_served: int) -> Position:
        """So many without names, verified: the position of `group-hours-verified`."""
        counting = participation.RecordGroupAttendanceRequest(
            shift=shift, head_count=heads, attended_seconds=heads * hours_served * HOUR
        )
        answer = self.send("ParticipationService/RecordGroupAttendance", with_id(counting))
        return self.verify(resources_pb2.Attendance.FromString(answer).name, GREEN)

    def milestones(self, volunteer: str) -> list[pb.Milestone]:
        return list(self.recognition.ListMilestones(pb.ListMilestonesRequest(parent=volunteer), timeout=10).milestones)

    def milestone(self, name: str, wanted: Callable[[pb.Milestone], bool]) -> pb.Milestone:
        """The milestone of this name, as soon as it is as `wanted`."""
        deadline = time.monotonic() + FOLLOWS_SECONDS_MAX
        while True:
            seen = self.milestones("/".join(name.split("/")[:2]))
            for one in seen:
                if one.name == name and wanted(one):
                    return one
            assert time.monotonic() < deadline, f"{name} is not told of as it should be: {seen}"
            time.sleep(0.05)

    def told_after(self, name: str, cause: Position) -> pb.Milestone:
        """The milestone of this name, as soon as what it tells counts this event."""
        return self.milestone(name, lambda one: counts(one.evaluated_at, cause))

    def told_of(self, name: str) -> list[str]:
        """The stored names of a milestone's events, in order."""
        told = ("milestone-reached", "milestone-lost")
        events = [event for event in self.events_of("", *told) if event["subject"] == name]
        return [event["type"] for event in sorted(events, key=lambda event: event["position"])]

    def honours(
        self, level: str, as_of: Sequence[Position] = (), *, page_size: int = 0, page_token: str = ""
    ) -> pb.ListHonoursResponse:
        """The list of a level, as of positions if there are any."""
        request = pb.ListHonoursRequest(parent=MEDAL, level=level, page_size=page_size, page_token=page_token)
        if as_of:
            request.as_of.CopyFrom(AsOf(positions=PositionSet(positions=as_of)))
        return self.recognition.ListHonours(request, metadata=READER, timeout=10)

    def explained(self, name: str, page_size: int = 0) -> pb.ExplainHonourResponse:
        """An honour with all pages of its entries."""
        request = pb.ExplainHonourRequest(name=name, page_size=page_size)
        whole = first = self.recognition.ExplainHonour(request, metadata=READER, timeout=10)
        while first.next_page_token:
            request.page_token = first.next_page_token
            first = self.recognition.ExplainHonour(request, metadata=READER, timeout=10)
            whole.entries.extend(first.entries)
        return whole

    def nomination(self, volunteer: str, level: str, nomination_id: str = "") -> bytes:
        """A request, not sent."""
        return with_id(
            pb.NominateRequest(
                parent=volunteer, nomination_id=nomination_id, recognition=MEDAL, level=level, organization=GREEN
            )
        )

    def decide(self, name: str, actor: str, reason: str = "") -> pb.Nomination:
        deciding = pb.DecideNominationRequest(name=name, approved=not reason, reason=reason)
        answer = self.send("RecognitionService/DecideNomination", with_id(deciding), actor)
        return pb.Nomination.FromString(answer)
