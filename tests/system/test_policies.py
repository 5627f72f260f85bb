"""Policies over gRPC, on real servers: versions in force from a date on, and old answers that stay as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.message import Message

from ledger.domain.streams import partition_of
from tests.system.acting import channel_to
from tests.system.grpc_caller import COORDINATOR, DEADLINE_SECONDS, Client, request_id, with_id
from tests.system.served_ledger import served_ledger
from tests.system.small_programme import ANA, GARDEN, OLD, VERIFIER, beginnings, record
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import audit_service_pb2_grpc as audit_grpc
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

STANDARD, APPROVER = "policies/standard", "staff/approver"
INVALID, FORBIDDEN = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED
PARTITIONS = 3


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A ledger of three partitions with one organisation, two shifts and Ana."""
    with served_ledger(PARTITIONS) as address, channel_to(address) as channel:
        client = Client(channel)
        for method, message in beginnings():
            client.send(f"RegistryService/{method}", with_id(message))
        yield client


def proposal(name: str = STANDARD, effective_date: str = "2026-11-01", /, **rules) -> pb.ProposePolicyRequest:
    return pb.ProposePolicyRequest(
        request_id=request_id(), name=name, effective_date=effective_date, source="synthetic circular", **rules
    )


def approval(version: str) -> pb.ApprovePolicyRequest:
    return pb.ApprovePolicyRequest(request_id=request_id(), name=version)


def in_force(client: Client, effective_date: str, rules: pb.HoursRules) -> pb.Policy:
    """The standard policy after a next version of it was proposed and approved."""
    sent = client.send("PolicyService/ProposePolicy", proposal(STANDARD, effective_date, hours=rules))
    version = pb.Policy.FromString(sent).versions[-1].name
    return pb.Policy.FromString(client.send("PolicyService/ApprovePolicy", approval(version), APPROVER))


def recorded(client: Client, request: Message, method: str = "RecordAttendance") -> resources_pb2.Attendance:
    return resources_pb2.Attendance.FromString(client.send(f"ParticipationService/{method}", request))


def group(seconds: int) -> participation.RecordGroupAttendanceRequest:
    return participation.RecordGroupAttendanceRequest(
        request_id=request_id(), shift=OLD, head_count=6, attended_seconds=seconds
    )


def answers(client: Client, as_of: AsOf) -> list[bytes]:
    """What the ledger says of Ana, of the head counts and of all together, but for how far the past is closed."""
    asked: list[tuple[str, Message, Message]] = [
        ("GetBalance", hours.GetBalanceRequest(name=ANA, as_of=as_of), hours.Balance()),
        ("GetBalance", hours.GetBalanceRequest(name=GARDEN, as_of=as_of), hours.Balance()),
        ("ListEntries", hours.ListEntriesRequest(parent=ANA, as_of=as_of), hours.ListEntriesResponse()),
        (
            "SummarizeHours",
            hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_MONTH, as_of=as_of),
            hours.SummarizeHoursResponse(),
        ),
    ]
    told = []
    for method, question, answer in asked:
        answer.ParseFromString(client.send(f"HoursService/{method}", question))
        answer.ClearField("recorded_through")
        told.append(answer.SerializeToString(deterministic=True))
    return told


def stored_policies(client: Client, attendance: str) -> list[str]:
    """The versions that an attendance's events carry."""
    stub = audit_grpc.AuditServiceStub(client._channel)
    pages = [
        page
        for partition in range(PARTITIONS)
        for page in stub.ReplayEvents(
            audit.ReplayEventsRequest(partition=partition, page_size=1000), timeout=DEADLINE_SECONDS
        )
    ]
    events = [json.loads(event) for page in pages for event in page.events]
    return [event["policy"] for event in events if event["subject"] == attendance and "policy" in event]


def test_the_first_version_is_there_from_the_beginning(client: Client):
    at = Position(partition=partition_of(STANDARD, PARTITIONS), position=2)
    question = pb.GetPolicyRequest(name=STANDARD, positions=[at])
    policy = pb.Policy.FromString(client.send("PolicyService/GetPolicy", question))
    first = policy.versions[0]
    assert (policy.kind, first.name, first.version) == (pb.POLICY_KIND_HOURS, f"{STANDARD}/versions/1", 1)
    assert (first.hours.day_seconds_max, first.hours.attendance_seconds_max) == (86_400, 86_400)
    assert first.hours.compulsory_service_counts
    assert first.approved_at == at


def test_old_answers_stay_as_they_were_and_new_hours_carry_the_new_version(client: Client):
    """Group and personal hours under another rounding from a date on: nothing that was decided is touched."""
    before = recorded(client, record("2026-11-02 05:00", "2026-11-02 06:50"))
    counted = recorded(client, group(72_001), "RecordGroupAttendance")
    assert (before.seconds.attended_seconds, counted.seconds.attended_seconds) == (6600, 72_001)
    waits = hours.GetBalanceRequest(name=ANA, positions=[*before.positions, *counted.positions])
    balance = hours.Balance.FromString(client.send("HoursService/GetBalance", waits))
    at_first = AsOf(positions=PositionSet(positions=balance.positions))
    told = answers(client, at_first)

    policy = in_force(client, "2023-01-01", pb.HoursRules(rounding_seconds=900, rounding=pb.ROUNDING_DOWN))
    version = policy.versions[-1].name
    after = recorded(client, record("2026-11-03 05:00", "2026-11-03 06:50"))
    again = recorded(client, group(72_001), "RecordGroupAttendance")
    assert (after.policy, after.seconds.attended_seconds) == (version, 6300)
    assert (again.policy, again.seconds.attended_seconds) == (version, 70_200)
    assert stored_policies(client, after.name) == [version]
    assert stored_policies(client, before.name) == [f"{STANDARD}/versions/1"]
    waits = hours.GetBalanceRequest(name=ANA, positions=[*after.positions, *again.positions])
    balance = hours.Balance.FromString(client.send("HoursService/GetBalance", waits))
    assert balance.seconds.attended_seconds == 6600 + 6300
    assert answers(client, at_first) == told

    corrected = participation.CorrectAttendanceRequest(request_id=request_id(), name=before.name, reason="CORRECTED")
    corrected.start_time.CopyFrom(before.start_time)
    corrected.end_time.seconds = before.end_time.seconds + 300
    now = recorded(client, corrected, "CorrectAttendance")
    assert (now.policy, now.seconds.attended_seconds, now.seconds.reversed_seconds) == (version, 6300, 300)
    client.send("HoursService/GetBalance", hours.GetBalanceRequest(name=ANA, positions=now.positions))
    assert answers(client, at_first) == told


def test_withheld_hours_are_released_by_asking_under_a_later_version(client: Client):
    in_force(client, "2026-06-01", pb.HoursRules(attendance_seconds_max=3600))
    withheld = recorded(client, record("2026-06-02 05:00", "2026-06-02 07:00"))
    assert (withheld.seconds.withheld_seconds, list(withheld.withheld_reasons)) == (7200, ["DURATION_ABOVE_CAP"])
    asked = verification.ReassessHoursRequest(request_id=request_id(), name=withheld.name)
    assert client.refused("VerificationService/ReassessHours", asked).reason == "NOTHING_TO_RELEASE"
    for name in (ANA, f"{OLD}/groupAttendances/a", ""):
        wrong = verification.ReassessHoursRequest(request_id=request_id(), name=name)
        assert client.refused("VerificationService/ReassessHours", wrong).reason == "INVALID_ARGUMENT"
    version = in_force(client, "2026-06-01", pb.HoursRules()).versions[-1].name
    asked.request_id = request_id()
    first = client.send("VerificationService/ReassessHours", asked)
    released = resources_pb2.Attendance.FromString(first)
    assert (released.policy, released.seconds.attended_seconds) == (version, 7200)
    assert client.send("VerificationService/ReassessHours", asked) == first
    verify = verification.VerifyHoursRequest(request_id=request_id(), name=withheld.name)
    verified = resources_pb2.Attendance.FromString(client.send("VerificationService/VerifyHours", verify, VERIFIER))
    assert verified.seconds.verified_seconds == 7200


def test_the_year_s_cap_holds_over_all_that_a_person_has_there(client: Client):
    in_force(client, "2024-01-01", pb.HoursRules(year_seconds_max=7200))
    counted = recorded(client, record("2024-02-28 20:00", "2024-02-28 22:00"))  # over midnight in Riyadh
    assert counted.seconds.attended_seconds == 7200
    above = recorded(client, record("2024-12-31 20:00", "2024-12-31 20:30"))
    assert (above.seconds.withheld_seconds, list(above.withheld_reasons)) == (1800, ["YEAR_ABOVE_CAP"])
    withdrawn = participation.WithdrawAttendanceRequest(request_id=request_id(), name=counted.name, reason="MISTAKE")
    recorded(client, withdrawn, "WithdrawAttendance")
    assert stored_policies(client, above.name) == [above.policy] * 2
    in_force(client, "2024-01-01", pb.HoursRules())


def test_versions_of_every_kind_are_read_back_as_they_were_proposed(client: Client):
    requirement = pb.RequirementRules(
        measure_classes=[values_pb2.EVIDENCE_CLASS_VERIFIED, values_pb2.EVIDENCE_CLASS_ATTENDED],
        levels=[
            pb.RequirementLevel(name="bronze", seconds_min=3600, age_max_years=17),
            pb.RequirementLevel(name="silver", seconds_min=7200, age_min_years=0),
        ],
        period=pb.REQUIREMENT_PERIOD_HIJRI_YEAR,
        watched=True,
    )
    rates = pb.Rates(
        rates=[
            pb.Rate(
                from_date="2026-01-01", until_date="2026-12-31", currency="SAR", minor_units_per_hour=1, source="a"
            ),
            pb.Rate(from_date="2027-01-01", currency="SAR", minor_units_per_hour=2, source="b"),
        ]
    )
    cases: list[tuple[str, pb.PolicyKind.ValueType, dict[str, Message]]] = [
        ("policies/award", pb.POLICY_KIND_REQUIREMENT, {"requirement": requirement}),
        ("policies/money", pb.POLICY_KIND_RATES, {"rates": rates}),
    ]
    for name, kind, rules in cases:
        sent = proposal(name, "2026-01-01", **rules)
        first = client.send("PolicyService/ProposePolicy", sent)
        assert client.send("PolicyService/ProposePolicy", sent) == first
        proposed = pb.Policy.FromString(first)
        question = pb.GetPolicyRequest(name=name, positions=proposed.positions)
        read = pb.Policy.FromString(client.send("PolicyService/GetPolicy", question))
        [version] = read.versions
        assert (read.kind, version.proposed_by, version.approved_by) == (kind, COORDINATOR, "")
        assert not version.HasField("approved_at")
        for field in ("proposed_time", "proposed_at"):
            version.ClearField(field)
        assert version == proposed.versions[0]
        for field, message in rules.items():
            assert getattr(version, field) == message
    listed = pb.ListPoliciesResponse.FromString(
        client.send("PolicyService/ListPolicies", pb.ListPoliciesRequest(kind=pb.POLICY_KIND_RATES))
    )
    assert [policy.name for policy in listed.policies] == ["policies/money"]


def test_policies_are_listed_page_by_page(client: Client):
    names: list[str] = []
    token = ""
    while True:
        question = pb.ListPoliciesRequest(page_size=1, page_token=token)
        page = pb.ListPoliciesResponse.FromString(client.send("PolicyService/ListPolicies", question))
        names += [policy.name for policy in page.policies]
        assert all(policy.versions for policy in page.policies)
        token = page.next_page_token
        if not token:
            break
    assert names == sorted(set(names))
    assert STANDARD in names


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (proposal(), "INVALID_ARGUMENT"),
        (proposal("policies/UPPER", hours=pb.HoursRules()), "INVALID_ARGUMENT"),
        (proposal(hours=pb.HoursRules(day_seconds_max=86_401)), "INVALID_ARGUMENT"),
        (proposal(hours=pb.HoursRules(rounding_seconds=0)), "INVALID_ARGUMENT"),
        (proposal(hours=pb.HoursRules(late_seconds_forgiven=-1)), "INVALID_ARGUMENT"),
        (proposal(STANDARD, "2026-02-30", hours=pb.HoursRules()), "DATE_INVALID"),
        (proposal(STANDARD, "soon", hours=pb.HoursRules()), "INVALID_ARGUMENT"),
        (proposal(hours=pb.HoursRules(break_seconds=60)), "POLICY_RULES_INVALID"),
        (proposal(requirement=pb.RequirementRules()), "INVALID_ARGUMENT"),
        (
            proposal(rates=pb.Rates(rates=[pb.Rate(from_date="2026-01-01", currency="SAR", minor_units_per_hour=1)])),
            "INVALID_ARGUMENT",
        ),
        (
            proposal(
                requirement=pb.RequirementRules(
                    levels=[pb.RequirementLevel(name="a", seconds_min=1)], period=pb.REQUIREMENT_PERIOD_LIFETIME
                )
            ),
            "POLICY_KIND_FIXED",
        ),
        (
            proposal(
                "policies/other",
                requirement=pb.RequirementRules(
                    measure_classes=[values_pb2.EVIDENCE_CLASS_REVERSED],
                    levels=[pb.RequirementLevel(name="a", seconds_min=1)],
                    period=pb.REQUIREMENT_PERIOD_LIFETIME,
                ),
            ),
            "POLICY_RULES_INVALID",
        ),
    ],
)
def test_proposals_that_are_refused(client: Client, request_: Message, reason: str):
    refused = client.refused("PolicyService/ProposePolicy", request_)
    assert (refused.code, refused.reason) == (INVALID, reason)


def test_who_proposed_does_not_approve_and_nobody_approves_what_was_replaced(client: Client):
    first = pb.Policy.FromString(client.send("PolicyService/ProposePolicy", proposal(hours=pb.HoursRules())))
    version = first.versions[-1].name
    refused = client.refused("PolicyService/ApprovePolicy", approval(version))
    assert (refused.code, refused.reason) == (FORBIDDEN, "POLICY_SAME_PERSON")
    client.send("PolicyService/ProposePolicy", proposal(hours=pb.HoursRules()))
    assert (
        client.refused("PolicyService/ApprovePolicy", approval(version), APPROVER).reason == "POLICY_VERSION_REPLACED"
    )
    assert client.refused("PolicyService/ApprovePolicy", approval("policies/none/versions/1")).reason == "NOT_FOUND"
    for name in (STANDARD, f"{STANDARD}/versions/0", "policies/standard/versions/x"):
        assert client.refused("PolicyService/ApprovePolicy", approval(name)).reason == "INVALID_ARGUMENT"
    assert client.refused("PolicyService/ApprovePolicy", approval(version), "").reason == "UNAUTHENTICATED"
    missing = pb.GetPolicyRequest(name="policies/none")
    with pytest.raises(grpc.RpcError) as raised:
        client.send("PolicyService/GetPolicy", missing)
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
