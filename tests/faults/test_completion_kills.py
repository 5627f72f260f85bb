"""kill -9 of servers while completions of a lesson are being recorded: everybody gets one, once. Synthetic persons."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.faults.conftest import Tell
from tests.system.acting import channel_to
from tests.system.grpc_caller import at, with_id
from tests.system.live_programme import JOIN, LESSON, Lesson
from tests.system.running_ledger import RunningLedger
from tests.system.small_programme import GREEN, NAME, PLACE
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import training_service_pb2 as pb

COURSE = "courses/live"
KILLS_MAX = 6
RECORDED = "select count(*), count(distinct stream) from events where type = 'completion-recorded'"
FOLLOWED = """
    select not exists (
        select from partition_counters c left join training_followed f using (partition)
        where f.position is null or f.position < c.position
    )
"""

pytestmark = pytest.mark.proof


@pytest.fixture
def settings(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Settings:
    return opened_ledger(postgres, kafka, 3)


@pytest.fixture
def ledger(settings: Settings, tmp_path: Path) -> Iterator[RunningLedger]:
    with RunningLedger(settings, tmp_path / "logs", servers=2) as running:
        yield running
        wait_until(lambda: caught_up(settings))
    assert_audit_clean(settings)


def hold(lesson: Lesson, persons: list[str]) -> None:
    """All of them attend, a course rests on the lesson, and it has ended."""
    lesson.begin(persons)
    course = pb.Course(organization=GREEN, title=NAME, completion_by=pb.COMPLETION_RESULT_ATTENDED)
    lesson.send("TrainingService/PublishCourse", with_id(pb.PublishCourseRequest(course_id="live", course=course)))
    held = pb.TrainingSession(time_zone="Asia/Riyadh", places=5_000, place=PLACE, live_session=LESSON)
    held.start_time.CopyFrom(at("2026-11-20 05:00"))
    held.end_time.CopyFrom(at("2026-11-20 06:00"))
    opening = pb.OpenTrainingSessionRequest(parent=COURSE, training_session_id="s", training_session=held)
    lesson.send("TrainingService/OpenTrainingSession", with_id(opening))
    for person in persons:
        lesson.signal(person, JOIN)
    time.sleep(2.5)
    lesson.end()


def kill(ledger: RunningLedger) -> None:
    """Both at once: which of them follows is not told."""
    for server in ledger.servers:
        ledger.kill(server)


def bring_back(ledger: RunningLedger) -> None:
    for server in ledger.servers:
        ledger.bring_back(server)
        ledger.wait_ready(server)


def _wait_closely(recorded: Callable[[], tuple[int, int]], more_than: int) -> None:
    """All of them take a few tenths of a second: there is no time to sleep."""
    until = time.monotonic() + 60
    while recorded()[0] <= more_than:
        assert time.monotonic() < until, f"still {more_than}"


def test_everybody_gets_one_however_often_servers_die(ledger: RunningLedger, settings: Settings, tell: Tell):
    persons = [f"volunteers/synthetic-{number}" for number in range(1_200)]
    with channel_to(ledger.addresses[0]) as channel, psycopg.connect(settings.owner_database, autocommit=True) as owner:

        def recorded() -> tuple[int, int]:
            row = owner.execute(RECORDED).fetchone()
            assert row is not None
            return row[0], row[1]

        hold(Lesson(channel), persons)
        seen = [0]
        while seen[-1] < len(persons) and len(seen) <= KILLS_MAX:
            _wait_closely(recorded, seen[-1])
            kill(ledger)
            seen.append(recorded()[0])
            bring_back(ledger)
        assert any(0 < count < len(persons) for count in seen), f"never in the middle of it: {seen}"
        wait_until(lambda: recorded()[0] >= len(persons))
        owner.execute("delete from training_followed")
        owner.execute("delete from training_by_live_session")
        kill(ledger)
        bring_back(ledger)
        wait_until(lambda: owner.execute(FOLLOWED).fetchone() == (True,))
        assert recorded() == (len(persons), len(persons))
    tell(f"{len(persons)} completions; servers were killed when {seen[1:]} of them stood; all were followed twice")
