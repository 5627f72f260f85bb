"""Limits of a running service: who asks too much is told when to come back, and who reads slowly holds up nobody."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import grpc
import psycopg
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from ledger.patient_client import reason_of, retry_after_seconds, status_of
from tests.system.acting import acting_as
from tests.system.log_writer import LogWriter
from tests.system.served_log import ServedLog, serving
from tests.system.stored_history import opened_store, store_attendances, wait_until
from volunteer_hours.v1 import audit_service_pb2 as pb
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

EVENTS: Final = 3_000
EVENT_BYTES: Final = 12_000
CALLS_PER_SECOND: Final = 40
STREAMS: Final = 3
CALLS_AT_ONCE: Final = 8
IDLE_TRANSACTION_SECONDS: Final = 4.0
"""Readers here never read on: what waited for one would wait until the database ends it, after 5 seconds or more."""
SLOW_READER_MIB: Final = 16
"""What one may cost: a page as it was read, the next one read ahead, and the messages grpc has of them."""
WATCHED_SECONDS: Final = 6.0
RESTING_SECONDS: Final = 0.3
"""Of processor time within a second: what follows events and signs the log goes on."""
_OLD_TRANSACTIONS: Final = """
    select usename, application_name, state, xact_start, state_change, left(query, 200) from pg_stat_activity
    where datname = any(%s) and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null
      and wait_event_type = 'Client' and state_change < clock_timestamp() - make_interval(secs => %s)
"""


@pytest.fixture(scope="module")
def served(postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLog]:
    """A service with small quotas, over events of which a whole replay fits into no buffer."""
    folder = tmp_path_factory.mktemp("limits")
    settings = opened_store(postgres, 1).model_copy(
        update={
            "grpc_address": "127.0.0.1:0",
            "quota_calls_per_second": CALLS_PER_SECOND,
            "quota_streams": STREAMS,
            "quota_bytes_per_second": 200_000,
            "maximum_concurrent_rpcs": CALLS_AT_ONCE,
        }
    )
    store_attendances(settings, EVENTS, padding_bytes=EVENT_BYTES)
    with serving(settings, folder) as (child, address, http):
        yield ServedLog(settings, child, LogWriter(settings), address, http)


@pytest.fixture
def channel(served: ServedLog) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(served.grpc, options=[("grpc.max_receive_message_length", -1)]) as channel:
        yield channel


def event(channel: grpc.Channel, client: str) -> Any:
    return AuditServiceStub(channel).GetEvent(pb.GetEventRequest(position=1), metadata=acting_as(client=client))


def begun(channel: grpc.Channel, client: str) -> Any:
    """A replay of which one page was read, and no more for now."""
    stream = AuditServiceStub(channel).ReplayEvents(pb.ReplayEventsRequest(), metadata=acting_as(client=client))
    next(stream)
    return stream


def details(error: Any) -> dict[str, Message]:
    status = status_of(error)
    assert status is not None
    kinds = (error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo, error_details_pb2.LocalizedMessage)
    found: dict[str, Message] = {}
    for packed in status.details:
        for kind in kinds:
            message = kind()
            if packed.Unpack(message):
                found[kind.__name__] = message
    return found


def refused(error: Any, reason: str) -> float:
    """It is RESOURCE_EXHAUSTED with all that a program needs; gives the seconds to wait."""
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert set(details(error)) == {"ErrorInfo", "RetryInfo", "LocalizedMessage"}
    status = status_of(error)
    assert reason_of(status) == reason
    seconds = retry_after_seconds(status)
    assert 0 < seconds < 60
    return seconds


def until_refused(channel: grpc.Channel, client: str) -> Any:
    for _ in range(5_000):
        try:
            event(channel, client)
        except grpc.RpcError as error:
            return error
    raise AssertionError("never refused")


def said(served: ServedLog) -> list[dict[str, object]]:
    text = served.child.log_file.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_client_that_calls_too_often_is_told_when_to_come_back_and_others_are_answered(served, channel):
    seconds = refused(until_refused(channel, "ministry"), "QUOTA_EXCEEDED")
    assert seconds <= 1 / CALLS_PER_SECOND + 0.001
    event(channel, "other")
    time.sleep(seconds)
    event(channel, "ministry")
    told = [line for line in said(served) if line["event"] == "security: quota-exceeded"]
    assert ("ministry", "calls per second") in [(line["client"], line["cause"]) for line in told]


def test_a_client_that_sends_too_many_bytes_is_told_so(channel):
    call: Any = channel.unary_unary("/volunteer_hours.v1.ParticipationService/RecordAttendance")
    ends = []
    for _ in range(3):  # garbage, which is refused for its form while there is room for it
        with pytest.raises(grpc.RpcError) as raised:
            call(b"\xff" * 400_000, metadata=acting_as(client="employer"))
        ends.append(reason_of(status_of(raised.value)))
    assert ends == ["INVALID_ARGUMENT", "QUOTA_EXCEEDED", "QUOTA_EXCEEDED"]
    refused(raised.value, "QUOTA_EXCEEDED")
    info = details(raised.value)["ErrorInfo"]
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert info.metadata["quota"] == "bytes per second"


def test_a_client_has_so_many_streams_open_and_an_ended_one_makes_room(channel):
    with ExitStack() as stack:
        streams = [begun(channel, "other") for _ in range(STREAMS)]
        for stream in streams:
            stack.callback(stream.cancel)
        with pytest.raises(grpc.RpcError) as raised:
            begun(channel, "other")
        refused(raised.value, "QUOTA_EXCEEDED")
        streams[0].cancel()
        wait_until(lambda: answered(lambda: stack.callback(begun(channel, "other").cancel)))


def test_where_no_more_calls_fit_everybody_is_told_to_come_again(channel):
    with ExitStack() as stack:
        for number in range(CALLS_AT_ONCE):
            stack.callback(begun(channel, ("tests", "bench", "hours-ledger")[number // STREAMS]).cancel)
        with pytest.raises(grpc.RpcError) as raised:
            event(channel, "other")
        refused(raised.value, "SERVER_BUSY")
    wait_until(lambda: answered(lambda: event(channel, "other")))


def test_who_reads_slowly_holds_no_transaction_and_little_memory(served, channel):
    assert EVENTS * EVENT_BYTES / 2**20 > 2 * SLOW_READER_MIB, "or a whole replay would fit"
    event(channel, "other")
    before = resident_mib(served.child.pid)
    with ExitStack() as stack:
        streams = [begun(channel, client) for client in ("tests", "bench", "hours-ledger") for _ in range(2)]
        for stream in streams:
            stack.callback(stream.cancel)
        no_old_transactions(served)
        assert resident_mib(served.child.pid) - before < len(streams) * SLOW_READER_MIB
        assert sum(len(page.events) for page in streams[0]) > EVENTS / 2, "whoever reads on gets the rest"


def test_who_takes_no_page_in_over_http_holds_no_transaction(served):
    host, port = served.http.split(":")
    before = sessions_ended(served)
    with ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        # Hundreds of answers are made first, as many as fit on the way; then the readers are what is waited for.
        wait_until(lambda: rests(served.child.pid))
        no_old_transactions(served)
        assert sessions_ended(served) == before, "nor was one ended by the database meanwhile"
        assert served.good("/health") == b"serving\n"


def test_an_old_transaction_would_be_seen(served):
    before = sessions_ended(served)
    with (
        suppress(psycopg.errors.IdleInTransactionSessionTimeout),
        psycopg.connect(served.settings.database) as forgotten,
    ):
        forgotten.execute("select 1")
        with pytest.raises(AssertionError):
            no_old_transactions(served)
        wait_until(lambda: sessions_ended(served) > before, seconds=30)


def no_old_transactions(served: ServedLog) -> None:
    """Looked at for a while: no transaction of the service waits long for the service, as one with a reader would."""
    looks = 0
    deadline = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < deadline:
        assert idle_transactions(served) == []
        looks += 1
        time.sleep(0.2)
    assert looks > 2


def databases(served: ServedLog) -> list[object]:
    urls = (served.settings.database, served.settings.read_database, served.settings.access_database)
    return [psycopg.conninfo.conninfo_to_dict(url)["dbname"] for url in urls]


def idle_transactions(served: ServedLog) -> list[tuple[object, ...]]:
    """The transactions of the service that have waited for the service for long."""
    with psycopg.connect(served.settings.owner_database, autocommit=True) as connection:
        return connection.execute(_OLD_TRANSACTIONS, [databases(served), IDLE_TRANSACTION_SECONDS]).fetchall()


def sessions_ended(served: ServedLog) -> int:
    """How many sessions the database ended by an error, such as a transaction that waited for more than 5 seconds."""
    with psycopg.connect(served.settings.owner_database, autocommit=True) as connection:
        row = connection.execute(
            "select sum(sessions_fatal)::bigint from pg_stat_database where datname = any(%s)", [databases(served)]
        ).fetchone()
    assert row is not None
    return int(row[0])


def rests(pid: int | None) -> bool:
    """Whether a process does next to nothing for a second."""
    before = processor_seconds(pid)
    time.sleep(1)
    return processor_seconds(pid) - before < RESTING_SECONDS


def processor_seconds(pid: int | None) -> float:
    times = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int | None) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def answered(call: Callable[[], Any]) -> bool:
    try:
        call()
    except grpc.RpcError:
        return False
    return True
