"""Receiver, server, consumer and the link between them killed at every point while hours are recorded and corrected.

The receiver is `examples/subscriber-python`, a process of its own. Persons are synthetic.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc
import pytest

from ledger.access.caller import Role
from ledger.child_process import ChildProcess
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.faults.conftest import Tell
from tests.faults.grpc_conversation import GrpcConversation
from tests.faults.tcp_proxy import Cut, TcpProxy
from tests.system.acting import acting_as, channel_to, token_for
from tests.system.delivery_programme import MINISTRY, PURPOSE, RECEIVER, Receiving, receiving
from tests.system.grpc_caller import request_id, with_id
from tests.system.published_hours import BEN, CYD, SPRING
from tests.system.running_ledger import PROJECT, RunningLedger
from tests.system.small_programme import ANA, VERIFIER, record
from tests.system.stored_history import caught_up, opened_ledger, settings_environment, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.values_pb2 import EvidenceClass

SUBSCRIBER: Final = PROJECT / "examples" / "subscriber-python" / "subscriber.py"
RECORD_SECONDS_MAX: Final = 3_600
"""The receiver refuses longer records."""
KINDS: Final = ("receiver", "stored", "answer lost", "before", "racing", "dropped")
"""Of the receiver and of the link; servers and consumers take seconds to return, and are killed now and then."""
EVERY_SEVENTH: Final = ("server", "consumer")


@dataclass
class Recording:
    """Somebody who records hours, corrects, verifies and reverses them; each request is sent until it is answered."""

    address: str
    seed: int
    ended: threading.Event = field(default_factory=threading.Event)
    told: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        chance = random.Random(f"recording/{self.seed}")
        with grpc.insecure_channel(self.address) as channel:
            for number in itertools.count():
                if self.ended.is_set():
                    return
                self._one(channel, chance, number)
                time.sleep(0.1)

    def _one(self, channel: grpc.Channel, chance: random.Random, number: int) -> None:
        volunteer, day, hour = (ANA, BEN, CYD)[number % 3], 1 + number // 3 % 28, number // 84 % 24
        name = f"{volunteer}/attendances/n{number}"
        noted = record(f"2023-05-{day:02} {hour:02}:00", "", SPRING, volunteer=volunteer, attendance_id=f"n{number}")
        began, long = noted.attendance.start_time.seconds, 3 if chance.random() < 0.3 else 1
        noted.attendance.end_time.seconds = began + long * chance.randint(60, 3_500)
        self._send(channel, "ParticipationService/RecordAttendance", noted.SerializeToString())
        if chance.random() < 0.3:
            correcting = participation.CorrectAttendanceRequest(request_id=request_id(), name=name, reason="MISTAKEN")
            correcting.start_time.seconds = began
            correcting.end_time.seconds = began + chance.randint(60, 7_200)
            self._send(channel, "ParticipationService/CorrectAttendance", correcting.SerializeToString())
        if chance.random() < 0.3:
            verifying = with_id(verification.VerifyHoursRequest(name=name))
            if self._send(channel, "VerificationService/VerifyHours", verifying, VERIFIER) and chance.random() < 0.5:
                reversing = with_id(verification.ReverseHoursRequest(name=name, reason="MISTAKEN"))
                self._send(channel, "VerificationService/ReverseHours", reversing, VERIFIER)

    def _send(self, channel: grpc.Channel, method: str, body: bytes, actor: str = "staff/coordinator") -> bool:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/volunteer_hours.v1.{method}")
        while True:
            try:
                call(body, metadata=acting_as(actor), timeout=10, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    self.told["sent again"] += 1
                    continue
                self.told["refused"] += 1  # such as nothing to verify: all of it is withheld
                return False
            self.told["recorded"] += 1
            return True


@dataclass
class Receiver:
    """The reference subscriber as a process, and its database."""

    proxy: TcpProxy
    settings: Settings
    folder: Path
    process: ChildProcess = field(init=False)

    def __post_init__(self) -> None:
        token = token_for("staff/receiver", RECEIVER, (Role.GOVERNMENT_READER,))
        environment = {**settings_environment(self.settings), "LEDGER_TOKEN": token, "LEDGER_PURPOSE": PURPOSE}
        command = [sys.executable, str(SUBSCRIBER), MINISTRY, "--address", f"127.0.0.1:{self.proxy.port}"]
        command += ["--database", str(self.folder / "taken.sqlite3"), "--page-size", "5"]
        command += ["--seconds-max", str(RECORD_SECONDS_MAX), "--include-open"]
        log = self.folder / "receiver.log"
        self.process = ChildProcess("receiver", command, log, environment=environment, working_directory=PROJECT)

    def kill(self) -> bool:
        return self.process.running and self.process.kill() == -9

    def query(self, statement: str) -> list[tuple[int, ...]]:
        with sqlite3.connect(self.folder / "taken.sqlite3", timeout=10) as database:
            return database.execute(statement).fetchall()

    def has_pending(self) -> bool:
        return self.query("select count(*) from pending") == [(1,)]


@dataclass
class Striker:
    """Kills what the seed says; a fault that met nobody does not count."""

    ledger: RunningLedger
    receiver: Receiver
    chance: random.Random
    happened: Counter[str] = field(default_factory=Counter)

    def strike(self, number: int) -> None:
        time.sleep(self.chance.uniform(0.1, 0.5))
        assert self.receiver.process.running, self.receiver.process.log_tail()
        kind = EVERY_SEVENTH[number // 7 % 2] if number % 7 == 6 else KINDS[number % 7]
        self.happened[kind] += self._do(kind)

    def _do(self, kind: str) -> int:
        match kind:
            case "receiver":
                return self._again()
            case "stored":
                return self._kill_between_its_database_and_the_ledger()
            case "answer lost":
                self._cut("after")
                return self._again()
            case "before":
                return self._cut("before")
            case "racing":
                return self._cut("racing")
            case "dropped":
                self.receiver.proxy.drop_connections()
                return 1
        name = "server-0" if kind == "server" else kind
        killed = self.ledger.kill(name)
        self.ledger.bring_back(name)
        if kind == "server":
            self.ledger.wait_ready(name)
        return killed

    def _again(self) -> int:
        killed = self.receiver.kill()
        self.receiver.process.start()
        return killed

    def _kill_between_its_database_and_the_ledger(self) -> int:
        """The page is stored, and nobody has heard of it."""
        proxy = self.receiver.proxy
        for _ in range(200):
            if self.receiver.has_pending():
                break
            time.sleep(0.005)
        else:
            return 0
        proxy.open_doors.clear()
        proxy.drop_connections()
        killed = self.receiver.kill()
        proxy.open_doors.set()
        self.receiver.process.start()
        return killed

    def _cut(self, how: Cut) -> int:
        cuts = self.receiver.proxy.cuts
        total = cuts.total + 1
        cuts.arm(how)
        self.receiver.proxy.drop_connections()  # what is cut is a call of a connection that begins now
        cuts.wait_for(total, 30)
        return 1


@pytest.fixture
def settings(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Settings:
    return opened_ledger(postgres, kafka, 3)


@pytest.fixture
def ledger(settings: Settings, tmp_path: Path) -> Iterator[RunningLedger]:
    with RunningLedger(settings, tmp_path / "logs") as running:
        yield running
        wait_until(lambda: caught_up(settings))
    assert_audit_clean(settings, settled=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("faults", [21, pytest.param(63, marks=pytest.mark.proof)])
def test_each_piece_is_taken_exactly_once(
    ledger: RunningLedger, settings: Settings, faults: int, seed: int, tell: Tell, tmp_path: Path
):
    address = ledger.addresses[0]
    with (
        TcpProxy(int(address.rsplit(":", 1)[1]), GrpcConversation) as proxy,
        channel_to(address) as channel,
    ):
        around = Receiving(channel, address, 3)
        around.begin()
        around.client.send("AccessService/RegisterClient", with_id(receiving()))
        around.open()
        recording, receiver = Recording(address, seed), Receiver(proxy, settings, tmp_path)
        writing = threading.Thread(target=recording.run, daemon=True)
        writing.start()
        receiver.process.start()
        wait_until(lambda: around.lag().taken_pieces > 0, 60)
        striker = Striker(ledger, receiver, random.Random(seed))
        for number in range(faults):
            striker.strike(number)
            if number == faults // 2:
                with_limits(around, RECORD_SECONDS_MAX)
        recording.ended.set()
        writing.join(30)
        striker._again()  # it begins with what is open, which it can take by now
        wait_until_level(around, receiver)
        assert receiver.kill(), receiver.process.log_tail()
        assert_same_sums(around, receiver)
        lag = around.lag()
    assert striker.happened.total() >= faults * 9 // 10, striker.happened
    assert ledger.stopped_loudly() == []
    tell(
        f"faults {dict(striker.happened)}; commands {dict(recording.told)}; pieces taken {lag.taken_pieces}, "
        f"{lag.taken_seconds} s; seed {seed}"
    )


def with_limits(around: Receiving, seconds_max: int) -> None:
    """From now on nothing is too long for the receiver; the server may just be starting again."""
    while True:
        try:
            around.change(seconds_max=seconds_max)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(0.2)
        else:
            return


def wait_until_level(around: Receiving, receiver: Receiver, seconds: float = 60.0) -> None:
    """Wait until everything recorded was taken."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            lag = around.lag()
        except grpc.RpcError:
            lag = None
        if lag is not None and (lag.entries_behind, lag.open_pieces) == (0, 0):
            return
        assert receiver.process.running, receiver.process.log_tail()
        assert time.monotonic() < deadline, lag
        time.sleep(0.1)


def assert_same_sums(around: Receiving, receiver: Receiver) -> None:
    """What the receiver's own database says is what the ledger says, class by class."""
    lag = around.lag()
    assert receiver.query("select count(*), sum(seconds) from pieces") == [(lag.taken_pieces, lag.taken_seconds)]
    assert receiver.query("select count(*) from refused") == [(0,)]
    [(longest,)] = receiver.query("select max(seconds) from pieces")
    assert longest <= RECORD_SECONDS_MAX
    sums: Counter[int] = Counter()
    for from_class, to_class, seconds in receiver.query("select from_class, to_class, seconds from pieces"):
        sums[to_class] += seconds
        sums[from_class] -= seconds
    assert {number: sums[number] for number in EvidenceClass.values() if number} == around.summed()
