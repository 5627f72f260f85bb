"""The server as clients and operators meet it: health, reflection, deadlines, one port each, first answers again."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from ledger.grpc.server import SERVICES
from tests.system.acting import NOBODY, acting_as, channel_to
from tests.system.grpc_caller import COORDINATOR, Client, refusal_of, request_id, with_id
from tests.system.served_ledger import Served, hours_ledger, served_in_a_folder
from tests.system.small_programme import NAME, beginnings, record
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import directory_service_pb2_grpc as directory_grpc
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import hours_service_pb2_grpc as hours_grpc
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1.positions_pb2 import Position

ACTOR = acting_as(COORDINATOR)
NUMBER = "1058529940"
PERSON = resources_pb2.PersonalDetails(
    full_name="آنا",
    birth_date="2000-02-29",
    email="ana@example.org",
    identity=values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_NATIONAL_ID, number="١٠٥٨٥٢٩٩٤٠"),
)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A served ledger that holds the small programme."""
    with served_in_a_folder() as served:
        with channel_to(served.grpc) as channel:
            client = Client(channel)
            for method, message in beginnings():
                client.send(f"RegistryService/{method}", with_id(message))
        yield served


@pytest.fixture(scope="module")
def address(served: Served) -> str:
    return served.grpc


@pytest.fixture
def channel(address: str) -> Iterator[grpc.Channel]:
    with channel_to(address) as channel:
        yield channel


def test_every_service_says_that_it_serves(channel: grpc.Channel):
    check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
    for name in ("", *(service.full_name for service in SERVICES)):
        answer = check(health_pb2.HealthCheckRequest(service=name).SerializeToString(), timeout=5)
        assert health_pb2.HealthCheckResponse.FromString(answer).status == health_pb2.HealthCheckResponse.SERVING, name


def test_reflection_lists_every_service(channel: grpc.Channel):
    ask: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    )
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = ask(iter([question.SerializeToString()]), timeout=5)
    services = reflection_pb2.ServerReflectionResponse.FromString(answer).list_services_response.service
    listed = {service.name for service in services}
    assert {service.full_name for service in SERVICES} <= listed


def test_a_second_server_on_the_port_refuses_to_start(address: str, server_dir: Path):
    started = hours_ledger(
        "serve", "--embedded", "--data-dir", server_dir, "--grpc-address", address, "--http-address", "127.0.0.1:0"
    )
    assert started.returncode == 2, started.stderr
    assert "LEDGER_GRPC_ADDRESS" in started.stderr


def test_the_same_request_has_the_same_answer_to_the_byte(channel: grpc.Channel):
    client = Client(channel)
    request = record("2026-11-19 05:00", "2026-11-19 06:00")
    first = client.send("ParticipationService/RecordAttendance", request)
    correction = resources_pb2.Attendance.FromString(first)
    assert correction.seconds.attended_seconds == 3600
    assert [client.send("ParticipationService/RecordAttendance", request) for _ in range(3)] == [first] * 3


def test_a_position_that_is_not_reached_ends_with_the_deadline(channel: grpc.Channel):
    request = hours.GetBalanceRequest(name="volunteers/ana", positions=[Position(position=10**9)])
    with pytest.raises(grpc.RpcError) as raised:
        hours_grpc.HoursServiceStub(channel).GetBalance(request, timeout=0.5)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_whoever_wrote_reads_it_and_details_come_back_opened(channel: grpc.Channel):
    request = registry.RegisterVolunteerRequest(request_id=request_id(), details=PERSON)
    answer = Client(channel).send("RegistryService/RegisterVolunteer", request)
    for secret in (NUMBER, "آنا", "ana@example.org", "2000-02-29"):
        assert secret.encode() not in answer
    registered = resources_pb2.Volunteer.FromString(answer)
    stub = directory_grpc.DirectoryServiceStub(channel)
    question = directory.GetVolunteerRequest(name=registered.name, positions=registered.positions)
    volunteer = stub.GetVolunteer(question, metadata=ACTOR, timeout=10)
    expected = resources_pb2.PersonalDetails()
    expected.CopyFrom(PERSON)
    expected.identity.number = NUMBER
    assert (volunteer.name, volunteer.details) == (registered.name, expected)
    listed = stub.ListVolunteers(directory.ListVolunteersRequest(positions=registered.positions), metadata=ACTOR)
    assert registered.name in [one.name for one in listed.volunteers]
    found = stub.LookupVolunteer(directory.LookupVolunteerRequest(identity=PERSON.identity), metadata=ACTOR, timeout=5)
    assert found == resources_pb2.Volunteer(name=registered.name)
    batch = hours.BatchGetBalancesRequest(identities=[PERSON.identity], positions=registered.positions)
    with pytest.raises(grpc.RpcError) as raised:
        hours_grpc.HoursServiceStub(channel).BatchGetBalances(batch, metadata=NOBODY, timeout=5)
    assert refusal_of(raised.value).reason == "UNAUTHENTICATED"


def test_an_embedded_ledger_signs_answers_with_keys_of_its_own(served: Served, channel: grpc.Channel, tmp_path: Path):
    recorded = Client(channel).send(
        "ParticipationService/RecordAttendance", record("2026-11-18 05:00", "2026-11-18 06:00")
    )
    [at] = resources_pb2.Attendance.FromString(recorded).positions
    file = tmp_path / "ana.answer"
    positions = f"{at.partition}:{at.position}"
    done = hours_ledger("balance", "volunteers/ana", "--positions", positions, "--signed", file, address=served.grpc)
    assert done.returncode == 0, done.stderr
    told = [hours_ledger("keys", which, "--data-dir", served.folder).stdout for which in ("--answers", "--verifier")]
    keys = "".join(told).split()
    assert len(keys) == 4
    checked = hours_ledger("verify", file, *(word for key in keys for word in ("--key", key)))
    assert checked.stdout.startswith("verified: volunteer-hours.localhost/log/answers gave this answer"), checked


def test_nobody_reads_personal_details_namelessly(channel: grpc.Channel):
    stub = directory_grpc.DirectoryServiceStub(channel)
    questions = (
        lambda: stub.GetVolunteer(directory.GetVolunteerRequest(name="volunteers/ana"), metadata=NOBODY, timeout=5),
        lambda: stub.ListVolunteers(directory.ListVolunteersRequest(), metadata=NOBODY, timeout=5),
        lambda: stub.LookupVolunteer(
            directory.LookupVolunteerRequest(identity=PERSON.identity), metadata=NOBODY, timeout=5
        ),
    )
    for ask in questions:
        with pytest.raises(grpc.RpcError) as raised:
            ask()
        assert refusal_of(raised.value).reason == "UNAUTHENTICATED"


def test_an_unknown_identity_is_not_found_and_not_repeated(channel: grpc.Channel):
    stub = directory_grpc.DirectoryServiceStub(channel)
    identity = values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_NATIONAL_ID, number="1001244019")
    with pytest.raises(grpc.RpcError) as raised:
        stub.LookupVolunteer(directory.LookupVolunteerRequest(identity=identity), metadata=ACTOR, timeout=5)
    assert refusal_of(raised.value).reason == "NOT_FOUND"
    assert "1001244019" not in str(raised.value)


def test_another_client_may_use_the_same_key(channel: grpc.Channel):
    request = registry.RegisterOrganizationRequest(request_id=request_id(), display_name=NAME)
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        "/volunteer_hours.v1.RegistryService/RegisterOrganization"
    )
    body = request.SerializeToString()
    first = call(body, metadata=acting_as(COORDINATOR, client="ministry"), timeout=10)
    second = call(body, metadata=acting_as(COORDINATOR, client="employer"), timeout=10)
    names = [resources_pb2.Organization.FromString(answer).name for answer in (first, second)]
    assert len(set(names)) == 2
