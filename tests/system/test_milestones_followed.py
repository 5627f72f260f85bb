"""Two server processes follow: each milestone is told once, whoever is killed and however far the projections lag."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.milestones_following import HOLDERS_TOGETHER
from tests.system.acting import channel_to
from tests.system.recognition_programme import MEDAL, Recognising
from tests.system.running_ledger import RunningLedger
from tests.system.served_ledger import hours_ledger
from tests.system.standing_programme import HOUR
from tests.system.stored_history import caught_up, opened_ledger
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import recognition_service_pb2 as pb

pytestmark = pytest.mark.proof
BEN, ZAID = "volunteers/ben", "volunteers/zaid"
VOLUNTEERS = 600
SETTLES_SECONDS_MAX = 90.0
SHOWS_SECONDS = 2.0
"""Longer than a look takes: what was not told by then is not told."""


class Running:
    """Two servers on one ledger, and a caller of each."""

    def __init__(self, ledger: RunningLedger, callers: list[Recognising]) -> None:
        self.ledger = ledger
        self.callers = callers

    def settle(self) -> None:
        """All that was recorded is projected and was looked at."""
        settings = self.ledger.settings
        self._wait(lambda: caught_up(settings) and self._asked(_LAG) == 0 and caught_up(settings))

    def walk_begun(self) -> None:
        self._wait(lambda: self._asked("select count(*) from milestone_walks") > 0, pause=0.005)

    def walks_over(self) -> None:
        self._wait(lambda: self._asked("select count(*) from milestone_walks") == 0 and self._asked(_LAG) == 0)

    def _asked(self, statement: str) -> int:
        with psycopg.connect(self.ledger.settings.owner_database) as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def _wait(self, over: Callable[[], bool], pause: float = 0.1) -> None:
        deadline = time.monotonic() + SETTLES_SECONDS_MAX
        while not over():
            assert time.monotonic() < deadline, self.ledger.log_tails()
            time.sleep(pause)


_LAG = """
    select coalesce(sum(head.position - coalesce(reached.position, 0)), 0)
    from partition_counters head left join milestones_followed reached using (partition)
"""


def level(name: str, seconds: int) -> pb.RecognitionLevel:
    return pb.RecognitionLevel(level=name, verified_seconds_min=seconds)


def bronze(person: str) -> str:
    return f"{person}/{MEDAL}/milestones/bronze"


@pytest.fixture(scope="module", params=[3, 1], ids=["P=3", "P=1"])
def running(
    request: pytest.FixtureRequest,
    postgres: EmbeddedPostgres,
    kafka: LocalKafka,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    settings = opened_ledger(postgres, kafka, request.param)
    with ExitStack() as stack:
        ledger = stack.enter_context(RunningLedger(settings, tmp_path_factory.mktemp("milestones"), servers=2))
        channels = [stack.enter_context(channel_to(address)) for address in ledger.addresses]
        running = Running(ledger, [Recognising(channel, request.param) for channel in channels])
        running.callers[0].begin(BEN, ZAID)
        running.callers[0].recognise(level("bronze", 2 * HOUR))
        yield running
        running.settle()
        assert ledger.stopped_loudly() == [], ledger.log_tails()
    assert_audit_clean(settings, settled=True)


def test_while_projections_lag_nothing_is_told_and_nothing_is_skipped(running: Running) -> None:
    caller = running.callers[0]
    running.settle()
    running.ledger.kill("consumer")
    attendance, verified = caller.serve(BEN, "2026-11-03", 2)
    time.sleep(SHOWS_SECONDS)
    assert caller.told_of(bronze(BEN)) == []
    running.ledger.bring_back("consumer")
    assert caller.told_after(bronze(BEN), verified).reached
    assert not caller.told_after(bronze(BEN), caller.reverse(attendance)).reached


def test_servers_are_killed_and_each_is_told_once(running: Running) -> None:
    for number, day in enumerate(("2026-11-04", "2026-11-05")):
        attendance, _ = running.callers[number].serve(ZAID, day, 2)
        assert running.ledger.kill(f"server-{number}")
        other = running.callers[1 - number]
        other.milestone(bronze(ZAID), lambda one: one.reached)
        other.told_after(bronze(ZAID), other.reverse(attendance))
        running.ledger.bring_back(f"server-{number}")
        running.ledger.wait_ready(f"server-{number}")
    running.settle()
    assert running.callers[0].told_of(bronze(ZAID)) == ["milestone-reached", "milestone-lost"] * 2


def test_a_walk_that_was_broken_off_goes_on_and_leaves_nobody_out(running: Running) -> None:
    caller = running.callers[0]
    told_how = ("--volunteers", str(VOLUNTEERS), "--seed", str(VOLUNTEERS), "--json")
    assert hours_ledger("generate", *told_how, address=running.ledger.addresses[0]).returncode == 0
    running.settle()
    caller.recognise(level("an-hour", HOUR), name="recognitions/hour")
    running.walk_begun()
    for name in running.ledger.servers:
        running.ledger.kill(name)
    for name in running.ledger.servers:
        running.ledger.bring_back(name)
        running.ledger.wait_ready(name)
    running.walks_over()
    running.settle()
    events = [event for event in caller.events_of("", "milestone-reached") if "/hour/" in event["subject"]]
    told = Counter(event["data"]["holder"] for event in events)
    assert set(told.values()) == {1}
    assert len(told) > HOLDERS_TOGETHER
    verified = Counter[str]()
    for event in caller.events_of(""):
        for entry in event["data"].get("entries", []):
            into, out_of = entry["to_class"] == "verified", entry["from_class"] == "verified"
            verified[event["data"]["holder"]] += entry["seconds"] * (into - out_of)
    assert set(told) == {
        person for person, seconds in verified.items() if seconds >= HOUR and person.startswith("volunteers/")
    }
