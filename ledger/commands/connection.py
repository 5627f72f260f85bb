"""How a command reaches the service, and how it tells a person what the service refused."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import grpc
from google.rpc import error_details_pb2, status_pb2

from ledger.commands.credentials import Credentials
from ledger.patient_client import reason_of, status_of

CLIENT: Final = "hours-ledger"
"""The client name in every request key. Changing it would make a repeated import record everything twice."""
PURPOSE: Final = "LEDGER_PURPOSE"
"""For what is asked: a government reader names one of the purposes that its client is registered for."""
_MESSAGE_BYTES_MAX: Final = 64 * 1024 * 1024
_OPTIONS: Final = [
    ("grpc.max_receive_message_length", _MESSAGE_BYTES_MAX),
    ("grpc.keepalive_time_ms", 60_000),
]


class CommandFailed(Exception):
    """A command could not do what was asked; the message is for the person who typed it. Exit code 1."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where the service is, who asks, and in which language refusals are told."""

    address: str
    actor: str
    language: str = "en"
    credentials: Credentials = field(default_factory=Credentials)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries: the token, where there is one, says who acts. Raises CredentialsMissing."""
        purpose = os.environ.get(PURPOSE)
        named = (("x-purpose", purpose),) if purpose else ()
        token = self.credentials.token_for(self.actor)
        return (("authorization", f"Bearer {token}"), *named) if token else named

    def acting_as(self, actor: str) -> Caller:
        """The same caller for another actor, such as a verifier. Raises CredentialsMissing where it cannot be."""
        self.credentials.token_as(actor)
        return replace(self, actor=actor)


@contextmanager
def connected(caller: Caller) -> Iterator[grpc.Channel]:
    """A channel to the service. Raises CommandFailed with the service's words when a call within fails."""
    with _channel(caller) as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            raise CommandFailed(explain(error, caller)) from error


@asynccontextmanager
async def connected_async(caller: Caller) -> AsyncIterator[grpc.aio.Channel]:
    """The same for many calls at once."""
    tls, address = caller.credentials.channel, caller.address
    made = grpc.aio.secure_channel(address, tls, _OPTIONS) if tls else grpc.aio.insecure_channel(address, _OPTIONS)
    async with made as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            raise CommandFailed(explain(error, caller)) from error


def _channel(caller: Caller) -> grpc.Channel:
    tls = caller.credentials.channel
    if tls is None:
        return grpc.insecure_channel(caller.address, _OPTIONS)
    return grpc.secure_channel(caller.address, tls, _OPTIONS)


def explain(error: grpc.RpcError, caller: Caller) -> str:
    """What went wrong, in words: the refusal's reason and text, the wrong fields, or how to reach the service."""
    if not isinstance(error, (grpc.Call, grpc.aio.AioRpcError)):
        return f"the call to {caller.address} failed: {error}"
    status = status_of(error)
    if status is None:
        return _without_details(error, caller)
    return explain_status(status, caller.language)


def explain_status(status: status_pb2.Status, language: str) -> str:
    """A status with details in words: `REASON: text`, then a line for each wrong field."""
    reason = reason_of(status)
    text = status.message
    fields: list[str] = []
    for detail in status.details:
        localized = error_details_pb2.LocalizedMessage()
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(localized):
            if localized.locale.partition("-")[0] == language:
                text = localized.message
        elif detail.Unpack(bad_request):
            fields += [f"  {violation.field}: {violation.description}" for violation in bad_request.field_violations]
    first_line = text if not reason or text.startswith(reason) else f"{reason}: {text}"
    return "\n".join([first_line, *fields])


def is_retryable(error: grpc.RpcError) -> bool:
    """Whether the same request, with the same request_id, may simply be sent again."""
    return isinstance(error, (grpc.Call, grpc.aio.AioRpcError)) and error.code() in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    )


def _without_details(error: grpc.Call | grpc.aio.AioRpcError, caller: Caller) -> str:
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return (
            f"no service answers at {caller.address}: {error.details()}\n"
            "start one with `hours-ledger serve --embedded`, or name another with --address"
        )
    return f"{error.code().name}: {error.details()}"
