"""What was allowed ends: a revoked client, an expired token, an ended appointment; streams that are open end too."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc
import pytest

from ledger.access.caller import Role
from tests.system.acting import acting_as, channel_to, token_of_seconds
from tests.system.grpc_caller import refusal_of, request_id
from tests.system.served_ledger import served_ledger
from tests.system.two_tenants import APPS, build
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub

REVOKED_SECONDS_MAX = 60
"""Within which a revocation must hold everywhere."""


@pytest.fixture(scope="module")
def channel() -> Iterator[grpc.Channel]:
    with served_ledger(LEDGER_TOKEN_LEEWAY_SECONDS="0") as address, channel_to(address) as opened:
        build(opened)
        yield opened


def watch(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]) -> Iterator[hours.Balance]:
    watched = HoursServiceStub(channel).WatchBalance(
        hours.WatchBalanceRequest(name="volunteers/own"), metadata=metadata, timeout=REVOKED_SECONDS_MAX + 10
    )
    assert next(watched).name == "volunteers/own"
    return watched


def ended(watched: Iterator[hours.Balance]) -> tuple[grpc.StatusCode, str]:
    """How a stream ended that has nothing more to tell."""
    with pytest.raises(grpc.RpcError) as raised:
        next(watched)
    refused = refusal_of(raised.value)
    return refused.code, refused.reason


def test_a_revoked_client_loses_the_streams_it_has_open(channel: grpc.Channel):
    stub = AccessServiceStub(channel)
    terms = access.ClientTerms(system_name="synthetic", delegated_roles=[access.ROLE_VOLUNTEER])
    stub.RegisterClient(access.RegisterClientRequest(request_id=request_id(), client_id="lost", terms=terms))
    theirs = acting_as("volunteers/own", client="lost", roles=())
    watched = watch(channel, theirs)
    revoking = access.RevokeClientRequest(request_id=request_id(), name="clients/lost", revoked_for="key-lost")
    assert stub.RevokeClient(revoking).state == access.CLIENT_STATE_REVOKED
    assert ended(watched) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    with pytest.raises(grpc.RpcError) as raised:
        HoursServiceStub(channel).GetBalance(hours.GetBalanceRequest(name="volunteers/own"), metadata=theirs)
    assert "revoked" in str(raised.value.details())
    again = access.RevokeClientRequest(request_id=request_id(), name="clients/lost", revoked_for="key-lost")
    with pytest.raises(grpc.RpcError) as raised:
        stub.RevokeClient(again)
    assert refusal_of(raised.value).reason == "CLIENT_REVOKED"


def test_a_token_that_expires_ends_its_stream(channel: grpc.Channel):
    short = token_of_seconds("volunteers/own", 2, client=APPS)
    watched = watch(channel, (("authorization", f"Bearer {short}"),))
    assert ended(watched) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


def test_an_ended_appointment_opens_nothing_any_more(channel: grpc.Channel):
    member = acting_as("staff/short-own", client=APPS, roles=())
    appointing = registry.AppointMemberRequest(
        request_id=request_id(),
        parent="organizations/own",
        appointment_id="short",
        member="staff/short-own",
        role=resources_pb2.MEMBER_ROLE_COORDINATOR,
    )
    question = directory.ListRegistrationsRequest(parent="opportunities/own/shifts/s")
    RegistryServiceStub(channel).AppointMember(appointing)
    deadline = time.monotonic() + REVOKED_SECONDS_MAX
    while not _may(channel, question, member):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    name = "organizations/own/appointments/short"
    RegistryServiceStub(channel).EndAppointment(registry.EndAppointmentRequest(request_id=request_id(), name=name))
    while _may(channel, question, member):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _may(
    channel: grpc.Channel, question: directory.ListRegistrationsRequest, metadata: tuple[tuple[str, str], ...]
) -> bool:
    try:
        DirectoryServiceStub(channel).ListRegistrations(question, metadata=metadata, timeout=10)
    except grpc.RpcError as error:
        if refusal_of(error).code is not grpc.StatusCode.PERMISSION_DENIED:
            raise
        return False
    return True


def test_who_may_replay_is_recorded_page_by_page(channel: grpc.Channel):
    auditor = acting_as("staff/pages", client=APPS, roles=(Role.AUDITOR,))
    pages = list(AuditServiceStub(channel).ReplayEvents(audit.ReplayEventsRequest(page_size=10), metadata=auditor))
    assert len(pages) > 2
    listed = AccessServiceStub(channel).ListAccesses(
        access.ListAccessesRequest(parent="volunteers/-", page_size=1000), metadata=auditor
    )
    ours = [one for one in listed.accesses if one.actor == "staff/pages"]
    ranges = sorted((one.first_position, one.last_position) for look in ours for one in look.ranges)
    last = pages[-1].next_position - 1
    assert len(ours) == 1 + len(pages), "one at the opening, one a page"
    assert ranges[-1][1] == last
    assert {look.role for look in ours} == {access.ROLE_AUDITOR}
