"""One `serve` process on a bench ledger, as people run it; with BENCH_PROFILE=FOLDER it leaves its profile there."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench.callers import acting_as
from bench.pairing import MeasurementFailed
from bench.processes import READY_SECONDS_MAX
from ledger.child_process import ChildFailed, ChildProcess
from ledger.serve import as_environment
from ledger.settings import Settings

ACTOR = acting_as("staff/synthetic-coordinator")
"""Who asks, on every call."""
PROFILE_FOLDER = os.environ.get("BENCH_PROFILE", "")
_READY = re.compile(r"serving gRPC on (\S+)\nserving HTTP on (\S+)")


@dataclass(frozen=True, slots=True)
class Served:
    """A running server process."""

    address: str
    pid: int
    http: str
    """host:port of its pages."""

    def resident_mib(self) -> float:
        """The memory it holds now."""
        return resident_mib(self.pid)


@contextmanager
def served(
    folder: Path, settings: Settings, name: str, module: Sequence[str] = ("ledger", "serve")
) -> Iterator[Served]:
    """Serve until the block ends. Raises MeasurementFailed if it does not end in order."""
    child = ledger_process(folder, settings, name, list(module))
    child.start()
    try:
        address, http = _addresses(child)
        yield Served(address, child.pid or 0, http)
    finally:
        ended_with = child.stop(deadline_seconds=30.0)
    if ended_with != 0:
        raise MeasurementFailed(f"serve ended with {ended_with}:\n{child.log_tail()}")


def ledger_process(folder: Path, settings: Settings, name: str, module: list[str]) -> ChildProcess:
    """`python -m MODULE ARGUMENTS…` with these settings, not started yet."""
    command = [sys.executable, "-m", *module]
    if PROFILE_FOLDER:
        profile = Path(PROFILE_FOLDER).absolute() / f"{name}-{uuid4().hex[:4]}.profile"
        command = [sys.executable, "-m", "bench.profiled", str(profile), *module]
    variables = {key: value for key, value in os.environ.items() if not key.startswith("LEDGER_")}
    log_file = folder / f"{name}-{uuid4().hex[:8]}.log"
    return ChildProcess(name, command, log_file, environment={**variables, **as_environment(settings)})


def resident_mib(pid: int) -> float:
    """The memory a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _addresses(child: ChildProcess) -> tuple[str, str]:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if child.log_file.exists() and (found := _READY.search(child.log_file.read_text("utf-8"))):
            return found[1], found[2]
        if not child.running:
            raise ChildFailed(f"serve ended before it was ready:\n{child.log_tail()}")
        time.sleep(0.05)
    raise ChildFailed(f"serve is not ready after {READY_SECONDS_MAX} s:\n{child.log_tail()}")
