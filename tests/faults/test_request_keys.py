"""One key, many senders: however many ask at once, and of whichever process, one thing happens."""

from __future__ import annotations

import asyncio
import random

import grpc
import pytest

from tests.faults.caller import Caller, reason_of
from tests.faults.conftest import Tell, TwoServers
from tests.faults.history import History, stored_events
from tests.faults.programme import Commands, attendance, request_id, shift_name, with_key
from tests.faults.settled import check_settled, wait_for_lag_zero
from volunteer_hours.v1 import participation_service_pb2 as participation

PARALLEL = 64
RECORD = "ParticipationService/RecordAttendance"


def body(volunteer: str, slot: int, key: str) -> bytes:
    wanted = attendance(volunteer, slot, shift_name("green"))
    return with_key(participation.RecordAttendanceRequest(attendance=wanted), key)


async def answer_of(caller: Caller, wanted: bytes, server: int) -> bytes | tuple[grpc.StatusCode, str]:
    try:
        return await caller.ask(RECORD, wanted, server=server, seconds=20)
    except grpc.aio.AioRpcError as error:
        return error.code(), reason_of(error)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [11, pytest.param(1_000, marks=pytest.mark.proof)])
async def test_storm_of_one_request(two_servers: TwoServers, rounds: int, seed: int, tell: Tell) -> None:
    """Each round: 64 at once at two processes, and 2 with another body among them, under one key."""
    ledger, history = two_servers.ledger, History(f"storm-{rounds}")
    choice = random.Random(seed)
    reused = grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED"
    other_came_first = 0
    async with Caller(ledger.addresses, client=history.client) as caller:
        commands = Commands(history, choice)
        for number in range(rounds):
            person, key = f"{history.client}-{number}", request_id(choice)
            volunteer = f"volunteers/{person}"
            await caller.send(commands.register_volunteer(person), tries=5)
            bodies = [body(volunteer, 5, key)] * PARALLEL + [body(volunteer, 6, key)] * 2
            choice.shuffle(bodies)
            answers = await asyncio.gather(*(answer_of(caller, one, turn) for turn, one in enumerate(bodies)))
            of = {one: {answers[turn] for turn, sent in enumerate(bodies) if sent == one} for one in set(bodies)}
            first, other = of[body(volunteer, 5, key)], of[body(volunteer, 6, key)]
            if first == {reused}:
                first, other = other, first
                other_came_first += 1
            assert len(first) == 1, first
            assert isinstance(next(iter(first)), bytes), first
            assert other == {reused}, other
        assert other_came_first < rounds // 2 + 1
        await wait_for_lag_zero(ledger)
        stored = [event for event in stored_events(ledger.settings) if event["client"] == history.client]
        recorded = [event for event in stored if event["type"] == "attendance-recorded"]
        assert len(recorded) == len({event["requestid"] for event in recorded}) == rounds
        tell(
            f"{rounds} keys, each sent {PARALLEL + 2} times at once; the rarer body came first {other_came_first} times"
        )


async def test_key_of_another_client_is_another_key(two_servers: TwoServers, seed: int) -> None:
    ledger, choice = two_servers.ledger, random.Random(seed)
    key = request_id(choice)
    histories = [History("tenant-one"), History("tenant-two")]
    for slot, history in enumerate(histories):
        async with Caller(ledger.addresses, client=history.client) as caller:
            commands = Commands(history, choice)
            await caller.send(commands.register_volunteer(history.client), tries=5)
            operation = commands.record(f"volunteers/{history.client}", slot, shift_name("blue"))
            operation.body, operation.key = body(f"volunteers/{history.client}", slot, key), key
            assert (await caller.send(operation, tries=5)).outcome == "ok"
            await wait_for_lag_zero(ledger)
            await check_settled(ledger, history, caller)
