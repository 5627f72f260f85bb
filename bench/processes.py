"""Each side of a measurement is a process of its own; it ends by its process id, or with us if we are killed.

A measuring program prints `{"rate": ...}` as its last line; a serving program prints `{"address": "127.0.0.1:..."}`
when it is ready.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ledger.child_process import ChildFailed, ChildProcess

READY_SECONDS_MAX = 30.0
MEASURE_SECONDS_MAX = 900.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measuring program found: units a second, and whatever else it counted."""

    rate: float
    counts: Mapping[str, float]


def print_rate(rate: float, **counts: float) -> None:
    """The last line of a measuring program: units a second, and what it counted for those who check it."""
    print(json.dumps({"rate": rate, **counts}), flush=True)


def print_address(address: str) -> None:
    """What a serving program prints once it takes calls."""
    print(json.dumps({"address": address}), flush=True)


def measured_rate(folder: Path, module: str, arguments: Sequence[str]) -> float:
    """Run `python -m module` to its end and return the rate it printed; raises ChildFailed with the end of its log."""
    return measured(folder, module, arguments).rate


def measured(folder: Path, module: str, arguments: Sequence[str]) -> Measured:
    """The same with all it counted."""
    child = _python(folder, module, arguments)
    child.start()
    try:
        exit_code = child.wait(MEASURE_SECONDS_MAX)
    except BaseException:
        child.stop()
        raise
    said = _last_json(child)
    rate = said.pop("rate", None)
    if exit_code != 0 or not isinstance(rate, int | float):
        raise ChildFailed(f"{module} measured nothing (exit code {exit_code}):\n{child.log_tail()}")
    return Measured(float(rate), {name: float(count) for name, count in said.items() if isinstance(count, int | float)})


@contextmanager
def serving(folder: Path, module: str, arguments: Sequence[str]) -> Iterator[str]:
    """Run `python -m module` until the block ends; yields the address it printed, raises ChildFailed if it has none."""
    child = _python(folder, module, arguments)
    child.start()
    try:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not isinstance(address := _last_json(child).get("address"), str):
            if not child.running:
                raise ChildFailed(f"{module} ended before it was ready:\n{child.log_tail()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{module} is not ready after {READY_SECONDS_MAX} s:\n{child.log_tail()}")
            time.sleep(0.02)
        yield address
    finally:
        child.stop()


def _python(folder: Path, module: str, arguments: Sequence[str]) -> ChildProcess:
    log_file = folder / f"{module}-{uuid4().hex[:8]}.log"
    return ChildProcess(module, [sys.executable, "-m", module, *arguments], log_file)


def _last_json(child: ChildProcess) -> dict[str, object]:
    """The last JSON line of the child's log, nothing as long as there is none."""
    for line in reversed(child.log_tail().splitlines()):
        if line.startswith("{") and line.endswith("}"):
            said: dict[str, object] = json.loads(line)
            return said
    return {}
