"""Nobody learns by asking what there is: thousands of probes, half of objects of others, half of nothing, end alike."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.protobuf.message import Message

from tests.system.acting import channel_to
from tests.system.served_ledger import served_ledger
from tests.system.test_access_matrix import Ended, of_error
from tests.system.two_tenants import Caller, build, callers
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation

IN_FLIGHT = 64
PROBES: dict[str, Callable[[str], Message]] = {
    "DirectoryService/GetVolunteer": lambda v: directory.GetVolunteerRequest(name=f"volunteers/{v}"),
    "DirectoryService/ListAttendances": lambda v: directory.ListAttendancesRequest(parent=f"volunteers/{v}"),
    "DirectoryService/GetAttendance": lambda v: directory.GetAttendanceRequest(name=f"volunteers/{v}/attendances/a"),
    "DirectoryService/GetRegistration": lambda v: directory.GetRegistrationRequest(
        name=f"opportunities/{v}/shifts/s/registrations/{v}"
    ),
    "HoursService/GetBalance": lambda v: hours.GetBalanceRequest(name=f"opportunities/{v}"),
    "ParticipationService/WithdrawAttendance": lambda v: participation.WithdrawAttendanceRequest(
        request_id="5e0f4a31-8a3c-4c4b-9d77-1d3f0d6d2f11", name=f"volunteers/{v}/attendances/a", reason="SYNTHETIC"
    ),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served_ledger() as served, channel_to(served) as channel:
        build(channel)
        yield served


async def probe(address: str, count: int, chance: random.Random) -> Counter[tuple[str, Ended]]:
    """How probes of others' objects and of absent ones ended, names left out."""
    [coordinator] = [caller for caller in callers() if caller.name == "coordinator"]
    found: Counter[tuple[str, Ended]] = Counter()
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(channel: grpc.aio.Channel, method: str, which: str) -> None:
        async with places:
            ended = await _ask(channel, method, which, coordinator)
        found[method, Ended(ended.code, ended.reason, ended.text.replace(which, "…"))] += 1

    async with grpc.aio.insecure_channel(address) as channel:
        names = ["other" if chance.random() < 0.5 else secrets.token_hex(8) for _ in range(count)]
        await asyncio.gather(*(one(channel, chance.choice(list(PROBES)), name) for name in names))
    return found


async def _ask(channel: grpc.aio.Channel, method: str, which: str, caller: Caller) -> Ended:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/volunteer_hours.v1.{method}")
    try:
        await call(PROBES[method](which).SerializeToString(), metadata=caller.metadata, timeout=30)
    except grpc.aio.AioRpcError as error:
        return of_error(error.code(), error.details(), error.trailing_metadata())
    return Ended(grpc.StatusCode.OK)


def ends_alike(address: str, count: int, seed: int) -> None:
    found = asyncio.run(probe(address, count, random.Random(seed)))
    assert found.total() == count
    assert {method for method, _ in found} == PROBES.keys()
    for method in PROBES:
        [(_, ended)] = [key for key in found if key[0] == method]
        assert (ended.code, ended.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND"), method


def test_absent_and_forbidden_end_alike(address: str, seed: int):
    ends_alike(address, 600, seed)


@pytest.mark.proof
def test_ten_thousand_probes_end_alike(address: str, seed: int):
    ends_alike(address, 10_000, seed)
