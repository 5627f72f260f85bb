"""Children this project starts and stops by process id: PostgreSQL, a Kafka broker, the parts of the local stack.

A child dies with us: on Linux the kernel signals it when its parent ends, even by kill -9. The signal is armed by this
very module, run as a small program that then becomes the child's command (the process id stays the same).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SAID_BYTES_MAX = 65_536

# The kernel sends the death signal when the *thread* that started the child ends, not the process. A child started from
# a short-lived thread would be shot for no reason, so one thread that lives as long as we do starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="child-starter")


class ChildFailed(RuntimeError):
    """A child ended or did not answer when it was needed; the message carries the end of its log."""


@dataclass(frozen=True)
class RunAs:
    """The user and group (numbers of the operating system) a child runs under."""

    user_id: int
    group_id: int


class ChildProcess:
    """One child process with its log file; it may be started again after it ended."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_file: Path,
        *,
        environment: Mapping[str, str] | None = None,
        working_directory: Path | None = None,
        run_as: RunAs | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Describe the child; nothing is started. `environment` is the whole environment, None means ours."""
        self.name = name
        self.command = list(command)
        self.log_file = log_file
        self.environment = None if environment is None else dict(environment)
        self.working_directory = working_directory
        self.run_as = run_as
        self.death_signal = death_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begins = 0

    def start(self) -> None:
        """Start the child in a session of its own: Ctrl-C in a terminal reaches only us, and we stop it in order.

        Raises ChildFailed when it is running already.
        """
        if self.running:
            raise ChildFailed(f"{self.name} is running already, process {self.pid}; stop it before starting it again")
        self._process = _starter.submit(self._spawn).result()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            self._log_begins = log.tell()
            return subprocess.Popen(
                [*_become(self.death_signal, self.run_as), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.working_directory,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The process id of the last start, None before the first."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The last exit code (negative: the signal that ended it), None while it runs or before the first start."""
        return None if self._process is None else self._process.poll()

    def wait(self, deadline_seconds: float | None = None) -> int:
        """Wait for the child's end and return its exit code; raises ChildFailed when the deadline passes."""
        if self._process is None:
            raise ChildFailed(f"{self.name} was never started")
        try:
            return self._process.wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            raise ChildFailed(f"{self.name} still runs after {deadline_seconds} seconds") from None

    def send(self, number: signal.Signals) -> None:
        """Send a signal if the child runs."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, deadline_seconds: float = 20.0) -> int | None:
        """Ask the child to end, insist with SIGKILL after the deadline, and return its exit code."""
        if self._process is None:
            return None
        self.send(number)
        try:
            return self._process.wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int | None:
        """End the child by SIGKILL (kill -9), wait until it is gone, and return its exit code."""
        if self._process is None:
            return None
        self._process.kill()
        return self._process.wait()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of its log, for error messages."""
        if not self.log_file.exists():
            return "(no log)"
        return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-lines:])

    def said_since_start(self) -> str:
        """What its last start wrote to its log, or the end of that: earlier starts are another story."""
        if not self.log_file.exists():
            return ""
        with self.log_file.open("rb") as log:
            log.seek(max(self._log_begins, log.seek(0, os.SEEK_END) - SAID_BYTES_MAX))
            return log.read().decode("utf-8", "replace")


def _become(death_signal: signal.Signals, run_as: RunAs | None) -> list[str]:
    """The command line that runs `main` below and then becomes the command that follows it."""
    shim = [
        sys.executable,
        "-m",
        "ledger.child_process",
        "--parent",
        str(os.getpid()),
        "--death-signal",
        death_signal.name,
    ]
    if run_as is not None:
        shim += ["--user", str(run_as.user_id), "--group", str(run_as.group_id)]
    return [*shim, "--"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Drop to the wanted user, arm the death signal, become the command. Never returns normally."""
    parser = argparse.ArgumentParser(prog="python -m ledger.child_process", description=main.__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process id of the parent whose end ends us")
    parser.add_argument("--death-signal", type=lambda name: signal.Signals[name], required=True)
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("command", nargs="+")
    wanted = parser.parse_args(arguments)
    if wanted.user is not None:
        os.setgroups([])
        os.setgid(wanted.group)
        os.setuid(wanted.user)
    if sys.platform == "linux":
        # After setuid, never before: a change of user clears the death signal.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, wanted.death_signal)
        if os.getppid() != wanted.parent:
            sys.exit(f"the parent {wanted.parent} ended before the child began")
    os.execvpe(wanted.command[0], wanted.command, os.environ)


if __name__ == "__main__":
    main()
