"""Each side of a measurement is a process of its own; it ends by its process id, or with us if we are killed.

A measuring program prints `{"rate": ...}` as its last line; a serving program prints `{"address": "127.0.0.1:..."}`
when it is ready.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from ledger.child_process import ChildFailed, ChildProcess

READY_SECONDS_MAX = 30.0
MEASURE_SECONDS_MAX = 900.0


def print_rate(rate: float) -> None:
    """The last line of a measuring program: units a second."""
    print(json.dumps({"rate": rate}), flush=True)


def print_address(address: str) -> None:
    """What a serving program prints once it takes calls."""
    print(json.dumps({"address": address}), flush=True)


def measured_rate(folder: Path, module: str, arguments: Sequence[str]) -> float:
    """Run `python -m module` to its end and return the rate it printed; raises ChildFailed with the end of its log."""
    child = _python(folder, module, arguments)
    child.start()
    try:
        exit_code = child.wait(MEASURE_SECONDS_MAX)
    except BaseException:
        child.stop()
        raise
    said = _said(child, "rate")
    if exit_code != 0 or not isinstance(said, int | float):
        raise ChildFailed(f"{module} measured nothing (exit code {exit_code}):\n{child.log_tail()}")
    return float(said)


@contextmanager
def serving(folder: Path, module: str, arguments: Sequence[str]) -> Iterator[str]:
    """Run `python -m module` until the block ends; yields the address it printed, raises ChildFailed if it has none."""
    child = _python(folder, module, arguments)
    child.start()
    try:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not isinstance(address := _said(child, "address"), str):
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


def _said(child: ChildProcess, word: str) -> object:
    """The value of `word` in the last JSON line of the child's log, None as long as there is none."""
    for line in reversed(child.log_tail().splitlines()):
        if line.startswith("{") and line.endswith("}"):
            said: dict[str, object] = json.loads(line)
            return said.get(word)
    return None
