"""The HTTP server of one process, in the event loop of `serve`: bound first, drained last."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ledger.settings import WrongSetting
from ledger.tls_files import TlsFiles

CONNECTIONS_MAX: Final = 512
"""More are told to come again: pages must not take the process from those who record hours."""
FOR_BROWSERS: Final = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
"""With every answer."""
POLICY: Final = "Content-Security-Policy"
POLICY_OF_PROGRAMS: Final = "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""Most pages are for programs, and a browser that meets one shows text and does nothing. Those for people bring a
policy of their own: of two a browser obeys both."""
OVER_TLS: Final = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
"""A browser that was here once never asks in plain text again (RFC 6797)."""
HEAD_SECONDS_MAX: Final = 10.0
"""For the head of a request: connections that stay silent would else use all of them up."""
_PORT_MAX: Final = 65_535


class HttpServer:
    """Serves one application on one address."""

    def __init__(
        self,
        address: str,
        application: Starlette,
        grace_seconds: float,
        *,
        named: str = "LEDGER_HTTP_ADDRESS",
        connections_max: int = CONNECTIONS_MAX,
        tls: TlsFiles | None = None,
    ) -> None:
        """`grace_seconds`: what a request under way is given when the server stops. Nothing is bound yet.

        `named` is the setting that the address came from, for messages; with `tls` it speaks HTTPS alone.
        """
        self._address = address
        self._named = named
        self._socket: socket.socket | None = None
        self._running: asyncio.Task[None] | None = None
        self._server = _ServerWithoutSignals(
            uvicorn.Config(
                _WithPolicy(application),
                http=_HeadsInTime,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                headers=[*FOR_BROWSERS, *(() if tls is None else (OVER_TLS,))],
                limit_concurrency=connections_max,
                timeout_graceful_shutdown=math.ceil(grace_seconds),
                ssl_context_factory=None if tls is None else lambda _config, _default: tls.context(),
            )
        )

    def bind(self) -> str:
        """Take the address, so that a taken one is known before commands are; gives the bound host:port.

        Raises WrongSetting if it is taken, not ours, or no address.
        """
        host, _, port = self._address.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()) or int(port) > _PORT_MAX:
            raise WrongSetting(f"{self._named} must be host:port, not {self._address!r}")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host.strip("[]"), int(port)), family=family)
        except OSError as error:
            raise WrongSetting(
                f"{self._named} {self._address} cannot be listened on; give a free one ({error.strerror})"
            ) from error
        self._socket.setblocking(False)
        return f"{host}:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Answer. `bind` came before; who connected in between is answered now."""
        if self._socket is None:
            raise RuntimeError("bind the address first")
        self._running = asyncio.create_task(self._server.serve([self._socket]), name="http")

    async def stop(self) -> None:
        """Take no new requests and finish those under way."""
        if self._running is not None:
            self._server.should_exit = True
            await self._running
        if self._socket is not None:
            self._socket.close()


class _WithPolicy:
    """Gives every answer that has none the policy of pages for programs."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(POLICY, POLICY_OF_PROGRAMS)
            await send(message)

        await self._application(scope, receive, send_with_policy)


class _ServerWithoutSignals(uvicorn.Server):
    """`serve` has handlers of its own for signals: gRPC and HTTP end in order, not each by itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _HeadsInTime(H11Protocol):
    """Ends a connection on which no whole head of a request comes in time: uvicorn itself would wait for ever."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """To what is no HTTP; uvicorn itself would answer it without the headers of all other answers."""
        headers = [
            *self.server_state.default_headers,
            (POLICY.lower().encode("ascii"), POLICY_OF_PROGRAMS.encode("ascii")),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"connection", b"close"),
        ]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + msg.encode("ascii"))
        self.transport.close()

    def _await_head(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS_MAX, self._end_silence)

    def _end_silence(self) -> None:
        self.transport.close()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
