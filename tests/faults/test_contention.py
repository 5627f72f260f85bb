"""Many want the same: one person's seconds, one shift's places. Two server processes, two organisations."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import grpc
import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.conftest import open_folder
from tests.faults.caller import Caller, reason_of
from tests.faults.conftest import Tell, TwoServers
from tests.faults.history import FIRST_DAY, History
from tests.faults.programme import (
    COORDINATOR,
    ORGANIZATIONS,
    PLACE,
    VERIFIER,
    Commands,
    lay_out,
    request_id,
    shift_name,
    stamp,
    with_key,
)
from tests.faults.settled import check_audit, wait_for_lag_zero
from tests.faults.verifying_writers import write_and_verify
from tests.system.running_ledger import RunningLedger
from tests.system.stored_history import opened_ledger
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import Position

PARALLEL = 64
PLACES = 10


async def outcome_of(caller: Caller, method: str, wanted: bytes, server: int, actor: str = COORDINATOR) -> str:
    """`ok`, or the reason of the refusal."""
    try:
        await caller.ask(method, wanted, server=server, actor=actor, seconds=30)
    except grpc.aio.AioRpcError as error:
        return reason_of(error)
    return "ok"


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.proof)])
async def test_no_second_counts_twice(two_servers: TwoServers, rounds: int, seed: int, tell: Tell) -> None:
    """64 overlapping attendances of one person at once; then each is verified twice at once."""
    ledger, history, choice = two_servers.ledger, History(f"overlaps-{rounds}"), random.Random(seed)
    async with Caller(ledger.addresses, client=history.client) as caller:
        for number in range(rounds):
            person = f"{history.client}-{number}"
            assert (await caller.send(Commands(history, choice).register_volunteer(person), tries=5)).outcome == "ok"
            spans = [_overlapping(choice) for _ in range(PARALLEL)]
            records = [_record(f"volunteers/{person}", turn, *span) for turn, span in enumerate(spans)]
            bodies = [with_key(record, request_id(choice)) for record in records]
            method = "ParticipationService/RecordAttendance"
            recorded = await asyncio.gather(*(outcome_of(caller, method, one, turn) for turn, one in enumerate(bodies)))
            assert Counter(recorded) == {"ok": PARALLEL}
            covered = len({second for start, end in spans for second in range(start, end)})
            balance = await _balance(caller, f"volunteers/{person}", ledger.settings)
            assert balance.attended_seconds == covered
            assert balance.recorded_seconds == sum(end - start for start, end in spans)
            verified = await _verify_all_twice(caller, f"volunteers/{person}", choice)
            balance = await _balance(caller, f"volunteers/{person}", ledger.settings)
            assert (balance.verified_seconds, balance.attended_seconds) == (covered, 0)
            _check_disjoint(ledger.settings, f"volunteers/{person}")
        tell(f"last round: {covered} different seconds of {balance.recorded_seconds}; verified {dict(verified)}")


def _overlapping(choice: random.Random) -> tuple[int, int]:
    """Seconds after the first day's 4 o'clock, all within 16 hours."""
    start = choice.randrange(0, 12 * 3600)
    return start, start + choice.randrange(60, 4 * 3600)


def _record(volunteer: str, turn: int, start: int, end: int) -> participation.RecordAttendanceRequest:
    morning = FIRST_DAY + timedelta(hours=4)
    return participation.RecordAttendanceRequest(
        attendance=participation.AttendanceRecord(
            shift=shift_name(ORGANIZATIONS[turn // 2 % 2]),
            volunteer=volunteer,
            attendance_id=f"a{turn}",
            start_time=stamp(morning + timedelta(seconds=start)),
            end_time=stamp(morning + timedelta(seconds=end)),
        )
    )


async def _verify_all_twice(caller: Caller, volunteer: str, choice: random.Random) -> Counter[str]:
    requests = [
        with_key(verification.VerifyHoursRequest(name=f"{volunteer}/attendances/a{turn}"), request_id(choice))
        for turn in range(PARALLEL)
        for _ in range(2)
    ]
    method = "VerificationService/VerifyHours"
    outcomes = await asyncio.gather(
        *(outcome_of(caller, method, one, turn, VERIFIER) for turn, one in enumerate(requests))
    )
    pairs = [set(outcomes[turn : turn + 2]) for turn in range(0, len(outcomes), 2)]
    # Of each two, one stands; neither does where every second belongs to an earlier attendance.
    assert all(pair in ({"ok", "NOTHING_TO_VERIFY"}, {"NOTHING_TO_VERIFY"}) for pair in pairs), Counter(outcomes)
    return Counter(outcomes)


def _check_disjoint(settings: Settings, volunteer: str) -> None:
    """The constraint rows of the store, read past all of its code: no two attendances count one second."""
    with psycopg.connect(settings.owner_database) as connection:
        rows: list[Any] = connection.execute(
            "select counted_s from presences where volunteer = %s", [volunteer]
        ).fetchall()
    spans = sorted((row[0][place], row[0][place + 1]) for row in rows for place in range(0, len(row[0]), 2))
    assert spans
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)), spans


async def _balance(caller: Caller, name: str, settings: Settings) -> values_pb2.EvidenceSeconds:
    with psycopg.connect(settings.owner_database) as connection:
        rows = connection.execute("select partition, position from partition_counters").fetchall()
    at = [Position(partition=partition, position=position) for partition, position in rows]
    question = hours.GetBalanceRequest(name=name, positions=at).SerializeToString()
    return hours.Balance.FromString(await caller.ask("HoursService/GetBalance", question, seconds=30)).seconds


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.proof)])
async def test_exactly_the_union_is_verified(two_servers: TwoServers, rounds: int, seed: int, tell: Tell) -> None:
    """64 at once, each noting or claiming overlapping time of one person and verifying it right away."""
    await write_and_verify(two_servers.ledger, History(f"union-{rounds}"), rounds, seed, tell)


@pytest.fixture(scope="module")
def two_of_one(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Iterator[RunningLedger]:
    """Two server processes on a ledger of one partition; audited at the end."""
    settings = opened_ledger(postgres, kafka, 1)
    with open_folder() as folder, RunningLedger(settings, folder, servers=[settings, settings]) as ledger:
        asyncio.run(lay_out(ledger.addresses[1]))
        yield ledger
        asyncio.run(wait_for_lag_zero(ledger))
        check_audit(settings)


@pytest.mark.proof
@pytest.mark.timeout(3_600)
async def test_exactly_the_union_is_verified_in_one_partition(two_of_one: RunningLedger, seed: int, tell: Tell) -> None:
    await write_and_verify(two_of_one, History("union-of-one"), 50, seed, tell)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.proof)])
async def test_ten_places_for_sixty_four(two_servers: TwoServers, rounds: int, seed: int, tell: Tell) -> None:
    ledger, history, choice = two_servers.ledger, History(f"places-{rounds}"), random.Random(seed)
    async with Caller(ledger.addresses, client=history.client) as caller:
        commands = Commands(history, choice)
        people = [f"{history.client}-{number}" for number in range(PARALLEL)]
        await asyncio.gather(*(caller.send(commands.register_volunteer(person), tries=5) for person in people))
        for number in range(rounds):
            shift = await _open_shift(caller, f"narrow-{rounds}-{number}", choice)
            wanted = [commands.register_for_shift(f"volunteers/{person}", shift) for person in people]
            await asyncio.gather(*(caller.send(one, tries=5, server=turn) for turn, one in enumerate(wanted)))
            ended = Counter((one.outcome, one.reason) for one in wanted)
            assert ended == {("ok", ""): PLACES, ("refused", "SHIFT_FULL"): PARALLEL - PLACES}
            assert _places_taken(ledger.settings, shift) == (PLACES, PLACES)
        tell(f"{rounds} shifts of {PLACES} places, each wanted by {PARALLEL} at once: {dict(ended)}")


async def _open_shift(caller: Caller, shift_id: str, choice: random.Random) -> str:
    shift = resources_pb2.Shift(
        start_time=stamp(FIRST_DAY), end_time=stamp(FIRST_DAY + timedelta(hours=2)), time_zone="UTC", places=PLACES
    )
    shift.place.CopyFrom(PLACE)
    message = registry.OpenShiftRequest(parent="opportunities/green-garden", shift_id=shift_id, shift=shift)
    await caller.ask("RegistryService/OpenShift", with_key(message, request_id(choice)), seconds=20)
    return shift_name("green", shift_id)


def _places_taken(settings: Settings, shift: str) -> tuple[int, int]:
    """What the constraint row says, and what the events say."""
    with psycopg.connect(settings.owner_database) as connection:
        row = connection.execute("select places_taken from shift_places where shift = %s", [shift]).fetchone()
        events = connection.execute(
            "select count(*) from events where type = 'registration-accepted' and stream like %s", [f"{shift}/%"]
        ).fetchone()
    assert row is not None
    assert events is not None
    return row[0], events[0]
