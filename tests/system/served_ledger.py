"""A ledger served as people run it: `hours-ledger serve --embedded` as a process of its own."""

from __future__ import annotations

import atexit
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

from ledger.child_process import ChildProcess
from ledger.command_line import main
from ledger.embedded_ledger import EmbeddedLedger
from ledger.settings import Settings
from tests.conftest import open_folder
from tests.system.acting import CLIENTS, believe_us, issuer_folder

PROJECT = Path(__file__).parents[2]
HISTORY = PROJECT / "examples" / "leeds2023"
_READY = re.compile(r"serving gRPC on (\S+)\nserving HTTP on (\S+)")


@dataclass(frozen=True)
class Served:
    """Where a served ledger is found."""

    grpc: str
    http: str
    folder: Path
    partitions: int


@contextmanager
def served_ledger(partitions: int = 1, **environment: str) -> Iterator[str]:
    """Gives host:port of a fresh embedded ledger; afterwards it is stopped in order."""
    with served_in_a_folder(partitions, **environment) as served:
        yield served.grpc


@contextmanager
def served_in(folder: Path, partitions: int = 1) -> Iterator[str]:
    """The same in a folder that the test knows: the keys of its log are there."""
    with _served(folder, partitions) as served:
        yield served.grpc


@contextmanager
def served_in_a_folder(partitions: int = 1, **environment: str) -> Iterator[Served]:
    """A fresh embedded ledger, its folder and its addresses; afterwards it is stopped in order."""
    with open_folder() as folder, _served(folder, partitions, **environment) as served:
        yield served


@contextmanager
def _served(folder: Path, partitions: int, **variables: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "ledger", "serve", "--embedded", "--data-dir", str(folder)]
    flags = ["--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0", "--partitions", str(partitions)]
    if not (folder / "postgresql").exists():
        subprocess.run(["cp", "-a", f"{_begun(partitions)}/.", str(folder)], check=True)
    environment = {**os.environ, "LEDGER_FIRST_CLIENTS": ",".join(CLIENTS), **variables}
    log = folder / "serve.log"
    child = ChildProcess("serve", [*command, *flags], log, working_directory=PROJECT, environment=environment)
    child.start()
    try:
        yield Served(*_addresses(child), folder, partitions)
        # The check that walks everything closes every test of a served ledger.
        audited = hours_ledger("audit", "--data-dir", folder, LEDGER_PARTITIONS=str(partitions))
        assert audited.stdout.splitlines()[-1:] == ["findings: 0"], audited
    finally:
        ended_with = child.stop(deadline_seconds=60)
    assert ended_with == 0, child.log_tail()


@lru_cache
def _begun(partitions: int) -> Path:
    """A ledger that was opened once, to be copied: to make each from nothing would take most of the tests' time."""
    begun = Path(tempfile.mkdtemp(prefix="hours-test-begun-"))
    begun.chmod(0o711)
    atexit.register(shutil.rmtree, begun, ignore_errors=True)
    believe_us(begun)
    ledger = EmbeddedLedger(begun, Settings(partitions=partitions))
    ledger.start()
    ledger.stop()
    return begun


def _addresses(child: ChildProcess) -> tuple[str, str]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := _READY.search(child.log_file.read_text("utf-8")):
            return found[1], found[2]
        assert child.running, child.log_tail()
        time.sleep(0.05)
    raise AssertionError(f"not ready within 120 s:\n{child.log_tail()}")


@dataclass(frozen=True)
class Done:
    """How a command ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def hours_ledger(*arguments: str | Path, address: str = "", **environment: str) -> Done:
    """Run one command line as a person would; in this process, because starting one takes longer than the command."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    variables |= {"LC_ALL": "C.UTF-8", "COLUMNS": "120"}
    variables |= {"LEDGER_LOCAL_ISSUER": str(issuer_folder()), **environment}
    if address:
        variables["LEDGER_GRPC_ADDRESS"] = address
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.dict(os.environ, variables, clear=True),
        mock.patch.object(sys, "argv", ["hours-ledger", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code
    return Done(code if isinstance(code, int) else 0, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def answered(done: Done) -> Any:
    """The JSON a command printed, after it ended well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
