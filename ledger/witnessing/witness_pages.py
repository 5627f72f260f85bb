"""A witness over HTTP (C2SP tlog-witness v1.0.0): cosigning for logs, what was cosigned last for everybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ledger.told_errors import told
from ledger.transparency.witness_protocol import (
    REQUEST_BYTES_MAX,
    SIZE_CONTENT_TYPE,
    Status,
    monitoring_path,
    size_body,
)
from ledger.web.plain_answers import NO_PAGE, guarded, line
from ledger.witnessing import figures
from ledger.witnessing.witness_folder import WitnessStopped
from ledger.witnessing.witness_memory import Answer, WitnessMemory

BODY_SECONDS_MAX: Final = 10.0
"""For a whole request: a log sends a few kB."""

_NO_STORE: Final = {"Cache-Control": "no-store"}
_GIVE_UP: Final = {"Connection": "close"}

_log = logging.getLogger(__name__)


class RequestTooLong(Exception):
    """More than a request of this protocol can have."""


class WitnessPages:
    """What a witness answers."""

    def __init__(self, memory: WitnessMemory, on_stopped: Callable[[WitnessStopped], None]) -> None:
        """`on_stopped` is told when the memory is not what it was: nothing is cosigned from then on."""
        self._memory = memory
        self._on_stopped = on_stopped
        self._by_path = {monitoring_path(origin): origin for origin in memory.origins}
        for origin in memory.origins:
            figures.COSIGNED_SIZE.labels(origin).set(memory.last(origin).head.size)

    def application(self) -> Starlette:
        """All pages."""
        routes = [
            Route("/add-checkpoint", guarded("add-checkpoint", self._add_checkpoint), methods=["POST"]),
            Route("/health", guarded("health", self._health), methods=["GET"]),
            Route("/metrics", guarded("metrics", self._metrics), methods=["GET"]),
            Route("/{log}/checkpoint", guarded("checkpoint", self._checkpoint), methods=["GET"]),
        ]
        application = Starlette(routes=routes, exception_handlers={HTTPException: _no_such_page})
        application.router.redirect_slashes = False
        return application

    async def _add_checkpoint(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await _read(request)
        except RequestTooLong:
            return line(413, f"a request has at most {REQUEST_BYTES_MAX} bytes", _GIVE_UP)
        except TimeoutError:
            return line(408, f"send a request within {BODY_SECONDS_MAX:.0f} seconds", _GIVE_UP)
        except ClientDisconnect:
            return line(400, "the request ended in the middle", _GIVE_UP)
        try:
            answer = await asyncio.to_thread(self._memory.add_checkpoint, body)
        except OSError as failed:
            _log.error("nothing is cosigned, the checkpoint could not be stored: %s", told(failed))
            return line(503, "the witness cannot store checkpoints just now; ask again", {"Retry-After": "10"})
        except WitnessStopped as stopped:
            return self._stopped(stopped)
        return self._told(answer)

    def _stopped(self, why: WitnessStopped) -> Response:
        self._on_stopped(why)
        return line(503, "this witness cosigns nothing until its operator has looked")

    def _told(self, answer: Answer) -> Response:
        status = answer.decision.status
        figures.ANSWERS.labels(answer.origin, int(status)).inc()
        if answer.origin:
            figures.COSIGNED_SIZE.labels(answer.origin).set(answer.size)
        if status is Status.COSIGNED:
            return PlainTextResponse("".join(one.line() for one in answer.lines), headers=_NO_STORE)
        if status is Status.OTHER_SIZE:
            return Response(size_body(answer.size), status, {"Content-Type": SIZE_CONTENT_TYPE, **_NO_STORE})
        return line(status, answer.decision.reason)

    async def _checkpoint(self, request: Request) -> Response:
        origin = self._by_path.get(f"{request.path_params['log']}/checkpoint")
        if origin is None:
            return line(404, NO_PAGE)
        try:
            last = self._memory.last(origin)
        except WitnessStopped as stopped:
            return self._stopped(stopped)
        if last.head.size == 0:
            return line(404, f"of {origin} nothing was cosigned yet")
        return PlainTextResponse(last.note, headers=_NO_STORE)

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse(f"watching {len(self._by_path)} logs\n", headers=_NO_STORE)

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(figures.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST, **_NO_STORE})


async def _read(request: Request) -> bytes:
    """The body. Raises RequestTooLong as soon as it must be, also before it comes."""
    declared = request.headers.get("content-length", "0")
    if len(declared) > len(str(REQUEST_BYTES_MAX)) or int(declared) > REQUEST_BYTES_MAX:
        raise RequestTooLong
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > REQUEST_BYTES_MAX:
            raise RequestTooLong
    return bytes(body)


async def _no_such_page(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return line(405, "not by this method", dict(error.headers or {}))
    return line(404, NO_PAGE)
