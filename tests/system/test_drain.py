"""SIGTERM under load: health says so first, calls under way get their answers, and whatever was answered is there."""

import re
import sys
import threading
import time
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2

from ledger.child_process import ChildProcess
from tests.system.acting import believe_us, channel_to
from tests.system.grpc_caller import Client, with_id
from tests.system.small_programme import beginnings, opening
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import hours_service_pb2_grpc as hours_grpc
from volunteer_hours.v1 import resources_pb2

PROJECT = Path(__file__).parents[2]
READY = re.compile(r"serving gRPC on (\S+)")
START_SECONDS_MAX = 60
CALLERS = 8
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
NOT_ANSWERED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


class Load:
    """Callers that open shifts, one call after another, until the server is gone."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.answered: list[str] = []
        self.unexpected: list[str] = []
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=60)
            assert not thread.is_alive()

    def _call(self) -> None:
        with channel_to(self._address) as channel:
            client = Client(channel)
            while True:
                try:
                    answer = client.send(
                        "RegistryService/OpenShift", opening("", "2026-11-20 05:00", "2026-11-20 09:00")
                    )
                except grpc.RpcError as error:
                    if error.code() not in NOT_ANSWERED:
                        self.unexpected.append(str(error))
                    return
                self.answered.append(resources_pb2.Shift.FromString(answer).name)


def server(folder: Path, log_file: str) -> ChildProcess:
    command = [sys.executable, "-m", "ledger", "serve", "--embedded", "--data-dir", str(folder)]
    flags = ["--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0"]
    believe_us(folder)
    child = ChildProcess("serve", [*command, *flags], folder / log_file, working_directory=PROJECT)
    child.start()
    return child


def address_of(child: ChildProcess) -> str:
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        if found := READY.search(child.log_file.read_text("utf-8")):
            return found[1]
        assert child.running, child.log_tail()
        time.sleep(0.05)
    raise AssertionError(child.log_tail())


def health_told(address: str, told: list[int]) -> None:
    with channel_to(address) as channel:
        watch: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream("/grpc.health.v1.Health/Watch")
        for answer in watch(health_pb2.HealthCheckRequest(service="").SerializeToString(), timeout=120):
            told.append(health_pb2.HealthCheckResponse.FromString(answer).status)
            if told[-1] == NOT_SERVING:
                return


def balance_watched(address: str, registered: resources_pb2.Volunteer, ended: list[grpc.StatusCode | None]) -> None:
    request = hours.WatchBalanceRequest(name=registered.name, positions=registered.positions)
    with channel_to(address) as channel:
        watched = hours_grpc.HoursServiceStub(channel).WatchBalance(request, timeout=120)
        ended += [None for _ in watched]
        ended.append(watched.code())


def test_a_server_that_is_told_to_stop_loses_no_answer(server_dir: Path):
    child = server(server_dir, "first.log")
    address = address_of(child)
    with channel_to(address) as channel:
        for method, message in beginnings():
            answer = Client(channel).send(f"RegistryService/{method}", with_id(message))
    registered = resources_pb2.Volunteer.FromString(answer)
    told: list[int] = []
    ended: list[grpc.StatusCode | None] = []
    watchers = [
        threading.Thread(target=health_told, args=(address, told)),
        threading.Thread(target=balance_watched, args=(address, registered, ended)),
    ]
    for watcher in watchers:
        watcher.start()
    load = Load(address)
    load.start()
    while len(load.answered) < 50:
        assert child.running, child.log_tail()
    assert child.stop(deadline_seconds=60) == 0, child.log_tail()
    load.join()
    for watcher in watchers:
        watcher.join(timeout=60)
    assert load.unexpected == []
    assert told == [SERVING, NOT_SERVING]
    assert ended == [None, grpc.StatusCode.OK], "one balance, and a stream that ends by itself when the server stops"
    assert "Traceback" not in child.log_tail()
    again = server(server_dir, "second.log")
    try:
        with channel_to(address_of(again)) as channel:
            recorded = [name for name in Client(channel).subjects() if "/shifts/" in name]
        assert len(recorded) == len(set(recorded))
        assert set(load.answered) <= set(recorded)
        assert len(recorded) - len(load.answered) <= CALLERS + 2, "more than the calls under way was recorded unseen"
    finally:
        again.stop(deadline_seconds=60)
