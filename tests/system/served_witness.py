"""Witnesses that answer real HTTP out of folders of their own, in this process: they start and stop in no time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from ledger.web.http_server import HttpServer
from ledger.witnessing.watched_logs import read_watched_logs
from ledger.witnessing.witness_folder import WitnessStopped, keys_in, open_folder
from ledger.witnessing.witness_keys import WitnessKeys
from ledger.witnessing.witness_memory import WitnessMemory
from ledger.witnessing.witness_pages import WitnessPages


class ServedWitness:
    """One witness. Its keys are there from the beginning; it answers between `start` and `stop`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.address = "127.0.0.1:0"
        open_folder(folder)
        self.keys: WitnessKeys = keys_in(folder, name)
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread: threading.Thread | None = None
        self.bind()

    def bind(self) -> None:
        """Take an address for good: it stays its own while it is down."""
        holder = HttpServer(self.address, WitnessPages(WitnessMemory(self.folder, {}), _fail).application(), 1.0)
        self.address = holder.bind()
        asyncio.run(holder.stop())

    @property
    def setting(self) -> str:
        """Its part of LEDGER_WITNESSES."""
        return f"http://{self.address} {' '.join(key.line() for key in self.keys.verifier_keys)}"

    def start(self, vkeys: Sequence[str]) -> None:
        """Watch the logs of these keys."""
        file = self.folder.with_suffix(".vkeys")
        file.write_text("\n".join(vkeys), "utf-8")
        memory, ready = WitnessMemory(self.folder, read_watched_logs([file])), threading.Event()
        memory.open(None)

        async def answer() -> None:
            self._end = asyncio.Event()
            server = HttpServer(self.address, WitnessPages(memory, _fail).application(), 1.0)
            server.bind()
            server.start()
            ready.set()
            await self._end.wait()
            await server.stop()

        def run() -> None:
            try:
                self._loop.run_until_complete(answer())
            finally:
                memory.close()

        self._thread = threading.Thread(target=run, name=self.name)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        """Be away."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(10)
            self._thread = None


def _fail(stopped: WitnessStopped) -> None:
    raise AssertionError(stopped)
