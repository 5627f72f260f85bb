"""A caller of the services that looks closely: how a call was refused, and that nothing was recorded by it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2

from ledger.domain.refusals import Reason
from tests.system.acting import NOBODY, acting_as
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import audit_service_pb2_grpc as audit_grpc

COORDINATOR = "staff/coordinator"
DEADLINE_SECONDS = 20
NEVER = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.OK}
"""How bad input never ends."""


@dataclass(frozen=True)
class Refused:
    """How a call ended."""

    code: grpc.StatusCode
    reason: str
    fields: tuple[str, ...]


class Client:
    """A caller that sends messages, or bytes that only claim to be some."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._audit = audit_grpc.AuditServiceStub(channel)

    def send(self, method: str, message: Message | bytes, actor: str = COORDINATOR) -> bytes:
        """The answer's bytes. Raises grpc.RpcError."""
        call: Callable[..., bytes] = self._channel.unary_unary(f"/volunteer_hours.v1.{method}")
        body = message if isinstance(message, bytes) else message.SerializeToString()
        return call(body, metadata=acting_as(actor) if actor else NOBODY, timeout=DEADLINE_SECONDS)

    def stream(self, method: str, bodies: list[bytes]) -> Iterator[bytes]:
        """The answers to a stream of requests. Raises grpc.RpcError."""
        call: Callable[..., Iterator[bytes]] = self._channel.stream_stream(f"/volunteer_hours.v1.{method}")
        return call(iter(bodies), metadata=acting_as(COORDINATOR), timeout=DEADLINE_SECONDS)

    def stream_of(self, method: str, body: bytes) -> Iterator[bytes]:
        """A stream of answers to one request. Raises grpc.RpcError."""
        call: Callable[..., Iterator[bytes]] = self._channel.unary_stream(f"/volunteer_hours.v1.{method}")
        return call(body, metadata=acting_as(COORDINATOR), timeout=DEADLINE_SECONDS)

    def refused(self, method: str, message: Message | bytes, actor: str = COORDINATOR) -> Refused:
        """How the call was refused; nothing was recorded by it."""
        before = self.recorded()
        with pytest.raises(grpc.RpcError) as raised:
            self.send(method, message, actor)
        assert self.recorded() == before
        return refusal_of(raised.value)

    def send_whatever(self, method: str, body: bytes) -> None:
        """Send bytes that may be good or bad; a refusal must be one of ours."""
        try:
            self.send(method, body)
        except grpc.RpcError as error:
            refusal_of(error)

    def recorded(self) -> int:
        """How many events there are."""
        return len(self.subjects())

    def subjects(self) -> list[str]:
        """The streams of all events, in order."""
        pages = self._audit.ReplayEvents(audit.ReplayEventsRequest(page_size=1000), timeout=DEADLINE_SECONDS)
        return [str(json.loads(event)["subject"]) for page in pages for event in page.events]


def refusal_of(error: grpc.RpcError) -> Refused:
    """The details every error must have: a known reason and an Arabic text."""
    code, reason, arabic = error.code(), "", ""
    fields: tuple[str, ...] = ()
    for metadatum in error.trailing_metadata() or ():
        if metadatum.key == "grpc-status-details-bin":
            assert isinstance(metadatum.value, bytes)
            for packed in status_pb2.Status.FromString(metadatum.value).details:
                if packed.type_url.endswith("google.rpc.ErrorInfo"):
                    reason = error_details_pb2.ErrorInfo.FromString(packed.value).reason
                elif packed.type_url.endswith("google.rpc.LocalizedMessage"):
                    arabic = error_details_pb2.LocalizedMessage.FromString(packed.value).message
                elif packed.type_url.endswith("google.rpc.BadRequest"):
                    violations = error_details_pb2.BadRequest.FromString(packed.value).field_violations
                    fields = tuple(violation.field for violation in violations)
    assert code not in NEVER, f"{code} {error.details()}"
    assert reason in Reason.__members__, f"{code} {error.details()}"
    assert arabic
    return Refused(code, reason, fields)


def request_id() -> str:
    """A new key."""
    return str(uuid.uuid4())


def with_id(request: Message) -> bytes:
    """The same request under a new key: field 1 again, and of a repeated scalar the last one holds."""
    return request.SerializeToString() + b"\x0a\x24" + request_id().encode()


def at(text: str) -> Timestamp:
    """`2026-11-20 05:00`, in UTC."""
    return Timestamp(seconds=int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))
