"""The real processes of a ledger: `serve` (one or two), `relay` and `consume`, each a child killed by its id.

What ends is started again, as a supervisor would; only a process that stopped loudly (exit code 3) stays down and is
remembered: no fault from outside may lead to it.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ledger.child_process import ChildProcess
from ledger.process_end import STOPPED_LOUDLY
from ledger.settings import Settings
from tests.system.access_store import with_access_store
from tests.system.stored_history import settings_environment

PROJECT: Final = Path(__file__).parents[2]
READY_SECONDS_MAX: Final = 60.0
PAUSE_SECONDS: Final = 0.3
_READY: Final = re.compile(r"serving gRPC on (\S+)")


@dataclass(frozen=True)
class End:
    """One process that ended although nobody asked it to."""

    part: str
    exit_code: int | None


class RunningLedger:
    """All processes over databases and a topic that exist already (`stored_history.opened_ledger`)."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        *,
        servers: Sequence[Settings] | int = 1,
        relay: Settings | None = None,
        background: bool = True,
    ) -> None:
        """`servers`: how many, or one with settings of its own each; `background`: relay and consumer too."""
        self.settings = settings
        self.ends: list[End] = []
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        each = [settings] * servers if isinstance(servers, int) else list(servers)
        with_access_store(settings)
        self.servers = tuple(f"server-{number}" for number in range(len(each)))
        self._parts = {
            name: self._part(name, one, "serve", "--http-address", "127.0.0.1:0", "--grpc-address", "127.0.0.1:0")
            for name, one in zip(self.servers, each, strict=True)
        }
        if background:
            self._parts["relay"] = self._part("relay", relay or settings, "relay")
            self._parts["consumer"] = self._part("consumer", settings, "consume")
        self._starts: dict[str, int] = {}
        self._held: set[str] = set()
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._restart_what_ends, name="running-ledger", daemon=True)

    def __enter__(self) -> Self:
        try:
            for name in self._parts:
                self._start(name)
            for name in self.servers:
                # A later start listens on the port of the first one: clients know it.
                self._parts[name].command[-1] = self.wait_ready(name)
        except BaseException:
            self._kill_all()
            raise
        self._watch.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._watch.join()
        with self._lock:
            for part in self._parts.values():
                part.stop(deadline_seconds=30.0)
            self._kill_all()

    @property
    def addresses(self) -> list[str]:
        """host:port of each server."""
        return [self._parts[name].command[-1] for name in self.servers]

    def part(self, name: str) -> ChildProcess:
        """One process: `server-0`, `server-1`, `relay`, `consumer`."""
        return self._parts[name]

    def kill(self, name: str) -> bool:
        """kill -9 by process id, and keep it down; whether it was running and ended by it."""
        with self._lock:
            self._held.add(name)
            part = self._parts[name]
            return part.running and part.kill() == -9

    def stop(self, name: str) -> int | None:
        """Ask a process to end, and keep it down; its exit code."""
        with self._lock:
            self._held.add(name)
            return self._parts[name].stop()

    def bring_back(self, name: str) -> None:
        """Start a process that was held down, and watch over it again."""
        with self._lock:
            self._held.discard(name)
            if not self._parts[name].running:
                self._start(name)

    def wait_ready(self, name: str) -> str:
        """Wait until a server says where it serves; its address host:port."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            with self._lock:
                said = self._log_of_this_start(name)
                tail = self._parts[name].log_tail()
            if found := _READY.search(said):
                return found[1]
            assert self._watch.is_alive() or self._parts[name].running, tail
            time.sleep(0.05)
        raise AssertionError(f"{name} is not ready within {READY_SECONDS_MAX} s:\n{tail}")

    def stopped_loudly(self) -> list[End]:
        """Processes that saw two truths."""
        with self._lock:
            return [end for end in self.ends if end.exit_code == STOPPED_LOUDLY]

    def log_tails(self) -> str:
        """The ends of all logs, for an error message."""
        return "\n".join(f"--- {name}\n{part.log_tail(40)}" for name, part in self._parts.items())

    def _part(self, name: str, settings: Settings, *command: str) -> ChildProcess:
        return ChildProcess(
            name,
            [sys.executable, "-m", "ledger", *command],
            self._folder / f"{name}.log",
            environment=settings_environment(settings),
            working_directory=PROJECT,
        )

    def _start(self, name: str) -> None:
        log = self._parts[name].log_file
        self._starts[name] = log.stat().st_size if log.exists() else 0
        self._parts[name].start()

    def _log_of_this_start(self, name: str) -> str:
        log = self._parts[name].log_file
        return log.read_bytes()[self._starts[name] :].decode("utf-8", "replace") if log.exists() else ""

    def _restart_what_ends(self) -> None:
        down_since: dict[str, float] = {}
        while not self._closing.wait(0.1):
            with self._lock:
                for name, part in self._parts.items():
                    if part.running or name in self._held:
                        down_since.pop(name, None)
                    elif name not in down_since:
                        down_since[name] = time.monotonic()
                        self.ends.append(End(name, part.exit_code))
                    elif part.exit_code != STOPPED_LOUDLY and time.monotonic() - down_since[name] > PAUSE_SECONDS:
                        del down_since[name]
                        self._start(name)

    def _kill_all(self) -> None:
        for part in self._parts.values():
            if part.running:
                part.kill()
