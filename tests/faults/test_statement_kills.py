"""kill -9 of the server while statements are issued, alone and in pages: each has its text. Persons are synthetic."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeVar

import grpc
import psycopg
import pytest

from ledger.credentials.sd_jwt import credential_digest
from ledger.domain.statement_events import StatementIssued
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import decode, recorded_event
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.faults.conftest import Tell
from tests.system.acting import acting_as, channel_to
from tests.system.canary_statement import with_issuer
from tests.system.grpc_caller import Client, with_id
from tests.system.kept_log import keep_once
from tests.system.running_ledger import RunningLedger
from tests.system.small_programme import ANA, VERIFIER, beginnings, record
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.statement_service_pb2_grpc import StatementServiceStub

Answer = TypeVar("Answer")

CALLERS = 4
CALLS_LEAST = 40
PAGE = 5
PAGES_LEAST = 5
ISSUED = "select body from events where type = 'statement-issued'"


@dataclass
class Issuing:
    """Callers that have statements issued alone or in pages, each request sent again until it is answered."""

    address: str
    ended: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, str] = field(default_factory=dict)
    """Request id → the credential it was answered with."""
    pages: dict[str, list[str]] = field(default_factory=dict)
    """Request id → the digests a page was answered with, in its order."""
    told: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        with grpc.insecure_channel(self.address) as channel:
            while not self.ended.is_set():
                request_id = str(uuid.uuid4())
                credential = self.issue(channel, request_id)
                with self.lock:
                    self.answers[request_id] = credential

    def run_pages(self) -> None:
        with grpc.insecure_channel(self.address) as channel:
            while not self.ended.is_set():
                request_id = str(uuid.uuid4())
                digests = self.issue_page(channel, request_id)
                with self.lock:
                    self.pages[request_id] = digests

    def issue(self, channel: grpc.Channel, request_id: str) -> str:
        """The credential."""
        request = pb.IssueStatementRequest(request_id=request_id, parent=ANA, details=[pb.STATEMENT_DETAIL_NAME])
        call = StatementServiceStub(channel).IssueStatement
        return self.until_answered(
            "ok", lambda: call(request, metadata=acting_as(ANA), timeout=20, wait_for_ready=True).credential
        )

    def issue_page(self, channel: grpc.Channel, request_id: str) -> list[str]:
        """The digests of a page's credentials, none of it refused."""
        item = pb.StatementItem(parent=ANA, details=[pb.STATEMENT_DETAIL_NAME])
        request = pb.BatchIssueStatementsRequest(request_id=request_id, items=[item] * PAGE)
        call = StatementServiceStub(channel).BatchIssueStatements
        answer = self.until_answered(
            "pages", lambda: call(request, metadata=acting_as(), timeout=20, wait_for_ready=True)
        )
        assert [outcome.WhichOneof("outcome") for outcome in answer.outcomes] == ["issued"] * PAGE
        return [outcome.issued.credential_digest.hex() for outcome in answer.outcomes]

    def until_answered(self, what: str, call: Callable[[], Answer]) -> Answer:
        """Sends again as long as nobody answers. Raises grpc.RpcError for a refusal: nothing here may be refused."""
        while True:
            try:
                answer = call()
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise
                with self.lock:
                    self.told["unknown"] += 1
                continue
            with self.lock:
                self.told[what] += 1
            return answer


@pytest.fixture
def settings(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> Settings:
    made = opened_ledger(postgres, kafka, 1).model_copy(update={"signer_folder": str(tmp_path / "signer")})
    return with_issuer(made, tmp_path)


@pytest.fixture
def ledger(settings: Settings, tmp_path: Path) -> Iterator[RunningLedger]:
    with RunningLedger(settings, tmp_path / "logs") as running:
        with channel_to(running.addresses[0]) as channel:
            client = Client(channel)
            for method, message in beginnings():
                client.send(f"RegistryService/{method}", with_id(message))
            noted = record("2026-11-20 05:00", "2026-11-20 07:00", attendance_id="a")
            client.send("ParticipationService/RecordAttendance", noted)
            verifying = with_id(verification.VerifyHoursRequest(name=f"{ANA}/attendances/a"))
            client.send("VerificationService/VerifyHours", verifying, VERIFIER)
        wait_until(lambda: caught_up(settings))
        keep_once(settings)
        yield running
    assert_audit_clean(settings)


@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.proof)])
def test_every_statement_has_its_text_and_its_own_place(
    ledger: RunningLedger, settings: Settings, kills: int, seed: int, tell: Tell
):
    chance, issuing = random.Random(seed), Issuing(ledger.addresses[0])
    threads = [threading.Thread(target=run) for run in (*[issuing.run] * CALLERS, issuing.run_pages)]
    for thread in threads:
        thread.start()
    killed = 0
    for _ in range(kills):
        time.sleep(chance.uniform(0.5, 1.5))
        killed += ledger.kill("server-0")
        ledger.bring_back("server-0")
        ledger.wait_ready("server-0")
    wait_until(lambda: issuing.told["ok"] >= CALLS_LEAST and issuing.told["pages"] >= PAGES_LEAST, 60)
    issuing.ended.set()
    for thread in threads:
        thread.join(60)
    assert killed == kills
    issued = issued_in(settings)
    digests = [one.credential_digest for one in issued]
    told = [*map(credential_digest, issuing.answers.values()), *chain.from_iterable(issuing.pages.values())]
    assert sorted(told) == sorted(digests), "told and not recorded, or twice"
    assert len({(one.status_list, one.status_index) for one in issued}) == len(issued)
    assert_texts_are_kept(settings, len(issued))
    with grpc.insecure_channel(ledger.addresses[0]) as channel:
        for request_id, credential in chance.sample(sorted(issuing.answers.items()), 10):
            assert issuing.issue(channel, request_id) == credential
        for request_id, page in chance.sample(sorted(issuing.pages.items()), PAGES_LEAST):
            assert issuing.issue_page(channel, request_id) == page
    tell(f"servers killed: {killed}; statements issued: {len(issued)}; calls {dict(issuing.told)}; seed {seed}")


def issued_in(settings: Settings) -> list[StatementIssued]:
    """What the store holds."""
    with psycopg.connect(settings.database) as connection:
        events = [recorded_event(decode(body)).data for (body,) in connection.execute(ISSUED)]
    return [event for event in events if isinstance(event, StatementIssued)]


def assert_texts_are_kept(settings: Settings, count: int) -> None:
    """Each event has its text; texts that no event names may be there, too."""
    with psycopg.connect(settings.database) as connection:
        named = {recorded_event(decode(body)).event_id for (body,) in connection.execute(ISSUED)}
    with psycopg.connect(settings.owner_keys_database) as keys:
        kept = {row[0] for row in keys.execute("select event_id from statement_documents")}
    assert len(named) == count
    assert named <= kept
