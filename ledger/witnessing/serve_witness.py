"""A witness at work: one process, one folder, one address."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Final

import uvloop

from ledger.web.http_server import HttpServer
from ledger.witnessing.watched_logs import WatchedLogs
from ledger.witnessing.witness_folder import WitnessStopped
from ledger.witnessing.witness_memory import WitnessMemory
from ledger.witnessing.witness_pages import WitnessPages

CONNECTIONS_MAX: Final = 64
"""A few logs send a few requests a second; each may hold a megabyte while it is read."""
GRACE_SECONDS: Final = 10.0


def run(folder: Path, logs: WatchedLogs, *, key_name: str | None, address: str) -> None:
    """Witness until SIGTERM or SIGINT. What others need is printed when the address is taken.

    Raises:
        WrongSetting: folder, keys, address or logs are not what they should be.
        FolderInUse: another process holds the folder.
        WitnessStopped: the memory is not what it was; nothing is cosigned any more.
    """
    memory = WitnessMemory(folder, logs)
    try:
        memory.open(key_name)
        uvloop.run(_serve(memory, address))
    finally:
        memory.close()


async def _serve(memory: WitnessMemory, address: str) -> None:
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _end, stopped, None)
    pages = WitnessPages(memory, on_stopped=lambda why: _end(stopped, why))
    server = HttpServer(
        address,
        pages.application(),
        GRACE_SECONDS,
        named="LEDGER_WITNESS_ADDRESS",
        connections_max=CONNECTIONS_MAX,
    )
    bound = server.bind()
    server.start()
    for key in memory.keys.verifier_keys:
        print(key.line())
    print(f"witnessing on http://{bound}: {', '.join(memory.origins)}", flush=True)
    try:
        await stopped
    finally:
        await server.stop()


def _end(stopped: asyncio.Future[None], why: WitnessStopped | None) -> None:
    if stopped.done():
        return
    if why is None:
        stopped.set_result(None)
    else:
        stopped.set_exception(why)
