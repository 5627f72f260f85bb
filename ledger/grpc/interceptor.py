"""The one door every call passes: who is asking, whether the request is well formed, and how errors leave.

It wraps the methods when they are registered instead of standing in grpc's chain of interceptors: the same door for
every method, at a tenth of the cost a call.

Until callers authenticate, the metadata `x-actor` says who acts. That is believed only because the server listens on a
loopback address alone, or was told by LEDGER_INSECURE=1 to go without.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import grpc
import psycopg
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2

from ledger.access.caller import ACTOR_PATTERN, CLIENT_PATTERN
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.group_commit import WriterStopped
from ledger.grpc.status import Context, FieldViolation, InvalidRequest, abort, broken_status, overdue_status, status_of
from ledger.grpc.validation import read_request
from ledger.metrics import CallEnds

log = logging.getLogger(__name__)

DEFAULT_CLIENT: Final = "local"
_CLIENT_VIOLATION: Final = FieldViolation("x-client", "give 1 to 63 of a-z 0-9 . _ -", "metadata.x_client")


EXPECTED: Final = (Refusal, TimeoutError, WriterStopped, psycopg.OperationalError, psycopg.InterfaceError)
"""What may go wrong without anything being broken: a broken rule, a passed deadline, a database that is away."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a method may know of a call beside its request."""

    method: str
    """The method's own name, such as CheckIn."""
    client: str
    """The system that calls; request ids are its own."""
    asserted_actor: str
    """Who acts, empty when nobody was named."""
    context: Context

    @property
    def actor(self) -> str:
        """Who acts. Refuses ACTOR_MISSING."""
        self.require_actor()
        return self.asserted_actor

    def require_actor(self) -> None:
        """Refuse ACTOR_MISSING unless somebody is named."""
        if not self.asserted_actor:
            refuse(Reason.ACTOR_MISSING)

    @property
    def seconds_left(self) -> float | None:
        """Until the caller's deadline; None without one."""
        return self.context.time_remaining()


def handlers(service: object, descriptor: ServiceDescriptor) -> grpc.GenericRpcHandler:
    """All methods of `descriptor`, each answered by the method of that name of `service`.

    Raises:
        AttributeError: `service` lacks a method that its proto promises.
    """
    by_name = {method.name: _handler(service, method) for method in descriptor.methods}
    return grpc.method_handlers_generic_handler(descriptor.full_name, by_name)


def _handler(service: object, method: MethodDescriptor) -> grpc.RpcMethodHandler[bytes, Message]:
    answer = getattr(service, method.name)
    kind = GetMessageClass(method.input_type)
    serialize = GetMessageClass(method.output_type).SerializeToString
    ends = CallEnds(f"{method.containing_service.name}/{method.name}")
    if method.client_streaming:
        return grpc.stream_stream_rpc_method_handler(_streams(answer, kind, method.name, ends), None, serialize)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(_stream(answer, kind, method.name, ends), None, serialize)
    return grpc.unary_unary_rpc_method_handler(_unary(answer, kind, method.name, ends), None, serialize)


def _unary(
    answer: Callable[[Message, Call], Awaitable[Message]], kind: type[Message], name: str, ends: CallEnds
) -> Callable[[bytes, Context], Awaitable[Message]]:
    async def guarded(body: bytes, context: Context) -> Message:
        try:
            message = await answer(read_request(kind, body), _call(name, context))
            ends.answered.inc()
            return message
        except EXPECTED as error:
            ends.refused.inc()
            await abort(context, _status_for(error))
        except Exception:
            ends.broken.inc()
            log.exception("%s failed", name)
            await abort(context, broken_status())

    return guarded


def _stream(
    answer: Callable[[Message, Call], AsyncIterator[Message]], kind: type[Message], name: str, ends: CallEnds
) -> Callable[[bytes, Context], AsyncIterator[Message]]:
    async def guarded(body: bytes, context: Context) -> AsyncIterator[Message]:
        try:
            async for message in answer(read_request(kind, body), _call(name, context)):
                yield message
            ends.answered.inc()
        except EXPECTED as error:
            ends.refused.inc()
            await abort(context, _status_for(error))
        except Exception:
            ends.broken.inc()
            log.exception("%s failed", name)
            await abort(context, broken_status())

    return guarded


def _streams(
    answer: Callable[[AsyncIterator[Message], Call], AsyncIterator[Message]],
    kind: type[Message],
    name: str,
    ends: CallEnds,
) -> Callable[[AsyncIterator[bytes], Context], AsyncIterator[Message]]:
    async def guarded(bodies: AsyncIterator[bytes], context: Context) -> AsyncIterator[Message]:
        try:
            requests = (read_request(kind, body) async for body in bodies)
            async for message in answer(requests, _call(name, context)):
                yield message
            ends.answered.inc()
        except EXPECTED as error:
            ends.refused.inc()
            await abort(context, _status_for(error))
        except Exception:
            ends.broken.inc()
            log.exception("%s failed", name)
            await abort(context, broken_status())

    return guarded


def _call(name: str, context: Context) -> Call:
    """Who asks. Refuses ACTOR_MISSING, and INVALID_ARGUMENT for a client of another form."""
    client, actor = DEFAULT_CLIENT, ""
    for key, value in context.invocation_metadata() or ():
        if key == "x-actor":
            if not isinstance(value, str) or not ACTOR_PATTERN.fullmatch(value):
                refuse(Reason.ACTOR_MISSING)
            actor = value
        elif key == "x-client":
            if not isinstance(value, str) or not CLIENT_PATTERN.fullmatch(value):
                raise InvalidRequest([_CLIENT_VIOLATION])
            client = value
    return Call(name, client, actor, context)


def _status_for(error: Exception) -> status_pb2.Status:
    if isinstance(error, Refusal):
        return status_of(error)
    if isinstance(error, TimeoutError):
        return overdue_status()
    log.warning("not available: %s", type(error).__name__)
    return status_of(Refusal(Reason.UNAVAILABLE, {}))
