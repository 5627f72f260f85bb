"""Thousands attend at once from other processes; the certified peak is the one that their own answers add up to.

Persons are synthetic. The full doses (20,000 at once; 2,135 within 10 s) are run by `make proof`.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import grpc
import msgspec
import pytest

from ledger.access.caller import Role
from tests.load.live_count import counted_curve, peak_of, seconds_there
from tests.load.live_load import Heard, Plan
from tests.system.acting import acting_as, channel_to, token_for
from tests.system.live_programme import LESSON, Lesson
from tests.system.served_ledger import PROJECT, served_in_a_folder
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2

PROCESSES = 2
SILENCE = 90
REGISTERED_TOGETHER = 64
CALLS_PER_SECOND = "100000"


@dataclass(frozen=True)
class Dose:
    """How many, how fast, how long; seconds."""

    persons: int
    join_within: float
    hold: float
    heartbeat: float
    partitions: int


DOSES = [
    # In `make test` test_live_sessions.py and test_live_kills.py have lessons of a smaller kind.
    pytest.param(Dose(200, 3, 12, 3, 3), id="200", marks=[pytest.mark.proof]),
    pytest.param(Dose(2_135, 9, 75, 30, 1), id="2135-within-10-s", marks=[pytest.mark.proof, pytest.mark.timeout(900)]),
    pytest.param(Dose(20_000, 100, 150, 30, 1), id="20000", marks=[pytest.mark.proof, pytest.mark.timeout(1_800)]),
]


async def register(address: str, persons: list[str]) -> None:
    """All of them, many at once."""
    places = asyncio.Semaphore(REGISTERED_TOGETHER)
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_unary(
            "/volunteer_hours.v1.RegistryService/RegisterVolunteer",
            request_serializer=registry.RegisterVolunteerRequest.SerializeToString,
            response_deserializer=resources_pb2.Volunteer.FromString,
        )

        async def one(person: str) -> None:
            request = registry.RegisterVolunteerRequest(
                request_id=str(uuid.uuid4()),
                volunteer_id=person.removeprefix("volunteers/"),
                details=resources_pb2.PersonalDetails(),
            )
            async with places:
                await call(request, metadata=acting_as(), timeout=60)

        await asyncio.gather(*map(one, persons))


def attended(address: str, persons: list[str], dose: Dose, seed: int, folder: Path) -> list[Heard]:
    """What the devices of all processes heard."""
    until = time.time() + dose.join_within + dose.hold
    running = []
    for number in range(PROCESSES):
        plan = Plan(
            addresses=[address],
            token=token_for("staff/synthetic-platform", roles=(Role.ADMINISTRATOR,)),
            session=LESSON,
            persons=persons[number::PROCESSES],
            seed=seed + number,
            out=str(folder / f"heard-{number}.json"),
            join_within=dose.join_within,
            heartbeat=dose.heartbeat,
            stay_until=until - dose.hold / 2,
            until=until,
        )
        command = [sys.executable, "-m", "tests.load.live_load"]
        process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(plan))
        process.stdin.close()
        running.append(process)
    assert [process.wait(dose.join_within + dose.hold + 120) for process in running] == [0] * PROCESSES
    files = [folder / f"heard-{number}.json" for number in range(PROCESSES)]
    return [msgspec.json.decode(file.read_bytes(), type=Heard) for file in files]


@pytest.mark.parametrize("dose", DOSES)
def test_the_certified_peak_is_what_the_devices_count(
    dose: Dose, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    persons = [f"volunteers/synthetic-{number}" for number in range(dose.persons)]
    with (
        served_in_a_folder(dose.partitions, LEDGER_QUOTA_CALLS_PER_SECOND=CALLS_PER_SECOND) as served,
        channel_to(served.grpc) as channel,
    ):
        lesson = Lesson(channel)
        lesson.begin([], SILENCE)
        asyncio.run(register(served.grpc, persons))
        heard = attended(served.grpc, persons, dose, seed, tmp_path)
        ended = lesson.end().end_time.seconds
        connections = [connection for one in heard for connection in one.connections]
        told = sum((Counter(one.told) for one in heard), start=Counter[str]())
        joins = sorted(seconds for one in heard for seconds in one.joins)
        there = seconds_there(connections, SILENCE, ended)
        counted = counted_curve(there)
        certified = lesson.certify()
        assert (certified.peak_participants, certified.peak_time.seconds) == peak_of(counted)
        assert (certified.persons, lesson.session().connections) == (len(there), len(connections))
        assert changes(counted) == lesson.curve()
        file = tmp_path / "peak"
        file.write_bytes(lesson.peak_file())
        with capsys.disabled():
            print(
                f"\n{dose.persons} persons, joins within {dose.join_within} s: peak {certified.peak_participants}, "
                f"{len(connections)} connections, file {file.stat().st_size:,} bytes; answers {dict(told)}; "
                f"a join took {statistics.median(joins):.3f} s, p99 {joins[len(joins) * 99 // 100]:.3f} s; seed {seed}"
            )
        assert certified.peak_participants == dose.persons
        assert told.keys() <= {"JOINED", "SEEN", "LEFT"}, "somebody had an error"


def changes(counted: dict[int, int]) -> list[tuple[int, int]]:
    """Only the seconds at which the number changes."""
    found: list[tuple[int, int]] = []
    for second in range(min(counted), max(counted) + 2):
        participants = counted.get(second, 0)
        if participants != (found[-1][1] if found else 0):
            found.append((second, participants))
    return found
