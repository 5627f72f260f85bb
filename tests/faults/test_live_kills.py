"""kill -9 of servers in mid-lesson: no acknowledged join is lost, and devices go on. Persons are synthetic."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from ledger.access.caller import Role
from ledger.domain.live_presence import Presences, epoch
from ledger.domain.live_session_events import LivePresencesRecorded
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import decode, recorded_event
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.faults.conftest import Tell
from tests.load.live_load import Heard, Plan
from tests.system.acting import channel_to, token_for
from tests.system.live_programme import LESSON, Lesson
from tests.system.running_ledger import PROJECT, RunningLedger
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean

SILENCE = 30
HEARTBEAT = 1.5
JOIN_WITHIN = 4.0
BETWEEN_KILLS = (1.5, 3.0)
EVENTS = "select body from events where stream = %s order by version"


@pytest.fixture
def settings(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Settings:
    return opened_ledger(postgres, kafka, 3)


@pytest.fixture
def ledger(settings: Settings, tmp_path: Path) -> Iterator[RunningLedger]:
    with RunningLedger(settings, tmp_path / "logs", servers=2) as running:
        yield running
        wait_until(lambda: caught_up(settings))
    assert_audit_clean(settings)


def attending(plan: Plan) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "tests.load.live_load"], cwd=PROJECT, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(plan))
    process.stdin.close()
    return process


@pytest.mark.parametrize(
    ("persons_count", "kills"),
    [(60, 2), pytest.param(1_500, 30, marks=[pytest.mark.proof, pytest.mark.timeout(900)])],
)
def test_no_acknowledged_join_is_lost(
    ledger: RunningLedger, settings: Settings, persons_count: int, kills: int, seed: int, tell: Tell, tmp_path: Path
):
    chance = random.Random(seed)
    persons = [f"volunteers/synthetic-{number}" for number in range(persons_count)]
    with channel_to(ledger.addresses[0]) as channel:
        lesson = Lesson(channel)
        lesson.begin(persons, SILENCE)
        hold = kills * BETWEEN_KILLS[1] + 6
        out, until = tmp_path / "heard.json", time.time() + JOIN_WITHIN + hold
        token = token_for("staff/synthetic-platform", roles=(Role.ADMINISTRATOR,))
        plan = Plan(
            addresses=ledger.addresses,
            token=token,
            session=LESSON,
            persons=persons,
            seed=seed,
            out=str(out),
            join_within=JOIN_WITHIN,
            heartbeat=HEARTBEAT,
            stay_until=until - hold,
            until=until,
        )
        process = attending(plan)
        killed = 0
        for _ in range(kills):
            time.sleep(chance.uniform(*BETWEEN_KILLS))
            name = chance.choice(ledger.servers)
            killed += ledger.kill(name)
            ledger.bring_back(name)
            ledger.wait_ready(name)
        assert process.wait(hold + 60) == 0
        heard = msgspec.json.decode(out.read_bytes(), type=Heard)
        wait_until(lambda: lesson.end() is not None, 30)
        assert killed == kills
        presences, joined, left = stored(settings)
        acknowledged = Counter((one.person, one.joined) for one in heard.connections)
        assert acknowledged <= joined, "an acknowledged join is not stored"
        gone = Counter((one.person, one.left) for one in heard.connections if one.left is not None)
        assert gone <= left, "an acknowledged leave is not stored"
        for person, spans in presences.spans().items():
            lesson.wait_for_hours(person, sum(end - start for start, end in spans))
        assert lesson.session().persons == len(presences.spans())
    errors = sum(count for name, count in heard.told.items() if name not in ("JOINED", "SEEN", "LEFT", "ABSENT"))
    assert heard.told["SEEN"] >= persons_count
    assert errors, "no device noticed anything"
    tell(
        f"servers killed: {killed}; joins acknowledged {acknowledged.total()}, stored {joined.total()}; "
        f"answers {heard.told}; seed {seed}"
    )


def stored(settings: Settings) -> tuple[Presences, Counter[tuple[str, int]], Counter[tuple[str, int | None]]]:
    """What the store holds: who was there, every join, every leave."""
    with psycopg.connect(settings.database) as connection:
        events = [recorded_event(decode(body)).data for (body,) in connection.execute(EVENTS, [LESSON])]
    presences, joined = Presences(), Counter[tuple[str, int]]()
    left = Counter[tuple[str, int | None]]()
    for data in events:
        presences.add(data)
        if isinstance(data, LivePresencesRecorded):
            base = epoch(data.base)
            joined.update((one.volunteer, base + one.seconds) for one in data.joined)
            ended = [one for one in data.ended if one.ended_by == "left"]
            left.update((presences.connections[one.number - 1].volunteer, base + one.seconds) for one in ended)
    return presences, joined, left
