"""So many calls at once and no more: who comes then is told when to come back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from google.protobuf.message import Message

from ledger.domain.refusals import Reason, Refusal
from ledger.grpc.status import Context, abort, status_of
from ledger.metrics import CallEnds

Asked = TypeVar("Asked")

TURNED_AWAY_AT_ONCE: Final = 1_024
"""Calls that grpc lets in beyond, so that they can be told. Of a larger flood it refuses some, without details."""


class Room:
    """Of one process. For one event loop."""

    def __init__(self, calls_max: int) -> None:
        """`calls_max` calls may be under way."""
        self._calls_max = calls_max
        self._calls = 0
        self._full = status_of(Refusal(Reason.SERVER_BUSY, {}))

    def for_unary(
        self, guarded: Callable[[bytes, Context], Awaitable[Message]], ends: CallEnds
    ) -> Callable[[bytes, Context], Awaitable[Message]]:
        """The same method; where there is no room it ends with SERVER_BUSY before anything is looked at."""

        async def bounded(body: bytes, context: Context) -> Message:
            if self._calls >= self._calls_max:
                ends.refused.inc()
                await abort(context, self._full)
            self._calls += 1
            try:
                return await guarded(body, context)
            finally:
                self._calls -= 1

        return bounded

    def for_stream(
        self, guarded: Callable[[Asked, Context], AsyncIterator[Message]], ends: CallEnds
    ) -> Callable[[Asked, Context], AsyncIterator[Message]]:
        """The same for a method that answers with a stream, whatever it is asked by."""

        async def bounded(asked: Asked, context: Context) -> AsyncIterator[Message]:
            if self._calls >= self._calls_max:
                ends.refused.inc()
                await abort(context, self._full)
            self._calls += 1
            try:
                async for message in guarded(asked, context):
                    yield message
            finally:
                self._calls -= 1

        return bounded
