"""Requirements on a served ledger: the rules of the examples, proposed, approved and asked by name and by document."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.system.acting import NOBODY, acting_as, channel_to
from tests.system.grpc_caller import COORDINATOR, Client, refusal_of, request_id, with_id
from tests.system.served_ledger import PROJECT, Done, answered, hours_ledger, served_in_a_folder
from tests.system.small_programme import ANA, VERIFIER, beginnings, record
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1 import hours_service_pb2_grpc as pb_grpc
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

ACTOR = acting_as(COORDINATOR)
HOUR = 3_600
EXAMPLES = PROJECT / "examples" / "policies"
BEN = "volunteers/ben"
NUMBER = values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_NATIONAL_ID, number="1058529940")
NOBODYS = values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_NATIONAL_ID, number="1001244019")
SECONDARY, MEDICAID, AWARD = (
    f"policies/{one}" for one in ("sa-secondary-school-40h", "us-medicaid-80h-month", "us-pvsa")
)
HOUR_RATES = ("policies/sa-hour-report-2024", "policies/sa-hour-minister-2024")


class Asked:
    """A served ledger with hours of two people; Ben's birth date is known."""

    def __init__(self, address: str, channel: grpc.Channel) -> None:
        self.address = address
        self.client = Client(channel)
        self.stub = pb_grpc.HoursServiceStub(channel)
        self.positions: list[Position] = []
        self.attendance = ""
        """The last one that was recorded."""

    def run(self, *arguments: str | Path) -> Done:
        return hours_ledger(*arguments, address=self.address)

    def serve(self, volunteer: str, day: int, hours: int) -> None:
        """Verified hours on a day of November."""
        request = record(f"2026-11-{day:02} 05:00", f"2026-11-{day:02} {5 + hours:02}:00", volunteer=volunteer)
        recorded = self.client.send("ParticipationService/RecordAttendance", request)
        self.attendance = name = resources_pb2.Attendance.FromString(recorded).name
        verify = verification.VerifyHoursRequest(request_id=request_id(), name=name)
        verified = self.client.send("VerificationService/VerifyHours", verify, VERIFIER)
        self.positions = list(resources_pb2.Attendance.FromString(verified).positions)

    def check(self, requirement: str, name: str = BEN, date: str = "2026-11-30", **fields) -> pb.RequirementCheck:
        request = pb.CheckRequirementRequest(
            name=name, requirement=requirement, date=date, positions=self.positions, **fields
        )
        return self.stub.CheckRequirement(request, metadata=ACTOR, timeout=10)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with served_in_a_folder() as served, channel_to(served.grpc) as channel:
        asked = Asked(served.grpc, channel)
        for method, message in beginnings():
            asked.client.send(f"RegistryService/{method}", with_id(message))
        details = resources_pb2.PersonalDetails(full_name="synthetic", birth_date="2013-06-01", identity=NUMBER)
        asked.client.send(
            "RegistryService/RegisterVolunteer",
            registry.RegisterVolunteerRequest(request_id=request_id(), volunteer_id="ben", details=details),
        )
        for day in range(1, 6):
            asked.serve(BEN, day, 10)
        asked.serve(ANA, 1, 4)
        for file in sorted(EXAMPLES.glob("*.json")):
            proposed = answered(asked.run("policies", "propose", file, "--json"))
            version = proposed[0]["versions"][-1]["name"]
            refused = asked.run("policies", "approve", version)
            assert (refused.returncode, "POLICY_SAME_PERSON" in refused.stderr) == (1, True)
            approved = answered(asked.run("policies", "approve", version, "--actor", "staff/minister", "--json"))
            asked.positions = [
                Position(partition=one.get("partition", 0), position=int(one["position"]))
                for one in approved[0]["positions"]
            ]
        yield asked


def refused(asked: Asked, request: pb.CheckRequirementRequest, metadata=ACTOR) -> str:
    with pytest.raises(grpc.RpcError) as raised:
        asked.stub.CheckRequirement(request, metadata=metadata, timeout=10)
    return refusal_of(raised.value).reason


def test_all_rules_of_the_examples_are_in_force_with_source_and_validity(asked: Asked):
    at = ",".join(f"{one.partition}:{one.position}" for one in asked.positions)
    listed = answered(asked.run("policies", "list", "--positions", at, "--json"))
    versions = {one["name"]: one["versions"][-1] for one in listed}
    assert set(versions) == {SECONDARY, MEDICAID, AWARD, *HOUR_RATES, "policies/standard"}
    assert versions["policies/standard"]["hours"]["year_seconds_max"] == str(420 * HOUR)
    for file in EXAMPLES.glob("*.json"):
        given = json.loads(file.read_bytes())
        version = versions[given["name"]]
        assert (version["source"], version["effective_date"]) == (given["source"], given["effective_date"])
        assert version["approved_by"] == "staff/minister"
    table = asked.run("policies", "list")
    assert re.search(rf"{AWARD}/versions/1\s+2024-01-01\s+staff/hours-ledger\s*\nrequirement\s", table.stdout)


def test_forty_hours_to_graduate(asked: Asked):
    met = asked.check(SECONDARY)
    assert (met.met, met.level, met.counted_seconds, met.missing_seconds) == (True, "graduation", 50 * HOUR, 0)
    missing = asked.check(SECONDARY, ANA)
    assert (missing.met, missing.next_level, missing.missing_seconds) == (False, "graduation", 36 * HOUR)
    assert asked.check(SECONDARY, date="2026-11-03").counted_seconds == 30 * HOUR


def test_eighty_hours_in_a_calendar_month(asked: Asked):
    november = asked.check(MEDICAID, date="2026-11-15")
    assert (november.met, november.missing_seconds) == (False, 30 * HOUR)
    assert november.period == values_pb2.Period(start_date="2026-11-01", end_date="2026-11-30")
    assert asked.check(MEDICAID, date="2026-10-31").counted_seconds == 0


def test_the_level_follows_the_age_at_the_periods_end_and_nobodys_birth_date_is_told(asked: Asked):
    child = asked.check(AWARD, date="2027-05-31")
    assert (child.level, child.next_level, child.missing_seconds) == ("kids-bronze", "kids-silver", 25 * HOUR)
    assert b"2013-06-01" not in child.SerializeToString()
    young = asked.check(AWARD, date="2027-06-01")
    assert (young.level, young.next_level, young.missing_seconds) == ("", "young-adults-bronze", 50 * HOUR)
    question = pb.CheckRequirementRequest(name=ANA, requirement=AWARD, date="2026-11-30")
    assert refused(asked, question) == "AGE_UNKNOWN"


def test_a_birth_date_counts_as_it_was_known_then(asked: Asked):
    at = AsOf(positions=PositionSet(positions=asked.positions))
    before = asked.check(AWARD, as_of=at)
    update = registry.UpdateVolunteerRequest(
        request_id=request_id(),
        name=BEN,
        details=resources_pb2.PersonalDetails(birth_date="1990-01-01"),
        update_mask=FieldMask(paths=["birth_date"]),
    )
    updated = asked.client.send("RegistryService/UpdateVolunteer", update)
    asked.positions = list(resources_pb2.Volunteer.FromString(updated).positions)
    assert asked.check(AWARD).next_level == "adults-bronze"
    again = asked.check(AWARD, as_of=at)
    again.recorded_through.CopyFrom(before.recorded_through)
    assert again == before


def test_who_asks_by_document_says_who_they_are_and_no_number_stands_in_an_answer(asked: Asked):
    by_document = pb.CheckRequirementRequest(identity=NUMBER, requirement=SECONDARY, date="2026-11-30")
    answer = asked.stub.CheckRequirement(by_document, metadata=ACTOR, timeout=10)
    assert (answer.name, answer.met) == (BEN, True)
    assert NUMBER.number.encode() not in answer.SerializeToString()
    assert refused(asked, by_document, NOBODY) == "UNAUTHENTICATED"
    unknown = pb.CheckRequirementRequest(identity=NOBODYS, requirement=SECONDARY, date="2026-11-30")
    assert refused(asked, unknown) == "NOT_FOUND"
    for wrong in (
        pb.CheckRequirementRequest(requirement=SECONDARY),
        pb.CheckRequirementRequest(name=BEN, identity=NUMBER, requirement=SECONDARY),
        pb.CheckRequirementRequest(identity=NUMBER, requirement=SECONDARY, proof=True),
        pb.CheckRequirementRequest(name="opportunities/garden", requirement=SECONDARY),
        pb.CheckRequirementRequest(name=BEN, requirement="policies/x/versions/0"),
    ):
        assert refused(asked, wrong) == "INVALID_ARGUMENT"


def test_many_have_an_outcome_each(asked: Asked):
    request = pb.BatchCheckRequirementsRequest(identities=[NUMBER, NOBODYS], requirement=SECONDARY, date="2026-11-30")
    answer = asked.stub.BatchCheckRequirements(request, metadata=ACTOR, timeout=10)
    assert [result.WhichOneof("outcome") for result in answer.results] == ["check", "refusal"]
    assert (answer.results[0].check.name, answer.results[0].check.met) == (BEN, True)
    assert answer.results[1].refusal.code == grpc.StatusCode.NOT_FOUND.value[0]
    named = pb.BatchCheckRequirementsRequest(names=[ANA, BEN, ANA], requirement=AWARD, date="2026-11-30")
    outcomes = asked.stub.BatchCheckRequirements(named, metadata=ACTOR, timeout=10).results
    assert [result.WhichOneof("outcome") for result in outcomes] == ["refusal", "check", "refusal"]
    with pytest.raises(grpc.RpcError) as raised:
        asked.stub.BatchCheckRequirements(pb.BatchCheckRequirementsRequest(requirement=AWARD), timeout=10)
    assert refusal_of(raised.value).fields == ("names",)


def test_the_command_tells_people_and_programs(asked: Asked):
    told = answered(asked.run("requirement", BEN, "--rule", SECONDARY, "--date", "2026-11-30", "--json"))
    assert (told["met"], told["counted_seconds"], told["period_kind"]) == (True, 50 * HOUR, "lifetime")
    english = asked.run("requirement", ANA, "--rule", SECONDARY, "--date", "2026-11-30", "--language", "en").stdout
    assert english.startswith(f"{ANA}: not met\n")
    assert "missing to graduation: 36:00:00" in english
    arabic = asked.run("requirement", ANA, "--rule", SECONDARY, "--date", "2026-11-30", "--language", "ar")
    assert arabic.stdout.startswith(f"{ANA}: غير مستوفى\n")
    unknown = asked.run("requirement", ANA, "--rule", "policies/none", "--language", "ar")
    assert (unknown.returncode, "REQUIREMENT_UNKNOWN: لا توجد" in unknown.stderr) == (1, True)
    broken = asked.run("policies", "propose", PROJECT / "README.md")
    assert broken.returncode == 2


def test_what_is_explained_sums_to_the_balance_and_names_who_did_it(asked: Asked):
    balance = asked.stub.GetBalance(pb.GetBalanceRequest(name=BEN, positions=asked.positions), timeout=10)
    page = asked.stub.ExplainBalance(pb.ExplainBalanceRequest(name=BEN, positions=asked.positions), timeout=10)
    assert page.seconds == balance.seconds
    first = page.attendances[0]
    assert [event.event_type for event in first.events] == ["attendance-recorded", "hours-verified"]
    assert [event.actor for event in first.events] == [COORDINATOR, VERIFIER]
    assert first.events[0].policy.startswith("policies/standard/versions/")


def test_a_requirement_met_is_told_and_lost_after_a_correction_too(asked: Asked):
    details = resources_pb2.PersonalDetails(full_name="synthetic")
    asked.client.send(
        "RegistryService/RegisterVolunteer",
        registry.RegisterVolunteerRequest(request_id=request_id(), volunteer_id="cem", details=details),
    )
    for day in range(10, 14):
        asked.serve("volunteers/cem", day, 10)
    request = pb.WatchRequirementRequest(
        name="volunteers/cem", requirement=SECONDARY, date="2026-11-30", positions=asked.positions
    )
    watched = asked.stub.WatchRequirement(request, metadata=ACTOR)
    assert next(watched).met
    reverse = verification.ReverseHoursRequest(request_id=request_id(), name=asked.attendance, reason="MISTAKEN")
    asked.client.send("VerificationService/ReverseHours", reverse, VERIFIER)
    lost = next(watched)
    assert (lost.met, lost.counted_seconds, lost.missing_seconds) == (False, 30 * HOUR, 10 * HOUR)
    watched.cancel()


def test_a_watcher_is_told_of_a_change_and_goes_on_from_there(asked: Asked):
    known = pb.WatchBalanceRequest(name=ANA, positions=asked.positions)
    watched = asked.stub.WatchBalance(known)
    before = next(watched).seconds.verified_seconds
    asked.serve(ANA, 20, 1)
    told = [next(watched)]
    while told[-1].seconds.verified_seconds != before + HOUR:
        told.append(next(watched))
    assert list(told[-1].positions) == asked.positions
    watched.cancel()
    again = asked.stub.WatchBalance(pb.WatchBalanceRequest(name=ANA, positions=told[-1].positions))
    assert next(again).seconds == told[-1].seconds
    again.cancel()
    unknown = asked.stub.WatchBalance(pb.WatchBalanceRequest(name="volunteers/zoe"))
    with pytest.raises(grpc.RpcError) as raised:
        next(unknown)
    assert refusal_of(raised.value).reason == "NOT_FOUND"


def test_a_watcher_of_who_is_erased_is_told_so_and_nobody_watches_them_again(asked: Asked):
    details = resources_pb2.PersonalDetails(full_name="synthetic", birth_date="2013-06-01")
    new = registry.RegisterVolunteerRequest(request_id=request_id(), volunteer_id="dora", details=details)
    asked.client.send("RegistryService/RegisterVolunteer", new)
    asked.serve("volunteers/dora", 15, 10)
    balance = pb.WatchBalanceRequest(name="volunteers/dora", positions=asked.positions)
    award = pb.WatchRequirementRequest(
        name="volunteers/dora", requirement=AWARD, date="2026-11-30", positions=asked.positions
    )
    watched: list[Iterator[object]] = [
        asked.stub.WatchBalance(balance, timeout=60),
        asked.stub.WatchRequirement(award, timeout=60),
    ]
    another = asked.stub.WatchBalance(pb.WatchBalanceRequest(name=ANA), timeout=60)
    next(another)
    for stream in watched:
        next(stream)
    erase = registry.EraseVolunteerRequest(request_id=request_id(), name="volunteers/dora")
    asked.client.send("RegistryService/EraseVolunteer", erase)
    watched += [asked.stub.WatchBalance(balance, timeout=60), asked.stub.WatchRequirement(award, timeout=60)]
    for stream in watched:
        with pytest.raises(grpc.RpcError) as raised:
            deque(stream, maxlen=0)
        assert refusal_of(raised.value).reason == "VOLUNTEER_ERASED"
    asked.serve(ANA, 27, 1)
    assert next(another).seconds.verified_seconds > 0
    another.cancel()
