"""Statements issued a page at a time: each item by itself, once for ever, as if asked for alone. Synthetic persons."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2

from ledger.credentials.sd_jwt import credential_digest, disclosed_claims, read_credential
from tests.system.acting import channel_to
from tests.system.grpc_caller import with_id
from tests.system.served_ledger import served_in_a_folder
from tests.system.small_programme import ANA, GREEN
from tests.system.statement_programme import FULL_NAME, HOUR, Statements
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import Period

IDLE = "volunteers/idle"
"""Registered, and without hours."""
NAMED = (pb.STATEMENT_DETAIL_NAME, pb.STATEMENT_DETAIL_ORGANIZATIONS)


@pytest.fixture(scope="module")
def client() -> Iterator[Statements]:
    with served_in_a_folder(3) as served, channel_to(served.grpc) as channel:
        client = Statements(channel)
        client.begin()
        details = resources_pb2.PersonalDetails(full_name=FULL_NAME)
        idle = registry.RegisterVolunteerRequest(volunteer_id="idle", details=details)
        registered = client.send("RegistryService/RegisterVolunteer", with_id(idle))
        written = resources_pb2.Volunteer.FromString(registered).positions
        client.wait_until_signed(IDLE, written)
        client.written = [*client.written, *written]
        yield client


def page(client: Statements, *items: pb.StatementItem) -> pb.BatchIssueStatementsRequest:
    return pb.BatchIssueStatementsRequest(request_id=str(uuid.uuid4()), items=items, positions=client.written)


def issue(client: Statements, request: pb.BatchIssueStatementsRequest) -> pb.BatchIssueStatementsResponse:
    answer = client.send("StatementService/BatchIssueStatements", request)
    response = pb.BatchIssueStatementsResponse.FromString(answer)
    client.seen = list(response.positions)
    return response


def outcomes(response: pb.BatchIssueStatementsResponse) -> list[str]:
    """`issued`, or the reason why not."""
    told = list[str]()
    for outcome in response.outcomes:
        info = error_details_pb2.ErrorInfo()
        unpacked = [detail for detail in outcome.refusal.details if detail.Unpack(info)]
        told.append(info.reason if unpacked else "issued")
    return told


def test_each_item_stands_or_is_refused_by_itself(client: Statements):
    reversed_dates = Period(start_date="2026-02-01", end_date="2026-01-01")
    response = issue(
        client,
        page(
            client,
            pb.StatementItem(parent=IDLE),
            pb.StatementItem(parent=ANA, statement_id="paged", details=NAMED),
            pb.StatementItem(parent="volunteers/absent"),
            pb.StatementItem(parent=ANA, statement_id="paged"),
            pb.StatementItem(parent=ANA, period=reversed_dates),
            pb.StatementItem(parent=ANA, organizations=[GREEN]),
            pb.StatementItem(parent=ANA, expire_time=Timestamp(seconds=1_000_000_000)),
        ),
    )
    assert outcomes(response) == [
        "NOTHING_VERIFIED",
        "issued",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "DATES_REVERSED",
        "issued",
        "EXPIRE_TIME_PASSED",
    ]
    assert [(one.partition, one.position) for one in response.positions] == [
        (response.outcomes[5].issued.partition, response.outcomes[5].issued.position)
    ]


def test_a_paged_statement_is_one_like_any_other(client: Statements):
    response = issue(client, page(client, pb.StatementItem(parent=ANA, statement_id="whole", details=NAMED)))
    [told] = [outcome.issued for outcome in response.outcomes]
    statement = client.get(told.name)
    credential = read_credential(statement.credential)
    assert (told.name, told.verified_seconds) == (f"{ANA}/statements/whole", 3 * HOUR)
    assert told.credential_digest.hex() == credential_digest(statement.credential) == credential.digest
    assert credential.claims.as_of.size == told.size < told.position
    assert disclosed_claims(credential).full_name == FULL_NAME
    assert statement.balance_proof.startswith(b"volunteer-hours/balance-proof@v1\n")
    client.wait_for_state(told.name, pb.STATEMENT_STATE_VALID)
    assert client.confirm(credential=statement.credential).state == pb.STATEMENT_STATE_VALID


def test_the_same_page_is_answered_with_what_was_issued_first(client: Statements):
    asked = page(client, *[pb.StatementItem(parent=parent) for parent in (ANA, IDLE, ANA)])
    first, second = issue(client, asked), issue(client, asked)
    assert outcomes(first) == ["issued", "NOTHING_VERIFIED", "issued"]
    assert first == second
    assert len({outcome.issued.name for outcome in first.outcomes}) == 3  # two, and none for who has no hours


def test_an_item_that_was_changed_is_refused_and_its_neighbours_stand(client: Statements):
    asked = page(client, *[pb.StatementItem(parent=ANA) for _ in range(3)])
    first = issue(client, asked)
    asked.items[1].details.append(pb.STATEMENT_DETAIL_NAME)
    second = issue(client, asked)
    assert outcomes(second) == ["issued", "REQUEST_ID_REUSED", "issued"]
    assert [second.outcomes[number] for number in (0, 2)] == [first.outcomes[number] for number in (0, 2)]


@pytest.mark.parametrize("count", [0, 101])
def test_a_page_has_one_to_a_hundred_items(client: Statements, count: int):
    request = page(client, *[pb.StatementItem(parent=ANA, statement_id=f"s{number}") for number in range(count)])
    assert client.refused("StatementService/BatchIssueStatements", request).reason == "INVALID_ARGUMENT"
