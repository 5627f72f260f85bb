"""The one door every call passes: who is asking, whether the request is well formed, and how errors leave.

It wraps the methods when they are registered instead of standing in grpc's chain of interceptors: the same door for
every method, at a tenth of the cost a call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, nullcontext
from typing import Final, NoReturn, TypeVar

import grpc
import psycopg
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2

from ledger.access.caller import Caller
from ledger.batch_writer import WriterStopped
from ledger.domain.passing import Passing
from ledger.domain.refusals import Reason, Refusal
from ledger.grpc.gate import Entered, Gate, MethodGuard
from ledger.grpc.room import Room
from ledger.grpc.status import Context, abort, broken_status, overdue_status, status_of
from ledger.grpc.validation import read_request
from ledger.metrics import CallEnds
from ledger.told_errors import new_incident

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Message)

LOOK_AGAIN_SECONDS: Final = 1.0
"""How often it is looked whether whoever has a stream open may still have it."""
ATTENDING: Final = "LiveSessionService/Attend"
"""One stream a device, tens of thousands at once: they have room of their own, are no client's few streams, and are
looked at less often; each of their messages is looked at as it comes."""
LOOK_AT_ATTENDING_SECONDS: Final = 30.0
EXPECTED: Final = (Refusal, TimeoutError, WriterStopped, psycopg.OperationalError, psycopg.InterfaceError)
"""What may go wrong without anything being broken: a broken rule, a passed deadline, a database that is away."""


class Call(Passing, frozen=True):
    """What a method may know of a call beside its request."""

    method: str
    """The method's own name, such as CheckIn."""
    caller: Caller
    remaining: Callable[[], float | None]
    """Seconds until the deadline; None without one."""

    @property
    def client(self) -> str:
        """The system that calls; request ids are its own."""
        return self.caller.client

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.caller.actor

    @property
    def seconds_left(self) -> float | None:
        """Until the caller's deadline; None without one."""
        return self.remaining()


def handlers(
    service: object, descriptor: ServiceDescriptor, gate: Gate, room: Room, attending: Room
) -> grpc.GenericRpcHandler:
    """All methods of `descriptor`, each answered by the method of that name of `service`.

    `attending`: the room of `ATTENDING`, apart from everybody's.

    Raises:
        AttributeError: `service` lacks a method that its proto promises.
        KeyError: the table of permissions lacks one.
    """
    by_name = {
        method.name: _handler(service, method, gate, attending if _is_attending(method) else room)
        for method in descriptor.methods
    }
    return grpc.method_handlers_generic_handler(descriptor.full_name, by_name)


def _is_attending(method: MethodDescriptor) -> bool:
    return f"{method.containing_service.name}/{method.name}" == ATTENDING


def _handler(
    service: object, method: MethodDescriptor, gate: Gate, room: Room
) -> grpc.RpcMethodHandler[bytes, Message]:
    answer = getattr(service, method.name)
    door = _Door(method, gate.guard(method))
    serialize = GetMessageClass(method.output_type).SerializeToString
    if method.client_streaming:
        return grpc.stream_stream_rpc_method_handler(room.for_stream(door.streams(answer), door.ends), None, serialize)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(room.for_stream(door.stream(answer), door.ends), None, serialize)
    return grpc.unary_unary_rpc_method_handler(room.for_unary(door.unary(answer), door.ends), None, serialize)


class _Door:
    """Of one method."""

    def __init__(self, method: MethodDescriptor, guard: MethodGuard) -> None:
        self._name = method.name
        self._kind = GetMessageClass(method.input_type)
        self._guard = guard
        self._attending = _is_attending(method)
        self._look_again_seconds = LOOK_AT_ATTENDING_SECONDS if self._attending else LOOK_AGAIN_SECONDS
        self.ends = CallEnds(guard.name)

    def unary(
        self, answer: Callable[[Message, Call], Awaitable[Message]]
    ) -> Callable[[bytes, Context], Awaitable[Message]]:
        guard, kind, ends = self._guard, self._kind, self.ends

        async def guarded(body: bytes, context: Context) -> Message:
            entered: Entered | None = None
            try:
                entered = guard.enter(context, len(body))
                request = read_request(kind, body)
                role = await guard.role_for(entered, request)
                message = await answer(request, self._call(entered, context))
                await guard.record(entered, role, request, message)
                ends.answered.inc()
                return message
            except EXPECTED as error:
                await self._refused(error, entered, context)
            except Exception as error:
                await abort(context, self._broken(error))
                raise

        return guarded

    def stream(
        self, answer: Callable[[Message, Call], AsyncGenerator[Message, None]]
    ) -> Callable[[bytes, Context], AsyncIterator[Message]]:
        guard, ends = self._guard, self.ends

        async def guarded(body: bytes, context: Context) -> AsyncIterator[Message]:
            entered: Entered | None = None
            try:
                entered = guard.enter(context, len(body))
                request = read_request(self._kind, body)
                role = await guard.role_for(entered, request)
                with guard.stream(entered):
                    await guard.record(entered, role, request)
                    async with aclosing(self._watched(answer(request, self._call(entered, context)), entered)) as told:
                        async for message in told:
                            await guard.record(entered, role, request, message)
                            yield message
                ends.answered.inc()
            except EXPECTED as error:
                await self._refused(error, entered, context)
            except Exception as error:
                await abort(context, self._broken(error))
                raise

        return guarded

    def streams(
        self, answer: Callable[[AsyncIterator[Message], Call], AsyncGenerator[Message, None]]
    ) -> Callable[[AsyncIterator[bytes], Context], AsyncIterator[Message]]:
        guard, ends = self._guard, self.ends

        async def guarded(bodies: AsyncIterator[bytes], context: Context) -> AsyncIterator[Message]:
            entered: Entered | None = None
            try:
                entered = guard.enter(context, 0)
                requests = self._requests(bodies, entered)
                watched = self._watched(answer(requests, self._call(entered, context)), entered)
                with nullcontext() if self._attending else guard.stream(entered):
                    async with aclosing(watched) as told:
                        async for message in told:
                            yield message
                ends.answered.inc()
            except EXPECTED as error:
                await self._refused(error, entered, context)
            except Exception as error:
                await abort(context, self._broken(error))
                raise

        return guarded

    async def _requests(self, bodies: AsyncIterator[bytes], entered: Entered) -> AsyncIterator[Message]:
        async for body in bodies:
            now = self._guard.next_message(entered, len(body))
            request = read_request(self._kind, body)
            await self._guard.role_for(now, request)
            yield request

    async def _watched(
        self, messages: AsyncGenerator[Message, None], entered: Entered
    ) -> AsyncGenerator[Message, None]:
        """The same messages; each leaves only while its caller may still have it, and a silent stream is ended too."""
        pending: asyncio.Future[Message] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(messages))
                done, _ = await asyncio.wait({pending}, timeout=self._look_again_seconds)
                self._guard.again(entered)
                if done:
                    try:
                        message = pending.result()
                    except StopAsyncIteration:
                        return
                    finally:
                        pending = None
                    yield message
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.gather(pending, return_exceptions=True)
            await messages.aclose()

    def _call(self, entered: Entered, context: Context) -> Call:
        return Call(self._name, entered.caller, context.time_remaining)

    def _broken(self, error: Exception) -> status_pb2.Status:
        """The cause stands in the log alone, beside the id that the caller is told."""
        self.ends.broken.inc()
        incident = new_incident()
        log.error("%s failed", self._guard.name, exc_info=error, extra={"incident": incident})
        return broken_status(incident)

    async def _refused(self, error: Exception, entered: Entered | None, context: Context) -> NoReturn:
        self.ends.refused.inc()
        if isinstance(error, Refusal):
            self._guard.tell_turned_away(entered, error)
        if entered is not None:
            await self._guard.alike(entered, error)
        await abort(context, _status_for(error))


def _status_for(error: Exception) -> status_pb2.Status:
    if isinstance(error, Refusal):
        return status_of(error)
    if isinstance(error, TimeoutError):
        return overdue_status()
    log.warning("not available: %s", type(error).__name__)
    return status_of(Refusal(Reason.UNAVAILABLE, {}))
