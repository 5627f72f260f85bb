"""A client of one or two server processes: it sends a command again, to the other one, under the same request_id."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

import grpc
from google.rpc import error_details_pb2, status_pb2

from tests.faults.history import NEVER_KNOWN, Operation
from tests.system.acting import acting_as
from volunteer_hours.v1 import participation_service_pb2 as participation

_OPTIONS: Final = (
    # A client that waited longer and longer for a server that was killed would hardly meet the next fault.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
)
PAGE_METHOD: Final = "ParticipationService/RecordAttendances"


class Caller:
    """Channels to all server processes. Requests and answers stay bytes: first answers are compared by them."""

    def __init__(self, addresses: list[str], *, client: str, deadline_seconds: float = 4.0) -> None:
        self.client = client
        self.deadline_seconds = deadline_seconds
        self.broken: list[str] = []
        """Answers that say the service failed inside: no fault from outside excuses one."""
        self._channels = [grpc.aio.insecure_channel(address, options=_OPTIONS) for address in addresses]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(channel.close() for channel in self._channels))

    @property
    def servers(self) -> int:
        """How many processes there are to ask."""
        return len(self._channels)

    async def ask(
        self,
        method: str,
        body: bytes,
        *,
        actor: str = "staff/coordinator",
        server: int = 0,
        seconds: float = 0.0,
        ready: bool = False,
    ) -> bytes:
        """One call to one process; `ready`: one that still starts is waited for. Raises grpc.aio.AioRpcError."""
        channel = self._channels[server % self.servers]
        path = f"/volunteer_hours.v1.{method}"
        metadata = acting_as(actor, client=self.client)
        timeout = seconds or self.deadline_seconds
        if method != PAGE_METHOD:
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
            return await call(body, metadata=metadata, timeout=timeout, wait_for_ready=ready)
        pages: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(path)
        stream = pages(metadata=metadata, timeout=timeout)
        await stream.write(body)
        await stream.done_writing()
        answer = await stream.read()
        if not isinstance(answer, bytes):  # the stream ended without one: its status says why
            raise _ended(await stream.code(), await stream.details(), await stream.trailing_metadata())
        return answer

    async def send(self, operation: Operation, *, tries: int = 4, server: int = 0) -> Operation:
        """Send one command until it is answered, at most `tries` times, each time to the next process."""
        for turn in range(tries):
            try:
                answer = await self.ask(operation.method, operation.body, actor=operation.actor, server=server + turn)
            except grpc.aio.AioRpcError as error:
                if not self._is_refusal(error):
                    await asyncio.sleep(0.1)
                    continue
                operation.ended("refused", reason=reason_of(error))
            else:
                operation.ended("ok", answer=answer)
            return operation
        return operation

    async def send_page(self, request_id: str, items: list[Operation], *, tries: int = 4, server: int = 0) -> None:
        """Send a page until it is answered; each item has an outcome of its own."""
        page = participation.RecordAttendancesRequest(request_id=request_id)
        for item in items:
            page.attendances.add().ParseFromString(item.body)
        for turn in range(tries):
            try:
                answer = await self.ask(
                    PAGE_METHOD, page.SerializeToString(), actor=items[0].actor, server=server + turn
                )
            except grpc.aio.AioRpcError as error:
                if self._is_refusal(error):
                    self.broken.append(f"a whole page was refused: {error.details()}")
                    return
                await asyncio.sleep(0.1)
                continue
            outcomes = participation.RecordAttendancesResponse.FromString(answer).outcomes
            assert len(outcomes) == len(items)
            for item, outcome in zip(items, outcomes, strict=True):
                _end_item(item, outcome)
            return

    def _is_refusal(self, error: grpc.aio.AioRpcError) -> bool:
        reason = reason_of(error)
        if reason == "INTERNAL" or (error.code() is grpc.StatusCode.UNKNOWN and not reason):
            self.broken.append(f"{error.code()} {error.details()}")
        return error.code() not in NEVER_KNOWN


def _end_item(item: Operation, outcome: participation.AttendanceOutcome) -> None:
    if outcome.HasField("recorded"):
        item.ended("ok", answer=outcome.recorded.SerializeToString(deterministic=True))
    elif outcome.refusal.code in {code.value[0] for code in NEVER_KNOWN}:
        item.ended("unknown")
    else:
        item.ended("refused", reason=_reason(outcome.refusal))


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The stable reason of a refusal, such as SHIFT_FULL; empty when the error is not the service's own."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return _reason(status_pb2.Status.FromString(value))
    return ""


def _reason(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    return next((info.reason for detail in status.details if detail.Unpack(info)), "")


def _ended(code: grpc.StatusCode, details: str | None, trailing: grpc.aio.Metadata | None) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing or grpc.aio.Metadata(), details=details)
