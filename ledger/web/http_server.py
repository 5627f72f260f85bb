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

from ledger.settings import WrongSetting

CONNECTIONS_MAX: Final = 512
"""More are told to come again: pages must not take the process from those who record hours."""
_PORT_MAX: Final = 65_535


class HttpServer:
    """Serves one application on one address."""

    def __init__(self, address: str, application: Starlette, grace_seconds: float) -> None:
        """`grace_seconds`: what a request under way is given when the server stops. Nothing is bound yet."""
        self._address = address
        self._socket: socket.socket | None = None
        self._running: asyncio.Task[None] | None = None
        self._server = _ServerWithoutSignals(
            uvicorn.Config(
                application,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_graceful_shutdown=math.ceil(grace_seconds),
            )
        )

    def bind(self) -> str:
        """Take the address, so that a taken one is known before commands are; gives the bound host:port.

        Raises WrongSetting if it is taken, not ours, or no address.
        """
        host, _, port = self._address.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()) or int(port) > _PORT_MAX:
            raise WrongSetting(f"LEDGER_HTTP_ADDRESS must be host:port, not {self._address!r}")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host.strip("[]"), int(port)), family=family)
        except OSError as error:
            raise WrongSetting(
                f"LEDGER_HTTP_ADDRESS {self._address} cannot be listened on; give a free one ({error.strerror})"
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


class _ServerWithoutSignals(uvicorn.Server):
    """`serve` has handlers of its own for signals: gRPC and HTTP end in order, not each by itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
