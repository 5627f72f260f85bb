"""Two server processes follow: each standing is told once, whoever is killed and however far the projections lag."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.standing_walks import HOLDERS_TOGETHER
from tests.system.acting import channel_to
from tests.system.grpc_caller import with_id
from tests.system.running_ledger import RunningLedger
from tests.system.served_ledger import hours_ledger
from tests.system.small_programme import MORNING
from tests.system.standing_programme import HOUR, Programme
from tests.system.stored_history import caught_up, opened_ledger
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as policy

PEOPLE = [f"volunteers/synthetic-{number}" for number in range(6)]
LAST = "volunteers/zaid"
VOLUNTEERS = 600
SETTLES_SECONDS_MAX = 60.0
KILLS = 2
SHOWS_SECONDS = 2.0
"""Longer than a look takes: what was not told by then is not told."""


@dataclass(frozen=True)
class Running:
    """Two servers on one ledger, and a caller of each."""

    ledger: RunningLedger
    callers: list[Programme]

    def settle(self) -> None:
        """All that was recorded is projected."""
        deadline = time.monotonic() + SETTLES_SECONDS_MAX
        while not caught_up(self.ledger.settings):
            assert time.monotonic() < deadline, self.ledger.log_tails()
            time.sleep(0.1)

    def forget_places(self) -> None:
        """As after a crash before it was kept how far events were looked at."""
        with psycopg.connect(self.ledger.settings.owner_database) as connection:
            connection.execute("delete from standings_followed")

    def lag(self, partition: int) -> int:
        """How many events of a partition were not looked at."""
        with psycopg.connect(self.ledger.settings.owner_database) as connection:
            row = connection.execute(
                "select head.position - coalesce(reached.position, 0) from partition_counters head"
                " left join standings_followed reached using (partition) where partition = %s",
                [partition],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def walk(self) -> str | None:
        """Up to whom the walk that is under way has got; None: there is none."""
        with psycopg.connect(self.ledger.settings.owner_database) as connection:
            row = connection.execute("select reached from standing_walks").fetchone()
        return None if row is None else str(row[0])

    def looked_at(self) -> None:
        """All that was recorded was looked at."""
        deadline = time.monotonic() + SETTLES_SECONDS_MAX
        while any(self.lag(partition) for partition in range(self.ledger.settings.partitions)):
            assert time.monotonic() < deadline, self.ledger.log_tails()
            time.sleep(0.1)


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def running(
    request: pytest.FixtureRequest,
    postgres: EmbeddedPostgres,
    kafka: LocalKafka,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    settings = opened_ledger(postgres, kafka, request.param)
    folder: Path = tmp_path_factory.mktemp("standings")
    with RunningLedger(settings, folder, servers=2) as ledger:
        channels = [channel_to(address) for address in ledger.addresses]
        running = Running(ledger, [Programme(channel, request.param) for channel in channels])
        first = running.callers[0]
        first.begin(*PEOPLE, LAST)
        first.serve(LAST, "2026-11-03", 2)
        first.require("policies/month", [("two-hours", 2 * HOUR)])
        first.one(_month(LAST), lambda standing: standing.met)
        yield running
        running.settle()
        assert ledger.stopped_loudly() == [], ledger.log_tails()
        for channel in channels:
            channel.close()
    assert_audit_clean(settings, settled=True)


def _month(person: str) -> str:
    return f"{person}/requirements/month/standings/2026-11"


def told(caller: Programme) -> Counter[tuple[str, str]]:
    """How often (person, level) was told."""
    return Counter((event["data"]["holder"], event["data"].get("level", "")) for event in caller.events())


def test_while_projections_lag_other_things_follow_and_nothing_is_skipped(running: Running) -> None:
    caller, person = running.callers[0], PEOPLE[0]
    running.ledger.kill("consumer")
    attendance, verified = caller.serve(person, "2026-11-03", 2)
    moved = caller.record(person, "2026-11-04", 1)
    transfer = participation.TransferAttendanceRequest(
        name=moved, to_shift=MORNING, to_volunteer=LAST, to_attendance_id="received"
    )
    caller.send("ParticipationService/TransferAttendance", with_id(transfer))
    time.sleep(SHOWS_SECONDS)
    assert running.lag(verified.partition) > 0
    assert not caller.events(person)
    received = caller.events_of(LAST, "attendance-received")
    assert [event["data"]["transferred_from"] for event in received] == [moved]
    running.ledger.bring_back("consumer")
    assert caller.told(_month(person), verified).met
    assert not caller.told(_month(person), caller.reverse(attendance)).met


def test_killed_again_and_again_each_standing_is_told_once(running: Running, seed: int) -> None:
    choice = random.Random(seed)
    before = told(running.callers[0])
    served: dict[str, str] = {}
    for number, person in enumerate(PEOPLE[1:]):
        killed = choice.randrange(2)
        caller = running.callers[1 - killed]
        served[person], _ = caller.serve(person, "2026-11-05", 2)
        if number >= KILLS:
            continue
        time.sleep(choice.uniform(0, 0.5))
        assert running.ledger.kill(f"server-{killed}")
        running.ledger.bring_back(f"server-{killed}")
        running.ledger.wait_ready(f"server-{killed}")
    caller = running.callers[0]
    for person in PEOPLE[1:]:
        caller.one(_month(person), lambda standing: standing.met)
    running.settle()
    running.looked_at()
    assert told(caller) - before == Counter({(person, "two-hours"): 1 for person in PEOPLE[1:]})
    lost = PEOPLE[1]
    assert not caller.told(_month(lost), caller.reverse(served[lost])).met


@pytest.mark.proof
def test_a_walk_that_was_broken_off_goes_on_and_leaves_nobody_out(running: Running) -> None:
    caller = running.callers[0]
    told_how = ("--volunteers", str(VOLUNTEERS), "--seed", str(VOLUNTEERS), "--json")
    assert hours_ledger("generate", *told_how, address=running.ledger.addresses[0]).returncode == 0
    running.settle()
    running.looked_at()
    caller.require("policies/life", [("an-hour", HOUR)], period=policy.REQUIREMENT_PERIOD_LIFETIME)
    deadline = time.monotonic() + SETTLES_SECONDS_MAX
    while not running.walk():
        assert time.monotonic() < deadline, running.ledger.log_tails()
        time.sleep(0.005)
    for name in running.ledger.servers:
        running.ledger.kill(name)
    assert running.walk()
    for name in running.ledger.servers:
        running.ledger.bring_back(name)
        running.ledger.wait_ready(name)
    while running.walk() is not None:
        assert time.monotonic() < deadline, running.ledger.log_tails()
        time.sleep(0.1)
    running.settle()
    met = [event["data"]["holder"] for event in caller.events() if "/life/" in event["subject"]]
    assert len(met) == len(set(met)) > HOLDERS_TOGETHER
    assert set(met) == {person for person in caller.people() if caller.asked_now(person, "policies/life").met}


def test_what_was_looked_at_before_is_not_told_again(running: Running) -> None:
    running.looked_at()
    before = told(running.callers[0])
    for name in running.ledger.servers:
        running.ledger.kill(name)
    running.forget_places()
    for name in running.ledger.servers:
        running.ledger.bring_back(name)
        running.ledger.wait_ready(name)
    running.looked_at()
    assert told(running.callers[0]) == before


def test_every_standing_is_what_the_question_answers(running: Running) -> None:
    caller = running.callers[1]
    seen = 0
    for person in (*PEOPLE, LAST):
        request = directory.ListRequirementStandingsRequest(parent=person)
        for standing in caller.directory.ListRequirementStandings(request, timeout=10).standings:
            check = caller.asked_again(standing)
            assert (check.met, check.counted_seconds) == (standing.met, standing.counted_seconds)
            seen += 1
    assert seen > len(PEOPLE)
