"""A ledger served as people run it: `hours-ledger serve --embedded` as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.child_process import ChildProcess
from tests.conftest import open_folder

PROJECT = Path(__file__).parents[2]
HISTORY = PROJECT / "examples" / "leeds2023"
_READY = re.compile(r"serving gRPC on (\S+)")


@contextmanager
def served_ledger(partitions: int = 1) -> Iterator[str]:
    """Gives host:port of a fresh embedded ledger; afterwards it is stopped in order."""
    with open_folder() as folder:
        command = [sys.executable, "-m", "ledger", "serve", "--embedded", "--data-dir", str(folder)]
        flags = ["--grpc-address", "127.0.0.1:0", "--partitions", str(partitions)]
        child = ChildProcess("serve", [*command, *flags], folder / "serve.log", working_directory=PROJECT)
        child.start()
        try:
            yield _address(child)
        finally:
            ended_with = child.stop(deadline_seconds=60)
        assert ended_with == 0, child.log_tail()


def _address(child: ChildProcess) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := _READY.search(child.log_file.read_text("utf-8")):
            return found[1]
        assert child.running, child.log_tail()
        time.sleep(0.05)
    raise AssertionError(f"not ready within 60 s:\n{child.log_tail()}")


def hours_ledger(*arguments: str | Path, address: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command line in a process of its own, as a person would."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    variables |= {"LC_ALL": "C.UTF-8", "COLUMNS": "120", **environment}
    if address:
        variables["LEDGER_GRPC_ADDRESS"] = address
    return subprocess.run(
        [sys.executable, "-m", "ledger", *map(str, arguments)],
        cwd=PROJECT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def answered(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON a command printed, after it ended well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
