"""What must follow in another partition does, once, whichever process asks for it; P=1 and P=3."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc
import pytest

from tests.system.acting import channel_to
from tests.system.grpc_caller import COORDINATOR, Client, at, with_id
from tests.system.served_ledger import served_ledger
from tests.system.small_programme import ANA, GARDEN, MORNING, PLACE, VERIFIER, beginnings
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification

BEN = "volunteers/ben"
EVENING = f"{GARDEN}/shifts/evening"
HOUR = 3600
FOLLOWS_SECONDS_MAX = 15.0


class Asking(Client):
    """A caller that waits for what follows."""

    def __init__(self, channel: grpc.Channel) -> None:
        super().__init__(channel)
        self.directory = directory_grpc.DirectoryServiceStub(channel)

    def attendance(self, name: str) -> resources_pb2.Attendance:
        """As soon as it is there."""
        deadline = time.monotonic() + FOLLOWS_SECONDS_MAX
        while True:
            try:
                return self.directory.GetAttendance(directory.GetAttendanceRequest(name=name), timeout=10)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def recorded_hour(self, name: str, starts: str) -> str:
        """An hour of Ana's in the morning."""
        begin = at(starts)
        record = participation.AttendanceRecord(shift=MORNING, volunteer=ANA, attendance_id=name, start_time=begin)
        record.end_time.seconds = begin.seconds + HOUR
        request = participation.RecordAttendanceRequest(attendance=record)
        answer = self.send("ParticipationService/RecordAttendance", with_id(request))
        return resources_pb2.Attendance.FromString(answer).name

    def transfer(self, name: str, shift: str, person: str, to: str) -> resources_pb2.Attendance:
        request = participation.TransferAttendanceRequest(
            name=name, to_shift=shift, to_volunteer=person, to_attendance_id=to
        )
        answer = self.send("ParticipationService/TransferAttendance", with_id(request))
        return resources_pb2.Attendance.FromString(answer)


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def client(request: pytest.FixtureRequest) -> Iterator[Asking]:
    """The small programme, an evening shift, and Ben."""
    with served_ledger(request.param) as address, channel_to(address) as channel:
        asking = Asking(channel)
        for method, message in beginnings():
            asking.send(f"RegistryService/{method}", with_id(message))
        details = resources_pb2.PersonalDetails(full_name="synthetic person")
        new = registry.RegisterVolunteerRequest(volunteer_id="ben", details=details)
        asking.send("RegistryService/RegisterVolunteer", with_id(new))
        evening = resources_pb2.Shift(
            start_time=at("2026-11-20 15:00"),
            end_time=at("2026-11-20 18:00"),
            time_zone="Asia/Riyadh",
            places=5,
            place=PLACE,
        )
        opening = registry.OpenShiftRequest(parent=GARDEN, shift_id="evening", shift=evening)
        asking.send("RegistryService/OpenShift", with_id(opening))
        yield asking


def test_hours_of_another_person_follow(client: Asking) -> None:
    left = client.transfer(client.recorded_hour("mixed-up", "2026-11-20 05:00"), MORNING, BEN, "right")
    assert left.state == resources_pb2.ATTENDANCE_STATE_TRANSFERRED
    assert left.seconds.reversed_seconds == HOUR
    received = client.attendance(f"{BEN}/attendances/right")
    assert (received.volunteer, received.seconds.attended_seconds) == (BEN, HOUR)
    request = verification.VerifyHoursRequest(name=received.name)
    verified = client.send("VerificationService/VerifyHours", with_id(request), VERIFIER)
    assert resources_pb2.Attendance.FromString(verified).seconds.verified_seconds == HOUR


def test_hours_of_another_shift_are_there_at_once(client: Asking) -> None:
    left = client.transfer(client.recorded_hour("morning", "2026-11-20 07:00"), EVENING, ANA, "evening")
    question = directory.GetAttendanceRequest(name=f"{ANA}/attendances/evening", positions=left.positions)
    assert client.directory.GetAttendance(question, timeout=10).shift == EVENING
    again = participation.TransferAttendanceRequest(
        name=f"{ANA}/attendances/morning", to_shift=EVENING, to_volunteer=BEN
    )
    refused = client.refused("ParticipationService/TransferAttendance", with_id(again))
    assert refused.reason == "ATTENDANCE_TRANSFERRED"


def test_one_of_a_head_count_gets_a_name(client: Asking) -> None:
    heads = participation.RecordGroupAttendanceRequest(shift=EVENING, group_attendance_id="all", head_count=4)
    client.send("ParticipationService/RecordGroupAttendance", with_id(heads))
    name = f"{EVENING}/groupAttendances/all"
    naming = participation.NameGroupMemberRequest(name=name, volunteer=BEN, attendance_id="named")
    answer = client.send("ParticipationService/NameGroupMember", with_id(naming), COORDINATOR)
    left = resources_pb2.Attendance.FromString(answer)
    assert (left.head_count, left.seconds.attended_seconds) == (3, 9 * HOUR)
    assert client.attendance(f"{BEN}/attendances/named").seconds.attended_seconds == 3 * HOUR
    assert client.attendance(name).head_count == 3


def test_an_initiative_is_told_of(client: Asking) -> None:
    new = registry.RegisterInitiativeRequest(
        initiative_id="beaches",
        display_name=values_pb2.LocalizedText(ar="شواطئ", en="Beaches"),
        responsible=[ANA, "staff/mariam"],
    )
    answer = resources_pb2.Initiative.FromString(client.send("RegistryService/RegisterInitiative", with_id(new)))
    question = directory.GetInitiativeRequest(name=answer.name, positions=answer.positions)
    told = client.directory.GetInitiative(question, timeout=10)
    assert list(told.responsible) == [ANA, "staff/mariam"]
    listed = client.directory.ListInitiatives(directory.ListInitiativesRequest(positions=answer.positions), timeout=10)
    assert [one.name for one in listed.initiatives] == ["initiatives/beaches"]


def test_an_initiative_offers_opportunities_and_one_that_is_not_there_does_not(client: Asking) -> None:
    title = values_pb2.LocalizedText(en="Cleaning")
    new = registry.RegisterInitiativeRequest(initiative_id="parks", display_name=title, responsible=["staff/mariam"])
    client.send("RegistryService/RegisterInitiative", with_id(new))
    offered = resources_pb2.Opportunity(organization="initiatives/parks", title=title)
    published = client.send(
        "RegistryService/PublishOpportunity", with_id(registry.PublishOpportunityRequest(opportunity=offered))
    )
    assert resources_pb2.Opportunity.FromString(published).organization == "initiatives/parks"
    nobodys = resources_pb2.Opportunity(organization="initiatives/none", title=title)
    refused = client.refused(
        "RegistryService/PublishOpportunity", with_id(registry.PublishOpportunityRequest(opportunity=nobodys))
    )
    assert refused.reason == "NOT_FOUND"
