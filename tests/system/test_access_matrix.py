"""Every method × everybody who may call × their own, another tenant's and an absent object: all decided, none wrongly.

Requests are made from the services' descriptors. What is let through is compared with `access_matrix.txt`, which is
written and read by people: a method without a line there fails, and so does a cell that changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.rpc import error_details_pb2, status_pb2
from joserfc.jwk import ECKey

from ledger.access.local_issuer import LocalIssuer
from ledger.grpc.server import SERVICES
from tests.system.acting import acting_as, channel_to, issuer_folder
from tests.system.sample_requests import sample
from tests.system.served_ledger import served_ledger
from tests.system.two_tenants import OBJECTS, Caller, build, callers

PINNED = Path(__file__).with_name("access_matrix.txt")
METHODS = [method for service in SERVICES for method in service.methods]
DENIED = ("UNAUTHENTICATED", "PERMISSION_DENIED", "PURPOSE_NEEDED", "NOT_FOUND")
NEVER = ("INTERNAL", "INVALID_ARGUMENT", "UNKNOWN_FIELDS")
"""A request that is not well formed would say nothing about who may send it."""
NEVER_CODES = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED)
NAMED_FIRST = ("persons", "offers")
IN_FLIGHT = 48


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: grpc.StatusCode
    reason: str = ""
    text: str = ""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served_ledger() as served, channel_to(served) as channel:
        build(channel)
        time.sleep(1.5)  # until projections and appointments are known everywhere
        yield served


def name_of(method: MethodDescriptor) -> str:
    return f"{method.containing_service.name}/{method.name}"


async def call(channel: grpc.aio.Channel, method: MethodDescriptor, body: bytes, caller: Caller) -> Ended:
    """The end of a call; of a stream what its first message tells."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    try:
        if method.client_streaming:
            pages: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(path)
            stream = pages(metadata=caller.metadata, timeout=30)
            over = asyncio.ensure_future(stream.code())
            # A call that was ended at once takes no message any more: grpc would then hide how it ended.
            if not (await asyncio.wait({over}, timeout=0.5))[0]:
                await stream.write(body)
                await stream.done_writing()
                await stream.read()
            return await _ended(stream)
        if method.server_streaming:
            replies: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
            watched = replies(body, metadata=caller.metadata, timeout=30)
            await watched.read()
            watched.cancel()
            return Ended(grpc.StatusCode.OK)
        reply: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        await reply(body, metadata=caller.metadata, timeout=30)
    except grpc.aio.AioRpcError as error:
        return of_error(error.code(), error.details(), error.trailing_metadata())
    return Ended(grpc.StatusCode.OK)


async def _ended(stream: grpc.aio.StreamStreamCall[bytes, bytes]) -> Ended:
    return of_error(await stream.code(), await stream.details(), await stream.trailing_metadata())


def of_error(code: grpc.StatusCode, details: str | None, trailing: grpc.aio.Metadata | None) -> Ended:
    reason = ""
    for key, value in trailing or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    reason = info.reason
    return Ended(code, reason, details or "")


Cells = Mapping[tuple[str, str, str, str], Ended]
"""(method, caller, what is named first, object) → how the call ended."""


async def every_cell(address: str, who: list[Caller], objects: tuple[str, ...] = OBJECTS) -> Cells:
    """All of them, many at once."""
    found: dict[tuple[str, str, str, str], Ended] = {}
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(channel: grpc.aio.Channel, method: MethodDescriptor, caller: Caller, first: str, which: str) -> None:
        async with places:
            body = sample(method, which, first).SerializeToString()
            found[name_of(method), caller.name, first, which] = await call(channel, method, body, caller)

    async with grpc.aio.insecure_channel(address) as channel:
        await asyncio.gather(
            *(
                one(channel, method, caller, first, which)
                for method in METHODS
                for caller in who
                for first in NAMED_FIRST
                for which in objects
            )
        )
    return found


def cell(found: Cells, method: str, caller: str) -> str:
    """`all`, `own` or `-`: on which objects the caller may, of persons or of what is offered."""
    let = tuple(
        which for which in OBJECTS if any(not is_denied(found[method, caller, first, which]) for first in NAMED_FIRST)
    )
    return {("own", "other", "absent"): "all", ("own", "other"): "all", ("own",): "own", (): "-"}[let]


def is_denied(ended: Ended) -> bool:
    return ended.reason in DENIED


def pinned() -> dict[str, list[str]]:
    lines = [line.split() for line in PINNED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return {line[0]: line[1:] for line in lines}


def test_every_cell_is_decided_as_people_wrote_it_down(address: str):
    who = callers()
    found = asyncio.run(every_cell(address, who))
    assert len(found) == len(METHODS) * len(who) * len(OBJECTS) * len(NAMED_FIRST)
    assert not {key: ended for key, ended in found.items() if ended.reason in NEVER or ended.code in NEVER_CODES}
    measured = {name_of(method): [cell(found, name_of(method), caller.name) for caller in who] for method in METHODS}
    if measured != pinned():
        told = "\n".join(f"{name:45} {' '.join(cells)}" for name, cells in measured.items())
        pytest.fail(f"the matrix is not what {PINNED.name} says:\n{told}")


def expired() -> tuple[tuple[str, str], ...]:
    """A token that was good, long enough ago that no leeway saves it."""
    with mock.patch("ledger.access.local_issuer.time.time", return_value=time.time() - 7_200):
        return (("authorization", f"Bearer {LocalIssuer.made_in(issuer_folder()).mint('staff/x', 'apps')}"),)


def test_whoever_is_not_known_learns_nothing(address: str):
    """No token, headers of a proxy, an expired or foreign token, an unregistered or revoked client's: one end."""
    who = [
        Caller("nobody", ()),
        Caller("says so", tuple((key, "staff/x") for key in ("x-actor", "x-user-id", "x-forwarded-user", "x-real-ip"))),
        Caller("foreign", (("authorization", f"Bearer {LocalIssuer(ECKey.generate_key('P-256')).mint('staff/x')}"),)),
        Caller("unregistered", acting_as("staff/x", client="unregistered")),
        Caller("revoked", acting_as("staff/x", client="gone")),
        Caller("expired", expired()),
    ]
    found = asyncio.run(every_cell(address, who))
    for name in (caller.name for caller in who):
        ends = {ended for key, ended in found.items() if key[1] == name}
        assert len(ends) == 1, (name, ends)
        assert {ended.reason for ended in ends} == {"UNAUTHENTICATED"}


def test_what_is_absent_looks_like_what_is_anothers(address: str):
    who = [caller for caller in callers() if caller.name in ("coordinator", "verifier", "volunteer")]
    found = asyncio.run(every_cell(address, who))
    alike = 0
    for (method, caller, first, which), ended in found.items():
        if which != "other" or ended.code is not grpc.StatusCode.NOT_FOUND:
            continue
        absent = found[method, caller, first, "absent"]
        assert (ended.code, ended.reason) == (absent.code, absent.reason), (method, caller)
        assert ended.text.replace("other", "absent") == absent.text, (method, caller)
        alike += 1
    assert alike > 50
