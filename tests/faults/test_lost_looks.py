"""A lost COMMIT reply, or kill -9, between the record of a look and its answer: nobody is told what is unrecorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc
import psycopg
import pytest

from ledger.access_ledger.access_settings import access_settings
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import decode
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.faults.conftest import Tell, through
from tests.faults.postgres_conversation import PostgresConversation
from tests.faults.tcp_proxy import CUTS, TcpProxy
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import Client, with_id
from tests.system.running_ledger import RunningLedger
from tests.system.small_programme import ANA, beginnings
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

TOGETHER = 8
"""Looks that become durable together: a batch of one is the easy case."""


@dataclass
class Looking:
    """A running ledger whose server records looks through a proxy."""

    settings: Settings
    ledger: RunningLedger
    proxy: TcpProxy
    threads: ThreadPoolExecutor

    def look(self, actor: str) -> Future[bool]:
        """Ask for a balance as somebody; whether they were told."""
        return self.threads.submit(self._look, actor)

    def _look(self, actor: str) -> bool:
        with grpc.insecure_channel(self.ledger.addresses[0]) as channel:
            try:
                HoursServiceStub(channel).GetBalance(
                    hours.GetBalanceRequest(name=ANA), metadata=acting_as(actor), timeout=30, wait_for_ready=True
                )
            except grpc.RpcError:
                return False
        return True

    def recorded(self) -> Counter[str]:
        """Who looked, and how often."""
        with psycopg.connect(access_settings(self.settings).database) as connection:
            rows = connection.execute("select body from events where type = 'hours-read'").fetchall()
        return Counter(decode(row[0]).actor for row in rows)


@pytest.fixture
def looking(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> Iterator[Looking]:
    settings = opened_ledger(postgres, kafka, 1)
    assert postgres.tcp_port is not None
    with TcpProxy(postgres.tcp_port, PostgresConversation) as proxy, ThreadPoolExecutor(TOGETHER) as threads:
        proxied = settings.model_copy(update={"access_database": through(proxy, settings.access_database)})
        with RunningLedger(settings, tmp_path, servers=[proxied]) as ledger:
            with channel_to(ledger.addresses[0]) as channel:
                client = Client(channel)
                for method, message in beginnings():
                    client.send(f"RegistryService/{method}", with_id(message))
            wait_until(lambda: caught_up(settings))
            yield Looking(settings, ledger, proxy, threads)
    assert_audit_clean(access_settings(settings))


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.proof)])
def test_killed_between_the_record_and_the_answer(looking: Looking, rounds: int, tell: Tell) -> None:
    for number in range(rounds):
        actor = f"staff/killed-{number}"
        assert looking.look(f"staff/before-{number}").result(60)  # the writer is connected
        looking.proxy.open_doors.clear()  # it cannot find out whether the COMMIT that we lose took effect
        looking.proxy.cuts.arm("after")
        answer = looking.look(actor)
        looking.proxy.cuts.wait_for(number + 1)
        assert looking.ledger.kill("server-0")
        looking.proxy.open_doors.set()
        assert looking.recorded()[actor] == 1
        looking.ledger.bring_back("server-0")
        looking.ledger.wait_ready("server-0")
        assert answer.result(60) is False
        assert looking.look(f"staff/after-{number}").result(60)
    assert set(looking.recorded().values()) == {1}
    tell(f"servers killed between the record of a look and its answer: {rounds}; each look stands once")


@pytest.mark.proof  # tests/faults/test_lost_commits.py shows the same of the ledger of hours, in a small dose
@pytest.mark.parametrize("cuts", [12, 1_000])
def test_the_process_itself_finds_out_what_became_of_lost_commits(looking: Looking, cuts: int, tell: Tell) -> None:
    told: Counter[str] = Counter()
    for number in range(cuts):
        looking.proxy.cuts.arm(CUTS[number % 3])
        actors = [f"staff/cut-{number}-{one}" for one in range(TOGETHER if number % 2 else 1)]
        answers = [looking.look(actor) for actor in actors]
        looking.proxy.cuts.wait_for(number + 1)
        told.update(actor for actor, answer in zip(actors, answers, strict=True) if answer.result(60))
    recorded = looking.recorded()
    assert told == recorded, "told without a record, recorded twice, or refused although the database was there"
    tell(f"commits of looks cut: {looking.proxy.cuts.made}; {recorded.total()} looks, each told and recorded once")
