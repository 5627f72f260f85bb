"""Bad input over gRPC: each gets a typed refusal or a field violation, never INTERNAL, and nothing is recorded."""

import random
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.acting import channel_to
from tests.system.grpc_caller import Client, refusal_of, request_id, with_id
from tests.system.served_ledger import served_ledger
from tests.system.small_programme import ANA, GARDEN, GREEN, MORNING, NAME, OLD, VERIFIER, beginnings, opening, record
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification

INVALID, MISSING = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
REFUSED, EXISTS = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.ALREADY_EXISTS


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A ledger with one organisation, a shift that was and one that is to come, and Ana."""
    with served_ledger() as address, channel_to(address) as channel:
        client = Client(channel)
        for method, message in beginnings():
            client.send(f"RegistryService/{method}", with_id(message))
        yield client


def verify(name: str, seconds: int | None = None) -> verification.VerifyHoursRequest:
    return verification.VerifyHoursRequest(request_id=request_id(), name=name, verified_seconds=seconds)


def test_bytes_that_are_no_message(client: Client):
    for body in (b"\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xc3\x28"):
        assert client.refused("RegistryService/OpenShift", body).code is INVALID


@pytest.mark.parametrize("nested", [False, True])
def test_unknown_fields(client: Client, nested: bool):
    request = record("2026-11-20 05:00", "2026-11-20 06:00")
    unknown = b"\xf8\x07\x01"
    if nested:
        request.attendance.MergeFromString(unknown)
    body = request.SerializeToString() + (b"" if nested else unknown)
    assert client.refused("ParticipationService/RecordAttendance", body).reason == "UNKNOWN_FIELDS"


@pytest.mark.parametrize(
    "method", ["RegisterForShift", "WithdrawRegistration", "CheckIn", "CheckOut", "RecordAttendance"]
)
def test_empty_requests_name_the_fields_that_are_missing(client: Client, method: str):
    refused = client.refused(f"ParticipationService/{method}", b"")
    assert (refused.code, refused.reason) == (INVALID, "INVALID_ARGUMENT")
    assert "request_id" in refused.fields


@pytest.mark.parametrize(
    "name", ["x" * 10_000, "a\x00b", "volunteers/\u0623", "volunteers/ANA", "volunteers/", "../ana", ""]
)
def test_names_of_another_form(client: Client, name: str):
    refused = client.refused("ParticipationService/RecordAttendance", record("", "", volunteer=name))
    assert (refused.code, refused.fields) == (INVALID, ("attendance.volunteer",))


@pytest.mark.parametrize("text", ["n" * 10_000, "a\x00b"])
def test_texts_that_are_too_long_or_hold_control_signs(client: Client, text: str):
    request = registry.RegisterOrganizationRequest(
        request_id=request_id(), display_name=values_pb2.LocalizedText(en=text)
    )
    assert client.refused("RegistryService/RegisterOrganization", request).fields == ("display_name.en",)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (opening("a", "2026-11-20 09:00", "2026-11-20 05:00"), "TIMES_REVERSED"),
        (opening("a", "2026-11-20 09:00", "2026-11-20 09:00"), "TIMES_REVERSED"),
        (opening("a", "2026-11-20 09:00", ""), "INVALID_ARGUMENT"),
        (opening("a", "", ""), "INVALID_ARGUMENT"),
        (opening("a", "2026-11-20 05:00", "2026-11-20 09:00", service_date="2026-11-20"), "INVALID_ARGUMENT"),
        (opening("a", "2026-11-20 05:00", "2026-12-31 05:00"), "SHIFT_TOO_LONG"),
        (opening("a", "2026-11-20 05:00", "2026-11-20 09:00", "Mars/Olympus"), "TIME_ZONE_UNKNOWN"),
        (opening("a", "", "", service_date="2026-02-30"), "DATE_INVALID"),
        (opening("a", "", "", service_date="0001-01-01"), "DATE_INVALID"),
        (opening("morning", "2026-11-20 05:00", "2026-11-20 09:00"), "ALREADY_EXISTS"),
    ],
)
def test_shifts(client: Client, request_: Message, reason: str):
    assert client.refused("RegistryService/OpenShift", with_id(request_)).reason == reason


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-20 20:00", "2026-11-20 23:00"),  # across midnight in Riyadh
        ("2026-03-29 00:30", "2026-03-29 02:30"),  # the hour that London loses
        ("2026-10-25 00:30", "2026-10-25 02:30"),  # the hour that London has twice
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Riyadh", "Europe/London"])
def test_midnights_and_clock_changes_are_good_input(client: Client, start: str, end: str, zone: str):
    answer = client.send("RegistryService/OpenShift", opening("", start, end, zone))
    shift = resources_pb2.Shift.FromString(answer)
    assert shift.end_time.seconds - shift.start_time.seconds in (2 * 3600, 3 * 3600)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (record("2026-11-20 06:00", "2026-11-20 05:00"), "TIMES_REVERSED"),
        (record("2026-11-20 05:00", "2026-11-20 05:00"), "TIMES_REVERSED"),
        (record("2026-10-01 05:00", "2026-11-20 05:00"), "DURATION_OUT_OF_RANGE"),
        (record("2190-11-20 05:00", "2190-11-20 06:00"), "SERVICE_IN_FUTURE"),
        (record("2026-11-20 05:00", ""), "INVALID_ARGUMENT"),
        (record("", "", OLD), "SHIFT_HAS_NO_TIMES"),
        (record("", "", f"{GARDEN}/shifts/none"), "NOT_FOUND"),
        (record("", "", volunteer="volunteers/nobody"), "NOT_FOUND"),
    ],
)
def test_attendances(client: Client, request_: Message, reason: str):
    assert client.refused("ParticipationService/RecordAttendance", with_id(request_)).reason == reason


@pytest.mark.parametrize("seconds", [-1, 10**18, -(10**18), 2**63 - 1])
def test_times_outside_of_this_age(client: Client, seconds: int):
    request = record("", "2026-11-20 06:00")
    request.attendance.start_time.CopyFrom(Timestamp(seconds=seconds if seconds != -1 else -(10**10)))
    refused = client.refused("ParticipationService/RecordAttendance", request)
    assert (refused.code, refused.fields) == (INVALID, ("start_time",))


@pytest.mark.parametrize(("heads", "seconds"), [(0, 60), (-1, 60), (5, 0), (5, -60), (5, 10**12), (2_000_000, 60)])
def test_head_counts(client: Client, heads: int, seconds: int):
    request = participation.RecordGroupAttendanceRequest(
        request_id=request_id(), shift=MORNING, head_count=heads, attended_seconds=seconds
    )
    assert client.refused("ParticipationService/RecordGroupAttendance", request).code is INVALID


@pytest.mark.parametrize("seconds", [0, -1, 10**15])
def test_verified_seconds(client: Client, seconds: int):
    answer = client.send("ParticipationService/RecordAttendance", record("2026-11-21 05:00", "2026-11-21 06:00"))
    name = resources_pb2.Attendance.FromString(answer).name
    client.refused("VerificationService/VerifyHours", verify(name, seconds), VERIFIER)
    withdrawal = participation.WithdrawAttendanceRequest(request_id=request_id(), name=name, reason="TEST_OVER")
    client.send("ParticipationService/WithdrawAttendance", withdrawal)


def test_what_is_not_there_is_not_found(client: Client):
    nothing = f"{ANA}/attendances/none"
    assert client.refused("VerificationService/VerifyHours", verify(nothing), VERIFIER).code is MISSING
    check_out = participation.CheckOutRequest(
        request_id=request_id(), name=nothing, method=resources_pb2.ATTENDANCE_METHOD_QR
    )
    assert client.refused("ParticipationService/CheckOut", check_out).code is MISSING


def test_a_key_used_for_another_body(client: Client):
    request = registry.RegisterOrganizationRequest(request_id=request_id(), display_name=NAME)
    first = client.send("RegistryService/RegisterOrganization", request)
    assert client.send("RegistryService/RegisterOrganization", request) == first
    request.display_name.en = "other"
    refused = client.refused("RegistryService/RegisterOrganization", request)
    assert (refused.code, refused.reason) == (EXISTS, "REQUEST_ID_REUSED")


def test_a_key_used_for_another_method(client: Client):
    suspension = registry.SuspendOrganizationRequest(request_id=request_id(), name=GREEN, reason="TEST_ONLY")
    client.send("RegistryService/SuspendOrganization", suspension)
    client.send("RegistryService/ReinstateOrganization", with_id(registry.ReinstateOrganizationRequest(name=GREEN)))
    same_bytes = registry.ReinstateOrganizationRequest(request_id=suspension.request_id, name=GREEN)
    assert client.refused("RegistryService/ReinstateOrganization", same_bytes).reason == "REQUEST_ID_REUSED"


def test_who_acts_must_be_said(client: Client):
    request = registry.RegisterOrganizationRequest(request_id=request_id(), display_name=NAME)
    refused = client.refused("RegistryService/RegisterOrganization", request, "")
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


@pytest.mark.parametrize("volunteer_id", ["1058529940", "a1234567", "1-0585-29940", "a12-34567"])
def test_an_identity_number_is_no_id(client: Client, volunteer_id: str):
    passport = values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_PASSPORT, country="JO", number="A1234567")
    request = registry.RegisterVolunteerRequest(
        request_id=request_id(),
        volunteer_id=volunteer_id,
        details=resources_pb2.PersonalDetails(identity=passport),
    )
    assert client.refused("RegistryService/RegisterVolunteer", request).fields == ("volunteer_id",)


@pytest.mark.parametrize(
    ("identity_type", "number"),
    [
        (values_pb2.IDENTITY_TYPE_NATIONAL_ID, "1058529941"),
        (values_pb2.IDENTITY_TYPE_IQAMA, "1058529940"),
        (values_pb2.IDENTITY_TYPE_PASSPORT, "1234"),
    ],
)
def test_identity_numbers_of_another_form(client: Client, identity_type, number: str):
    details = resources_pb2.PersonalDetails(identity=values_pb2.Identity(type=identity_type, number=number))
    request = registry.RegisterVolunteerRequest(request_id=request_id(), details=details)
    assert client.refused("RegistryService/RegisterVolunteer", request).reason == "IDENTITY_INVALID"


@pytest.mark.parametrize(
    ("identity_type", "country", "refusal"),
    [
        (values_pb2.IDENTITY_TYPE_PASSPORT, "", "INVALID_ARGUMENT"),
        (values_pb2.IDENTITY_TYPE_PASSPORT, "KS", "IDENTITY_COUNTRY_INVALID"),
        (values_pb2.IDENTITY_TYPE_PASSPORT, "JOR", "INVALID_ARGUMENT"),
        (values_pb2.IDENTITY_TYPE_OTHER_NATIONAL, "", "IDENTITY_COUNTRY_INVALID"),
        (values_pb2.IDENTITY_TYPE_OTHER_NATIONAL, "SA", "IDENTITY_COUNTRY_INVALID"),
        (values_pb2.IDENTITY_TYPE_NATIONAL_ID, "JO", "IDENTITY_COUNTRY_INVALID"),
    ],
)
def test_who_issued_a_document_must_be_said(client: Client, identity_type, country: str, refusal: str):
    identity = values_pb2.Identity(type=identity_type, number="1058529940", country=country)
    request = registry.RegisterVolunteerRequest(
        request_id=request_id(), details=resources_pb2.PersonalDetails(identity=identity)
    )
    assert client.refused("RegistryService/RegisterVolunteer", request).reason == refusal


@pytest.mark.parametrize("path", ["organization", "name", "", "no.such", "p" * 10_000])
def test_update_masks(client: Client, path: str):
    request = registry.UpdateOpportunityRequest(
        request_id=request_id(),
        name=GARDEN,
        opportunity=resources_pb2.Opportunity(organization=GREEN, title=NAME),
        update_mask=FieldMask(paths=[path]),
    )
    assert client.refused("RegistryService/UpdateOpportunity", request).reason == "UPDATE_MASK_INVALID"


def test_a_page_with_one_unreadable_item_is_refused_whole(client: Client):
    page = participation.RecordAttendancesRequest(request_id=request_id())
    page.attendances.append(record("2026-11-22 05:00", "2026-11-22 06:00").attendance)
    page.attendances.append(record("2026-11-22 06:00", "").attendance)
    before = client.recorded()
    with pytest.raises(grpc.RpcError) as raised:
        list(client.stream("ParticipationService/RecordAttendances", [page.SerializeToString()]))
    assert refusal_of(raised.value).fields == ("attendances[1].end_time",)
    assert client.recorded() == before


def test_an_item_that_is_refused_does_not_disturb_its_neighbours(client: Client):
    page = participation.RecordAttendancesRequest(request_id=request_id())
    page.attendances.append(record("2026-11-22 05:00", "2026-11-22 06:00").attendance)
    page.attendances.append(record("2026-11-22 06:00", "2026-11-22 05:00").attendance)
    page.attendances.append(record("2026-11-22 07:00", "2026-11-22 08:00").attendance)
    [answer] = client.stream("ParticipationService/RecordAttendances", [page.SerializeToString()])
    outcomes = participation.RecordAttendancesResponse.FromString(answer).outcomes
    assert [outcome.WhichOneof("outcome") for outcome in outcomes] == ["recorded", "refusal", "recorded"]
    assert [outcome.recorded.attended_seconds for outcome in outcomes] == [3600, 0, 3600]


def test_random_bytes_in_good_requests(client: Client, seed: int):
    """Whatever a byte changes, the answer is one of ours."""
    chance = random.Random(seed)
    shift, attendance = opening("", "2026-11-20 05:00", "2026-11-20 09:00"), record("", "")
    good: list[tuple[str, Message]] = [
        ("RegistryService/OpenShift", shift),
        ("ParticipationService/RecordAttendance", attendance),
    ]
    for method, message in good * 100:
        body = bytearray(with_id(message))
        for _ in range(chance.randint(1, 3)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        client.send_whatever(method, bytes(body))
