"""What a service says of its inside: to callers nothing, in figures no name, in its log no word of what was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import psycopg
import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2

from ledger.domain.refusals import Reason
from ledger.grpc.server import SERVICES
from ledger.metrics import REGISTRY
from ledger.patient_client import status_of
from ledger.security_events import SecurityEvent
from tests.system.acting import NOBODY, acting_as
from tests.system.asked_service import Asked, asked_service
from tests.system.grpc_caller import with_id
from tests.system.small_programme import ANA, GARDEN, GREEN, VERIFIER, beginnings, record

METHODS: Final = [method for service in SERVICES for method in service.methods]
CANARY: Final = "1098765432"
HOSTILE: Final = (f"volunteers/{CANARY}", "'; drop table events; --", "../../etc/passwd", "\x1b[31m\n{}", "ana\x00")
INSIDE: Final = re.compile(
    r"psycopg|\bselect\b.*\bfrom\b|\binsert into\b|traceback|\.py\b|file \"|site-packages|ledger\.[a-z]+|0x[0-9a-f]{6}"
    r"|\b[A-Z][A-Za-z]+(Error|Exception)\b|relation \"|violates|constraint|/home/|/tmp/|/usr/|grpc\.aio|asyncio",
    re.IGNORECASE,
)
"""Words of SQL, of paths, of classes and of stacks."""
BROKEN: Final = re.compile("The ledger failed inside; tell those who run it the incident ([0-9a-f]{16})[.]")
LABELS: Final[dict[str, re.Pattern[str]]] = {
    "method": re.compile("|".join(f"{method.containing_service.name}/{method.name}" for method in METHODS)),
    "ended": re.compile("answered|refused|broken|recorded"),
    "page": re.compile("[a-z-]+( [a-z]+)*"),
    "status": re.compile("[1-5][0-9][0-9]"),
    "partition": re.compile("[0-9]{1,4}"),
    "rule": re.compile("[a-z][a-z -]*"),
    "outcome": re.compile("|".join(("OK", *Reason.__members__))),
    "child": re.compile("projections|keep-log"),
    "kind": re.compile("|".join(SecurityEvent)),
    "subscription": re.compile("subscriptions/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
}
"""All labels there are, and what each may say."""


@pytest.fixture(scope="module")
def asked(postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A service that has met every method with good, hostile and senseless requests, by who may and who may not."""
    with asked_service(postgres, tmp_path_factory.mktemp("outside"), 1) as asked:
        for method, message in beginnings():
            asked.client.send(f"RegistryService/{method}", with_id(message))
        asked.client.send("ParticipationService/RecordAttendance", record("2026-11-20 05:00", "2026-11-20 06:00"))
        yield asked


@pytest.fixture(scope="module")
def told(asked: Asked) -> list[Any]:
    """How all those calls ended that were not answered."""
    ends: list[Any] = []
    administrator = acting_as()
    volunteer = acting_as(ANA, roles=())
    for method in METHODS:
        bodies = [GetMessageClass(method.input_type)(), *(hostile(method, text) for text in HOSTILE)]
        sent = [*(body.SerializeToString() for body in bodies), b"\xff\xfe" * 40, CANARY.encode() * 3]
        for body in sent:
            ends.extend(ends_of(asked.channel, method, body, administrator))
        for body in sent[:2]:
            ends.extend(ends_of(asked.channel, method, body, volunteer))
        ends.extend(ends_of(asked.channel, method, sent[0], NOBODY))
        ends.extend(ends_of(asked.channel, method, sent[0], (("authorization", f"Bearer {CANARY}.x.y"),)))
    return ends


def hostile(method: MethodDescriptor, text: str) -> Message:
    """A request whose every text is this one."""
    message = GetMessageClass(method.input_type)()
    fill(message, text, depth=0)
    return message


def fill(message: Message, text: str, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if field.is_repeated or field.containing_oneof is not None or depth > 3:
            continue
        if field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, text)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            fill(getattr(message, field.name), text, depth + 1)
            getattr(message, field.name).SetInParent()


def ends_of(channel: Any, method: MethodDescriptor, body: bytes, metadata: Any) -> list[Any]:
    """The error it ended with, or nothing; of a stream one message is read."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    try:
        if method.client_streaming:
            next(iter(channel.stream_stream(path)(iter([body]), metadata=metadata, timeout=20)), None)
        elif method.server_streaming:
            stream = channel.unary_stream(path)(body, metadata=metadata, timeout=20)
            next(stream, None)
            stream.cancel()
        else:
            channel.unary_unary(path)(body, metadata=metadata, timeout=20)
    except grpc.RpcError as error:
        return [error]
    return []


def everything_in(error: Any) -> str:
    """All texts that a caller can see of an error."""
    status = status_of(error)
    assert status is not None, error.details()
    texts = [error.details(), status.message]
    kinds = (error_details_pb2.ErrorInfo, error_details_pb2.LocalizedMessage, error_details_pb2.BadRequest)
    for packed in status.details:
        for kind in kinds:
            one = kind()
            if packed.Unpack(one):
                texts.append(str(one))
    return "\n".join(texts)


def test_no_error_tells_of_the_inside(told):
    assert len(told) > 5 * len(METHODS)
    codes = {error.code() for error in told}
    assert {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED} <= codes
    for error in told:
        text = everything_in(error)
        assert not INSIDE.search(text), text


def test_nothing_breaks_whatever_is_sent(told, asked):
    broken = [error for error in told if error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)]
    assert not [everything_in(error) for error in broken], asked.log.child.log_tail()


@pytest.mark.parametrize(
    ("method", "table"),
    [
        ("HoursService/GetBalance", "balances"),
        ("DirectoryService/GetVolunteer", "volunteers"),
        ("HoursService/WatchBalance", "balances"),
    ],
)
def test_what_breaks_is_told_by_an_incident_that_the_log_explains(asked, method, table):
    descriptor = next(one for one in METHODS if f"{one.containing_service.name}/{one.name}" == method)
    request = GetMessageClass(descriptor.input_type)(name=ANA).SerializeToString()
    with psycopg.connect(asked.log.settings.owner_read_database, autocommit=True) as owner:
        owner.execute(f"alter table {table} rename to gone_for_a_moment")
        try:
            [error] = ends_of(asked.channel, descriptor, request, acting_as())
        finally:
            owner.execute(f"alter table gone_for_a_moment rename to {table}")
    assert error.code() is grpc.StatusCode.INTERNAL
    text = everything_in(error)
    assert not INSIDE.search(text), text
    found = BROKEN.fullmatch(str(error.details()))
    assert found is not None
    [line] = [line for line in log_lines(asked) if line.get("incident") == found[1]]
    assert line["event"] == f"{method} failed"
    assert "UndefinedTable" in str(line["exception"])


def test_the_log_is_json_with_listed_fields_and_says_nothing_of_what_was_sent(told, asked):
    text = asked.log.child.log_file.read_text("utf-8")
    assert text.isascii()
    assert CANARY not in text
    assert "drop table" not in text
    assert acting_as()[0][1].removeprefix("Bearer ") not in text
    others = [line for line in text.splitlines() if not line.startswith("{")]
    assert all(re.fullmatch(r"serving (gRPC|HTTP) on [0-9.:]+", line) for line in others), others
    turned_away = [line for line in log_lines(asked) if str(line["event"]).startswith("security: ")]
    assert {"security: token-refused", "security: forbidden"} <= {str(line["event"]) for line in turned_away}


def test_no_label_of_a_figure_names_anybody(told, asked):
    asked.log.get(f"/{CANARY}/{ANA}")
    figures = asked.log.good("/metrics").decode()
    labels = re.findall(r'([a-z_]+)="([^"]*)"', figures)
    assert {"method", "ended", "page", "partition", "kind"} <= {name for name, _ in labels}
    for name, value in labels:
        assert LABELS[name].fullmatch(value), f"{name}={value}"
    for known in (ANA, GREEN, GARDEN, VERIFIER, CANARY, "ministry", "hours-ledger"):
        assert known.rpartition("/")[2] not in " ".join(value for _, value in labels)


def test_every_label_that_there_can_be_is_on_the_list():
    names = {name for family in REGISTRY._collector_to_names for name in getattr(family, "_labelnames", ())}
    assert names == set(LABELS)


def log_lines(asked: Asked) -> list[dict[str, object]]:
    text = Path(asked.log.child.log_file).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
