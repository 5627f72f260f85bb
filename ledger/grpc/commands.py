"""The way of every command: its key, the bytes its repetition is compared with, and the aggregate it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from ledger.application import Application
from ledger.batch import CommandResult
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.world import Command
from ledger.grpc.interceptor import Call
from ledger.grpc.values import id_for

S = TypeVar("S")


class CommandRequest(Protocol):
    """A request message of a command."""

    request_id: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...


class Commands:
    """Hands commands of one process to the application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def execute(self, call: Call, request: CommandRequest, command: Command) -> CommandResult:
        """Record what `command` asks for, once for the caller's request_id. Raises what the application raises."""
        return await self._application.execute(
            command,
            client=call.client,
            actor=call.actor,
            request_id=key_of(request),
            request_body=body_of(call.method, request),
        )

    async def execute_beside(self, call: Call, request: CommandRequest, command: Command, part: str) -> CommandResult:
        """A second command of one request, in another partition than the first: it stands once for `request_id/part`.

        Whoever lost the answer sends the request again: what is recorded already is found, what is not follows.
        """
        return await self._application.execute(
            command,
            client=call.client,
            actor=call.actor,
            request_id=f"{key_of(request)}/{part}",
            request_body=body_of(call.method, request),
        )

    async def answered_before(self, call: Call, request: CommandRequest) -> CommandResult | None:
        """What the same request was answered when it came first; None: go on to `execute`."""
        return await self._application.answered_before(
            client=call.client, request_id=key_of(request), request_body=body_of(call.method, request)
        )

    async def page_answered_before(
        self, call: Call, request: CommandRequest, items: Sequence[Message]
    ) -> dict[int, CommandResult | Refusal]:
        """What items of the same page were answered when it came first, by their number."""
        bodies = [body_of(call.method, item) for item in items]
        return await self._application.page_answered_before(bodies, client=call.client, request_id=key_of(request))

    async def execute_page(
        self,
        call: Call,
        request: CommandRequest,
        commands: Sequence[tuple[Command, Message]],
        numbers: Sequence[int] | None = None,
    ) -> list[CommandResult | Refusal]:
        """Record a page of independent commands, each compared by its own item. One outcome an item.

        `numbers`: which items of the page they are; None: all of them.
        """
        prefix = _prefix(call.method)
        bodies = [(command, prefix + item.SerializeToString(deterministic=True)) for command, item in commands]
        return await self._application.execute_page(
            bodies, client=call.client, actor=call.actor, request_id=key_of(request), items=numbers
        )


def key_of(request: CommandRequest) -> str:
    """The request's id in the one form it is compared in: a UUID means the same in small and capital letters."""
    return request.request_id.lower()


def body_of(method: str, message: Message | CommandRequest) -> bytes:
    """What a repetition must equal: the method and every field. Unknown fields were refused before."""
    return _prefix(method) + message.SerializeToString(deterministic=True)


def _prefix(method: str) -> bytes:
    return method.encode() + b"\n"


def new_id(call: Call, request: CommandRequest, part: str = "") -> str:
    """The id of what this request, or a part of it, makes, when the caller chose none."""
    return id_for(call.client, f"{key_of(request)}{part}")


def state_after(result: CommandResult, kind: type[S]) -> S:
    """The aggregate right after a command. Raises InvariantBroken if it is of another kind."""
    state = result.state  # read once: it may be folded on the way out
    if not isinstance(state, kind):
        raise InvariantBroken(f"a command on a {kind.__name__} ended in {type(state).__name__}")
    return state
