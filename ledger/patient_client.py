"""What every client of the service needs: commands sent until they are answered, and refusals read from errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Final, TypeVar

import grpc
from google.rpc import error_details_pb2, status_pb2

CALL_SECONDS_MAX: Final = 60.0
TRIES_MAX: Final = 8
PAUSE_SECONDS_MAX: Final = 2.0
_LATER: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
"""Away, or asked too much: nothing is wrong with the request."""

Q = TypeVar("Q")
A = TypeVar("A")


async def send_patiently(
    method: grpc.aio.UnaryUnaryMultiCallable[Q, A], request: Q, metadata: tuple[tuple[str, str], ...]
) -> A:
    """Send a command until it is answered. Raises grpc.aio.AioRpcError when it is refused or nobody answers.

    Sending it again is harmless: its request_id makes the ledger give the first answer.
    """
    pause_seconds = 0.1
    for _ in range(TRIES_MAX - 1):
        try:
            return await method(request, metadata=metadata, timeout=CALL_SECONDS_MAX)
        except grpc.aio.AioRpcError as error:
            if error.code() not in _LATER:
                raise
            asked_seconds = retry_after_seconds(status_of(error))
        await asyncio.sleep(max(pause_seconds, min(PAUSE_SECONDS_MAX, asked_seconds)))
        pause_seconds = min(PAUSE_SECONDS_MAX, pause_seconds * 2)
    return await method(request, metadata=metadata, timeout=CALL_SECONDS_MAX)


def retry_after_seconds(status: status_pb2.Status | None) -> float:
    """How long the service asks to wait before the same is sent again; 0 when it does not say."""
    info = error_details_pb2.RetryInfo()
    for detail in () if status is None else status.details:
        if detail.Unpack(info):
            return info.retry_delay.ToMilliseconds() / 1_000
    return 0.0


async def all_of(work: Iterable[Awaitable[None]]) -> None:
    """Wait for all; the first that fails cancels the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(_awaited(one))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def status_of(error: grpc.RpcError) -> status_pb2.Status | None:
    """The google.rpc.Status a failed call came with; None when it came with a code and a text alone."""
    if isinstance(error, (grpc.Call, grpc.aio.AioRpcError)):
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin" and isinstance(value, bytes):
                return status_pb2.Status.FromString(value)
    return None


def reason_of(status: status_pb2.Status | None) -> str:
    """The refusal's stable reason, such as SHIFT_FULL; empty when the status names none."""
    info = error_details_pb2.ErrorInfo()
    for detail in () if status is None else status.details:
        if detail.Unpack(info):
            return info.reason
    return ""


async def _awaited(work: Awaitable[None]) -> None:
    await work
