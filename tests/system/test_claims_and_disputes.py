"""Claims, confirmations, pages of verifications, disputes and adjustments over gRPC, and what the read side says."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.message import Message

from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import COORDINATOR, Client, at, request_id, with_id
from tests.system.served_ledger import served_ledger
from tests.system.small_programme import ANA, GREEN, MORNING, OLD, VERIFIER, beginnings, record
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as policies
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2 as resources
from volunteer_hours.v1 import verification_service_pb2 as verification

JUDGE = "staff/judge"
HEADS = f"{OLD}/groupAttendances/1"
HOUR = 3_600
UPHELD, REJECTED = verification.DISPUTE_RESOLUTION_UPHELD, verification.DISPUTE_RESOLUTION_REJECTED


class Asked:
    """A served ledger: each command, and what the directory says of the attendance once it has seen the command."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.client = Client(channel)
        self._directory = directory_grpc.DirectoryServiceStub(channel)

    def tell(self, method: str, message: Message, actor: str) -> resources.Attendance:
        answer = resources.Attendance.FromString(self.client.send(method, message, actor))
        question = directory.GetAttendanceRequest(name=answer.name, positions=answer.positions)
        seen = self._directory.GetAttendance(question, metadata=acting_as(COORDINATOR), timeout=20)
        for said in (answer, seen):
            said.ClearField("positions")
        assert seen == answer, "the read side says what the command said"
        return answer

    def claim(self, start: str, end: str, **fields) -> resources.Attendance:
        return self.tell("ParticipationService/ClaimHours", claim(start, end, **fields), ANA)

    def record(self, start: str, end: str) -> resources.Attendance:
        return self.tell("ParticipationService/RecordAttendance", record(start, end), COORDINATOR)

    def verify(self, name: str, seconds: int | None = None) -> resources.Attendance:
        message = verification.VerifyHoursRequest(request_id=request_id(), name=name, verified_seconds=seconds)
        return self.tell("VerificationService/VerifyHours", message, VERIFIER)


def claim(start: str, end: str, volunteer: str = ANA, shift: str = MORNING) -> participation.ClaimHoursRequest:
    return participation.ClaimHoursRequest(
        request_id=request_id(), shift=shift, volunteer=volunteer, start_time=at(start), end_time=at(end)
    )


def dispute(name: str) -> verification.DisputeHoursRequest:
    return verification.DisputeHoursRequest(request_id=request_id(), name=name, reason="NOT_THERE")


def resolve(name: str, resolution: verification.DisputeResolution.ValueType, release: bool = False):
    return verification.ResolveDisputeRequest(
        request_id=request_id(), name=name, resolution=resolution, reason="LOOKED_INTO", release_withheld=release
    )


def adjust(name: str, seconds: int) -> verification.AdjustHoursRequest:
    return verification.AdjustHoursRequest(
        request_id=request_id(), name=name, verified_seconds=seconds, reason="LEFT_EARLY"
    )


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    """The small programme with a second verifier, in three partitions."""
    with served_ledger(3) as address, channel_to(address) as channel:
        asked = Asked(channel)
        appoint = registry.AppointMemberRequest(
            parent=GREEN, appointment_id="judge", member=JUDGE, role=resources.MEMBER_ROLE_VERIFIER
        )
        for method, message in (*beginnings(), ("AppointMember", appoint)):
            asked.client.send(f"RegistryService/{method}", with_id(message))
        yield asked


def test_a_claim_is_answered_by_a_verification(asked: Asked):
    claimed = asked.claim("2026-11-01 05:00", "2026-11-01 08:00")
    assert (claimed.state, claimed.seconds.claimed_seconds) == (resources.ATTENDANCE_STATE_CLAIMED, 3 * HOUR)
    beside = asked.record("2026-11-01 07:00", "2026-11-01 09:00")
    assert (beside.seconds.attended_seconds, beside.seconds.withheld_seconds) == (HOUR, HOUR)
    verified = asked.verify(claimed.name, 2 * HOUR)
    assert (verified.state, verified.seconds.verified_seconds) == (resources.ATTENDANCE_STATE_VERIFIED, 2 * HOUR)
    assert asked.verify(beside.name).seconds.verified_seconds == 2 * HOUR


def test_a_claim_is_taken_back(asked: Asked):
    claimed = asked.claim("2026-11-02 05:00", "2026-11-02 08:00")
    taken_back = participation.WithdrawClaimRequest(request_id=request_id(), name=claimed.name)
    withdrawn = asked.tell("ParticipationService/WithdrawClaim", taken_back, ANA)
    assert (withdrawn.state, withdrawn.seconds.reversed_seconds) == (resources.ATTENDANCE_STATE_WITHDRAWN, 3 * HOUR)


def test_the_person_confirms(asked: Asked):
    recorded = asked.record("2026-11-03 05:00", "2026-11-03 08:00")
    confirms = participation.ConfirmAttendanceRequest(request_id=request_id(), name=recorded.name)
    assert asked.client.refused("ParticipationService/ConfirmAttendance", confirms).reason == "NOT_YOURS_TO_CONFIRM"
    confirms.request_id = request_id()
    assert asked.tell("ParticipationService/ConfirmAttendance", confirms, ANA) == recorded


def test_a_dispute_and_both_its_ends(asked: Asked):
    names = [asked.record(f"2026-11-04 {hour}:00", f"2026-11-04 {hour + 1}:00").name for hour in (10, 12)]
    for name in names:
        asked.verify(name)
        contested = asked.tell("VerificationService/DisputeHours", dispute(name), ANA)
        assert (contested.state, contested.seconds.disputed_seconds) == (resources.ATTENDANCE_STATE_DISPUTED, HOUR)
        refused = asked.client.refused("VerificationService/AdjustHours", adjust(name, 60), VERIFIER)
        assert refused.reason == "HOURS_DISPUTED"
        refused = asked.client.refused("VerificationService/ResolveDispute", resolve(name, UPHELD), VERIFIER)
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "VERIFIER_VERIFIED")
    rejected = asked.tell("VerificationService/ResolveDispute", resolve(names[0], REJECTED), JUDGE)
    assert (rejected.state, rejected.seconds.verified_seconds) == (resources.ATTENDANCE_STATE_VERIFIED, HOUR)
    upheld = asked.tell("VerificationService/ResolveDispute", resolve(names[1], UPHELD), JUDGE)
    assert (upheld.state, upheld.seconds.reversed_seconds) == (resources.ATTENDANCE_STATE_REVERSED, HOUR)


def test_withheld_time_is_released_by_the_end_of_a_dispute(asked: Asked):
    long = asked.record("2026-11-05 05:00", "2026-11-06 06:00")
    assert (long.seconds.withheld_seconds, list(long.withheld_reasons)) == (25 * HOUR, ["DURATION_ABOVE_CAP"])
    asked.tell("VerificationService/DisputeHours", dispute(long.name), ANA)
    resolved = asked.tell("VerificationService/ResolveDispute", resolve(long.name, REJECTED, release=True), JUDGE)
    assert (resolved.state, resolved.seconds.attended_seconds) == (resources.ATTENDANCE_STATE_RECORDED, 25 * HOUR)
    assert not resolved.withheld_reasons


def test_a_verification_is_lowered(asked: Asked):
    name = asked.record("2026-11-07 05:00", "2026-11-07 08:00").name
    asked.verify(name)
    lowered = asked.tell("VerificationService/AdjustHours", adjust(name, HOUR), VERIFIER)
    assert (lowered.seconds.verified_seconds, lowered.seconds.reversed_seconds) == (HOUR, 2 * HOUR)
    refused = asked.client.refused("VerificationService/AdjustHours", adjust(name, HOUR), VERIFIER)
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ADJUSTED_NOT_LOWER")


def test_a_page_of_verifications_has_an_outcome_an_item_and_the_same_answer_again(asked: Asked):
    heads = participation.RecordGroupAttendanceRequest(
        request_id=request_id(), shift=OLD, head_count=2, attended_seconds=600
    )
    names = [
        asked.record("2026-11-08 05:00", "2026-11-08 08:00").name,
        asked.claim("2026-11-08 09:00", "2026-11-08 10:00").name,
        asked.tell("ParticipationService/RecordGroupAttendance", heads, COORDINATOR).name,
    ]
    page = verification.BatchVerifyHoursRequest(request_id=request_id())
    page.items.add(name=names[0], verified_seconds=2 * HOUR)
    page.items.add(name=f"{ANA}/attendances/none")
    page.items.add(name=names[1], organization=GREEN)
    page.items.add(name=names[1], organization="organizations/other")
    page.items.add(name=names[2])
    answers = [asked.client.send("VerificationService/BatchVerifyHours", page, VERIFIER) for _ in range(2)]
    told = [verification.BatchVerifyHoursResponse.FromString(answer) for answer in answers]
    first, missing, second, wrong, third = told[0].outcomes
    assert (first.verified.verified_seconds, first.verified.reversed_seconds) == (2 * HOUR, HOUR)
    assert (second.verified.name, second.verified.verified_seconds) == (names[1], HOUR)
    assert third.verified.verified_seconds == 600
    assert [missing.refusal.code, wrong.refusal.code] == [
        grpc.StatusCode.NOT_FOUND.value[0],
        grpc.StatusCode.INVALID_ARGUMENT.value[0],
    ]
    last: dict[int, int] = {}
    for verified in (first.verified, second.verified, third.verified):
        last[verified.partition] = max(verified.position, last.get(verified.partition, 0))
    assert {one.partition: one.position for one in told[0].positions} == last
    for outcome, again in zip(told[0].outcomes, told[1].outcomes, strict=True):
        if outcome.HasField("verified"):
            assert again == outcome


def test_two_words_before_a_verification(asked: Asked):
    rules = policies.HoursRules(two_verifiers_above_seconds=HOUR, confirmation_required=True)
    proposed = policies.ProposePolicyRequest(
        request_id=request_id(), name="policies/standard", effective_date="2026-11-10", source="synthetic", hours=rules
    )
    asked.client.send("PolicyService/ProposePolicy", proposed)
    approved = policies.ApprovePolicyRequest(request_id=request_id(), name="policies/standard/versions/2")
    asked.client.send("PolicyService/ApprovePolicy", approved, JUDGE)
    recorded = asked.record("2026-11-10 05:00", "2026-11-10 08:00")
    verify = verification.VerifyHoursRequest(request_id=request_id(), name=recorded.name)
    assert asked.client.refused("VerificationService/VerifyHours", verify, VERIFIER).reason == "CONFIRMATION_MISSING"
    confirms = participation.ConfirmAttendanceRequest(request_id=request_id(), name=recorded.name)
    asked.tell("ParticipationService/ConfirmAttendance", confirms, ANA)
    page = verification.BatchVerifyHoursRequest(request_id=request_id())
    page.items.add(name=recorded.name)
    answer = asked.client.send("VerificationService/BatchVerifyHours", page, VERIFIER)
    [outcome] = verification.BatchVerifyHoursResponse.FromString(answer).outcomes
    assert (outcome.verified.second_verifier_needed, outcome.verified.verified_seconds) == (True, 0)
    refused = asked.client.refused("VerificationService/VerifyHours", with_id(verify), VERIFIER)
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SECOND_VERIFIER_NEEDED")
    second = asked.tell("VerificationService/VerifyHours", verify, JUDGE)
    assert (second.state, second.seconds.verified_seconds) == (resources.ATTENDANCE_STATE_VERIFIED, 3 * HOUR)


@pytest.mark.parametrize(
    ("method", "message", "field"),
    [
        ("ParticipationService/ClaimHours", participation.ClaimHoursRequest(volunteer=ANA), "start_time"),
        ("ParticipationService/WithdrawClaim", participation.WithdrawClaimRequest(name=HEADS), "name"),
        ("ParticipationService/ConfirmAttendance", participation.ConfirmAttendanceRequest(name=ANA), "name"),
        ("VerificationService/DisputeHours", verification.DisputeHoursRequest(name=ANA, reason="because"), "reason"),
        ("VerificationService/ResolveDispute", verification.ResolveDisputeRequest(reason="SEEN"), "resolution"),
        ("VerificationService/AdjustHours", verification.AdjustHoursRequest(reason="SEEN"), "verified_seconds"),
        ("VerificationService/BatchVerifyHours", verification.BatchVerifyHoursRequest(), "items"),
        (
            "VerificationService/BatchVerifyHours",
            verification.BatchVerifyHoursRequest(items=[verification.VerificationItem(name=ANA)]),
            "items[0].name",
        ),
    ],
)
def test_bad_requests_name_the_field(asked: Asked, method: str, message: Message, field: str):
    refused = asked.client.refused(method, with_id(message), ANA)
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert field in refused.fields


def test_a_head_count_is_not_contested(asked: Asked):
    refused = asked.client.refused("VerificationService/DisputeHours", dispute(HEADS), ANA)
    assert refused.reason == "NOT_A_PERSON"


def test_nobody_claims_for_another_volunteer(asked: Asked):
    wanted = claim("2026-11-09 05:00", "2026-11-09 08:00")
    refused = asked.client.refused("ParticipationService/ClaimHours", wanted, "volunteers/ben")
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "CLAIM_FOR_ANOTHER")
