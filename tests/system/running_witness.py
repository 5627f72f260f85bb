"""`hours-ledger witness` as a process of its own, and what is sent to it over real HTTP."""

from __future__ import annotations

import http.client
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.child_process import ChildProcess
from ledger.transparency.verifier_key import VerifierKey, parse_vkey
from ledger.transparency.witness_protocol import AddCheckpoint, format_add_checkpoint
from tests.system.served_log import PROJECT, Page
from tests.transparency.sample_log import SampleLog

READY_SECONDS_MAX: Final = 30.0
_READY: Final = re.compile(r"^witnessing on http://(\S+): ", re.MULTILINE)


@dataclass
class RunningWitness:
    """A witness, its folder, and where it answers."""

    name: str
    folder: Path
    child: ChildProcess
    address: str = ""

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def keys(self) -> list[VerifierKey]:
        """As it printed them, two lines, when it was started last."""
        lines = self.child.log_file.read_text("utf-8").splitlines()
        return [parse_vkey(line) for line in lines if line.startswith(f"{self.name}+")][-2:]

    def said(self) -> str:
        return self.child.log_file.read_text("utf-8")

    def start(self) -> None:
        """Start it and wait until it answers; later on the address it had first."""
        before = len(self.said()) if self.child.log_file.exists() else 0
        self.child.start()
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not (found := _READY.search(self.said()[before:])):
            assert self.child.running, self.child.log_tail()
            assert time.monotonic() < deadline, self.child.log_tail()
            time.sleep(0.02)
        self.address = found[1]
        self.child.command[self.child.command.index("--listen") + 1] = self.address

    def add(self, request: AddCheckpoint) -> Page:
        return self.send("POST", "/add-checkpoint", format_add_checkpoint(request))

    def get(self, path: str) -> Page:
        return self.send("GET", path)

    def send(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> Page:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request(method, path, body=body, encode_chunked=isinstance(body, Iterator))
            answer = connection.getresponse()
            return Page(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()


def watching(folder: Path, vkeys: Sequence[str], name: str = "audit.example/w", *, prelude: str = "") -> RunningWitness:
    """A witness of the logs whose verifier keys these are, not started; `prelude` is Python that runs in it first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    log_file = folder.with_suffix(".vkeys")
    log_file.write_text("".join(f"{line}\n" for line in vkeys), "utf-8")
    program = ["-m", "ledger"] if not prelude else ["-c", f"{prelude}\nfrom ledger.command_line import main\nmain()"]
    options = ["--folder", str(folder), "--listen", "127.0.0.1:0", "--key-name", name, "--log", str(log_file)]
    command = [sys.executable, *program, "witness", *options]
    return RunningWitness(
        name, folder, ChildProcess("witness", command, folder.with_suffix(".log"), working_directory=PROJECT)
    )


@contextmanager
def running(witness: RunningWitness) -> Iterator[RunningWitness]:
    """Started, and ended in order unless it ended before."""
    try:
        witness.start()
        yield witness
    finally:
        running_still = witness.child.running
        code = witness.child.stop()
    assert code == 0 or not running_still, witness.child.log_tail()


def log_vkeys(*logs: SampleLog) -> list[str]:
    return [signer.key.line() for log in logs for signer in (log.ed25519, log.ml_dsa)]


def growth(log: SampleLog, old: int, new: int) -> AddCheckpoint:
    """What an honest log asks."""
    return AddCheckpoint(
        old, tuple(log.tree.consistency_proof(old, new)), log.checkpoint(new, [log.ed25519, log.ml_dsa])
    )
