"""Calls that this process makes for somebody who showed who they are otherwise than over gRPC: pages for people.

They pass the same gate as every call, in the same order: caller, quota, role, form, scope, and the record of who
looked before the answer is told. Nothing is decided here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from ledger.access.door import Proof
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.grpc.gate import Entered, Gate, MethodGuard
from ledger.grpc.interceptor import EXPECTED, Call
from ledger.grpc.validation import read_request
from ledger.metrics import CallEnds

log = logging.getLogger(__name__)

SECONDS_MAX: Final = 10.0
"""The deadline of a call: a person waits no longer for a page."""

M = TypeVar("M", bound=Message)
Answering = Callable[[Message, Call], Awaitable[Message]]


class OwnCalls:
    """The unary methods of all services, to be called in this process. Safe to share between requests."""

    def __init__(self, services: Iterable[tuple[object, ServiceDescriptor]], gate: Gate) -> None:
        self._doors: dict[str, _OwnDoor] = {}
        for service, descriptor in services:
            for method in descriptor.methods:
                if not (method.client_streaming or method.server_streaming):
                    door = _OwnDoor(method, gate.guard(method), getattr(service, method.name))
                    self._doors[door.name] = door

    async def ask(self, method: str, request: Message, answer: type[M], proof: Proof) -> M:
        """Call `Service/Method` for whoever showed `proof`.

        Refuses whatever the method and its gate refuse; UNAVAILABLE too where the answer is late or a database away.
        Raises InvariantBroken for a request or an answer of another type than the method's.
        """
        told = await self._doors[method].ask(request, proof)
        if not isinstance(told, answer):
            raise InvariantBroken(f"{method} does not answer with {answer.__name__}")
        return told


class _OwnDoor:
    """Of one method."""

    def __init__(self, method: MethodDescriptor, guard: MethodGuard, answer: Answering) -> None:
        self.name = guard.name
        self._short_name = method.name
        self._kind = GetMessageClass(method.input_type)
        self._guard = guard
        self._answer = answer
        self._ends = CallEnds(guard.name)

    async def ask(self, request: Message, proof: Proof) -> Message:
        if not isinstance(request, self._kind):
            raise InvariantBroken(f"{self.name} does not take {type(request).__name__}")
        entered: Entered | None = None
        try:
            # As bytes, like every request from outside: the rules of its proto are looked at when it is read.
            body = request.SerializeToString()
            entered = self._guard.let_in(proof, len(body))
            answered = await self._through(entered, body)
        except EXPECTED as error:
            raise await self._refused(error, entered) from error
        except Exception:
            self._ends.broken.inc()
            raise
        self._ends.answered.inc()
        return answered

    async def _through(self, entered: Entered, body: bytes) -> Message:
        asked = read_request(self._kind, body)
        role = await self._guard.role_for(entered, asked)
        deadline = time.monotonic() + SECONDS_MAX
        call = Call(self._short_name, entered.caller, lambda: deadline - time.monotonic())
        answered = await self._answer(asked, call)
        await self._guard.record(entered, role, asked, answered)
        return answered

    async def _refused(self, error: Exception, entered: Entered | None) -> Refusal:
        self._ends.refused.inc()
        if isinstance(error, Refusal):
            self._guard.tell_turned_away(entered, error)
        if entered is not None:
            await self._guard.alike(entered, error)
        if isinstance(error, Refusal):
            return error
        log.warning("%s is not available: %s", self.name, type(error).__name__)
        return Refusal(Reason.UNAVAILABLE, {})
