"""Matching people with opportunities over gRPC, on a served ledger: what fits, why, and what is left out. Synthetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import COORDINATOR, Client, with_id
from tests.system.served_ledger import answered, hours_ledger, served_ledger
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1 import opportunity_search_service_pb2_grpc as search_grpc
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as policy_pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1.positions_pb2 import Position

ANA: Final = "volunteers/ana"
GREEN: Final = "organizations/green"
MONDAY: Final = next(
    day
    for day in (
        datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(n) for n in range(2, 9)
    )
    if day.isoweekday() == 1
)
"""06:00 in UTC, 09:00 in Riyadh."""


class Matching(Client):
    """Acts for everybody, and asks at the positions it wrote."""

    def __init__(self, channel: grpc.Channel) -> None:
        super().__init__(channel)
        self.search = search_grpc.OpportunitySearchServiceStub(channel)
        self.directory = directory_grpc.DirectoryServiceStub(channel)
        self.at: dict[int, int] = {}
        self.address = ""

    def does(self, method: str, message: Message, actor: str = COORDINATOR) -> bytes:
        return self.send(method, with_id(message), actor)

    def offer(
        self, name: str, begins: datetime, *, places: int = 5, hours: int = 3, city: str = "الرياض", **said: Any
    ) -> None:
        opportunity = resources_pb2.Opportunity(organization=GREEN, title=values_pb2.LocalizedText(en=name), **said)
        self.does(
            "RegistryService/PublishOpportunity",
            registry.PublishOpportunityRequest(opportunity_id=name, opportunity=opportunity),
        )
        online = city == "online"
        place = values_pb2.Place(online=True) if online else values_pb2.Place(region="SA-01", city=city)
        shift = resources_pb2.Shift(time_zone="Asia/Riyadh", places=places, place=place)
        shift.start_time.CopyFrom(stamp(begins))
        shift.end_time.CopyFrom(stamp(begins + timedelta(hours=hours)))
        opened = registry.OpenShiftRequest(parent=f"opportunities/{name}", shift_id="one", shift=shift)
        answer = resources_pb2.Shift.FromString(self.does("RegistryService/OpenShift", opened))
        self.know(answer.positions)

    def know(self, positions: Iterable[Position]) -> None:
        for one in positions:
            self.at[one.partition] = max(one.position, self.at.get(one.partition, 0))

    def person(self, name: str, birth_date: str = "") -> None:
        details = resources_pb2.PersonalDetails(full_name="synthetic", birth_date=birth_date)
        message = registry.RegisterVolunteerRequest(volunteer_id=name, details=details)
        self.know(resources_pb2.Volunteer.FromString(self.does("RegistryService/RegisterVolunteer", message)).positions)

    def register(self, name: str, person: str) -> None:
        message = participation.RegisterForShiftRequest(shift=f"opportunities/{name}/shifts/one", volunteer=person)
        answer = self.does("ParticipationService/RegisterForShift", message)
        self.know(resources_pb2.Registration.FromString(answer).positions)

    def prefer(self, person: str, **preferences: Any) -> None:
        message = registry.SetVolunteerPreferencesRequest(
            name=person, preferences=resources_pb2.VolunteerPreferences(**preferences)
        )
        self.know(
            resources_pb2.Volunteer.FromString(self.does("RegistryService/SetVolunteerPreferences", message)).positions
        )

    def match(self, person: str, actor: str = "", **asked: Any) -> pb.MatchOpportunitiesResponse:
        request = pb.MatchOpportunitiesRequest(parent=person, positions=self.positions, **asked)
        return self.search.MatchOpportunities(request, metadata=as_volunteer(actor) if actor else None, timeout=20)

    @property
    def positions(self) -> list[Position]:
        return [Position(partition=partition, position=position) for partition, position in self.at.items()]


def as_volunteer(person: str) -> tuple[tuple[str, str], ...]:
    return acting_as(person, roles=())


def stamp(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def names(answer: pb.MatchOpportunitiesResponse) -> list[str]:
    return [one.opportunity.name.removeprefix("opportunities/") for one in answer.results]


def reasons(result: pb.OpportunityResult) -> set[tuple[str, str]]:
    return {(pb.MatchReason.Name(one.reason).removeprefix("MATCH_REASON_"), one.matched) for one in result.reasons}


def left_out(answer: pb.MatchOpportunitiesResponse) -> dict[str, int]:
    return {pb.LeftOutReason.Name(one.reason).removeprefix("LEFT_OUT_REASON_"): one.count for one in answer.left_out}


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3])
def matching(request: pytest.FixtureRequest) -> Iterator[Matching]:
    with served_ledger(request.param) as address, channel_to(address) as channel:
        client = Matching(channel)
        client.address = address
        name = values_pb2.LocalizedText(en="Green (synthetic)")
        client.does(
            "RegistryService/RegisterOrganization",
            registry.RegisterOrganizationRequest(organization_id="green", display_name=name),
        )
        client.offer("plain", MONDAY)
        client.offer(
            "skilled", MONDAY + timedelta(days=1), skills=["first aid", "http://data.europa.eu/esco/skill/0a1b2c"]
        )
        client.offer("grown-up", MONDAY + timedelta(days=2), minimum_age_years=18)
        client.offer("far", MONDAY + timedelta(days=3), city="جدة", sector="environment")
        client.offer("near", MONDAY + timedelta(days=3, hours=6), city="Al Kharj", sector="environment")
        client.offer("remote", MONDAY + timedelta(days=4), city="online")
        client.offer("full", MONDAY + timedelta(days=5), places=1)
        client.offer("clash", MONDAY + timedelta(hours=2))
        for person, born in (("ana", "1990-05-01"), ("kid", "2012-05-01"), ("nobody", "")):
            client.person(person, born)
        client.register("full", "volunteers/nobody")
        yield client


def test_without_preferences_everything_that_can_be_had_fits(matching: Matching):
    answer = matching.match(ANA)
    assert set(names(answer)) == {"plain", "skilled", "grown-up", "far", "near", "remote", "clash"}
    assert left_out(answer) == {"FULL": 1}
    assert all(one.score == sum(reason.score for reason in one.reasons) for one in answer.results)


def test_what_registering_would_refuse_is_left_out_and_counted(matching: Matching):
    assert left_out(matching.match("volunteers/kid")) == {"FULL": 1, "MINIMUM_AGE": 1}
    assert left_out(matching.match("volunteers/nobody")) == {"REGISTERED": 1, "BIRTH_DATE_MISSING": 1}
    matching.person("busy", "1990-01-01")
    matching.register("plain", "volunteers/busy")
    answer = matching.match("volunteers/busy")
    assert left_out(answer) == {"REGISTERED": 1, "OVERLAPS": 1, "FULL": 1}
    assert not {"plain", "clash"} & set(names(answer))


def test_preferences_rank_and_say_why(matching: Matching):
    matching.person("keen", "1990-01-01")
    person = "volunteers/keen"
    matching.prefer(
        person,
        skills=["first aid", "http://data.europa.eu/esco/skill/0a1b2c"],
        interests=["environment"],
        home_city="Riyadh",
        distance_metres_max=150_000,
        online_ok=False,
    )
    answer = matching.match(person)
    assert left_out(answer) == {"FULL": 1, "TOO_FAR": 1, "ONLINE": 1}
    first, second = answer.results[:2]
    assert first.opportunity.name == "opportunities/skilled"
    assert reasons(first) >= {("OWN_SKILL", "first aid"), ("SAME_CITY", "riyadh")}
    assert sum(name == "OWN_SKILL" for name, _ in reasons(first)) == 2
    assert second.opportunity.name == "opportunities/near"
    assert reasons(second) >= {("OWN_INTEREST", "environment"), ("NEAR", "al-kharj")}
    assert 80_000 < second.shifts[0].distance_metres < 100_000
    mondays = [
        resources_pb2.FreeTime(
            weekday=resources_pb2.WEEKDAY_MONDAY, from_time_of_day="08:00", until_time_of_day="13:00"
        )
    ]
    matching.prefer(person, availability=mondays, online_ok=True)
    answer = matching.match(person)
    assert names(answer) == ["plain"]  # 09:00 to 12:00; `clash` lasts until 14:00
    assert ("AVAILABLE", "") in reasons(answer.results[0])
    assert left_out(answer) == {"FULL": 1, "NOT_AVAILABLE": 6}


def test_the_command_finds_and_says_why(matching: Matching):
    matching.match(ANA)  # waits until everything is projected
    told = answered(hours_ledger("find", "first aid الرياض", "--json", address=matching.address))
    assert told["results"][0]["opportunity"]["name"] == "opportunities/skilled"
    shown = hours_ledger("find", "إسعافات", "--lang", "ar", address=matching.address)
    assert shown.returncode == 0, shown.stderr
    assert "1 found" in shown.stdout
    nothing = hours_ledger("find", "xylophone", "--city", "Abha", address=matching.address)
    assert (nothing.returncode, "0 found" in nothing.stdout) == (0, True)
    assert hours_ledger("find", "x", "--lang", "fr", address=matching.address).returncode == 2


def test_pages_are_one_answer(matching: Matching):
    whole = names(matching.match(ANA))
    paged: list[str] = []
    token = ""
    while True:
        answer = matching.match(ANA, page_size=2, page_token=token)
        paged += names(answer)
        token = answer.next_page_token
        if not token:
            break
    assert paged == whole


def test_preferences_are_the_persons_and_gone_after_an_erasure(matching: Matching):
    matching.person("zahra", "1990-01-01")
    person = "volunteers/zahra"
    question = directory.GetVolunteerPreferencesRequest(name=f"{person}/preferences")
    question.positions.extend(matching.positions)
    nothing = matching.directory.GetVolunteerPreferences(question, timeout=10)
    assert (nothing.name, list(nothing.skills), nothing.HasField("set_time")) == (question.name, [], False)
    question.ClearField("positions")
    matching.prefer(person, skills=["synthetic skill"], home=resources_pb2.Coordinates(latitude_degrees=24.5))
    question.positions.extend(matching.positions)
    told = matching.directory.GetVolunteerPreferences(question, metadata=as_volunteer(person), timeout=10)
    assert (list(told.skills), told.home.latitude_degrees, told.name) == (["synthetic skill"], 24.5, question.name)
    assert told.set_time.seconds
    with pytest.raises(grpc.RpcError):
        matching.directory.GetVolunteerPreferences(question, metadata=as_volunteer(ANA), timeout=10)
    with pytest.raises(grpc.RpcError):
        matching.match(person, actor=ANA)
    answer = matching.does("RegistryService/EraseVolunteer", registry.EraseVolunteerRequest(name=person))
    matching.know(resources_pb2.Volunteer.FromString(answer).positions)
    question.ClearField("positions")
    question.positions.extend(matching.positions)
    gone = matching.directory.GetVolunteerPreferences(question, timeout=10)
    assert (gone.name, list(gone.skills), gone.HasField("home")) == (question.name, [], False)
    with pytest.raises(grpc.RpcError) as erased:
        matching.match(person)
    assert erased.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_a_policy_that_asks_for_charter_and_consent_is_asked_before(matching: Matching):
    """Last in this module: the policy stays."""
    rules = policy_pb.HoursRules(guardian_consent_required=True, charter_required=True)
    proposal = policy_pb.ProposePolicyRequest(
        name="policies/standard", effective_date="2020-01-01", source="synthetic", hours=rules
    )
    matching.does("PolicyService/ProposePolicy", proposal, actor="staff/one")
    approval = policy_pb.ApprovePolicyRequest(name="policies/standard/versions/2")
    matching.does("PolicyService/ApprovePolicy", approval, actor="staff/two")
    assert "CHARTER" in waited_for(matching, "volunteers/kid", "CHARTER")
    charter = registry.AcceptCharterRequest(name="volunteers/kid", charter="charters/c", charter_version=1)
    matching.know(resources_pb2.Volunteer.FromString(matching.does("RegistryService/AcceptCharter", charter)).positions)
    assert "GUARDIAN_CONSENT" in left_out(matching.match("volunteers/kid"))
    consent = registry.RecordGuardianConsentRequest(parent="volunteers/kid", consent_id="c")
    answer = matching.does("RegistryService/RecordGuardianConsent", consent)
    matching.know(resources_pb2.Volunteer.FromString(answer).positions)
    assert left_out(matching.match("volunteers/kid")) == {"FULL": 1, "MINIMUM_AGE": 1}


def waited_for(matching: Matching, person: str, reason: str) -> dict[str, int]:
    """Policies name no position here: ask until the projections have it."""
    for _ in range(200):
        told = left_out(matching.match(person))
        if reason in told:
            break
    return told
