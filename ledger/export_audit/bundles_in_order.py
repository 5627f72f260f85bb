"""The readings of all bundles of a log in order, made by several processes that read ahead, but never far."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

import msgspec

from ledger.export_audit.bundle_process import read_frame, write_frame
from ledger.export_audit.bundle_reading import BundleReader, BundleReading, LogToRead
from ledger.transparency.tiles import TILE_WIDTH

READER: Final = (sys.executable, "-m", "ledger.export_audit.bundle_process")
ALONE_EVENTS_MAX: Final = 10_000
"""Fewer are read sooner than processes are started."""
PROCESSES_MAX: Final = 6
"""What follows is done by one process, which keeps up with so many."""
AHEAD_EACH: Final = 3
"""Bundles a process is asked for before its first answer is taken: what bounds the memory."""

_reading: Final = msgspec.msgpack.Decoder(BundleReading)


class ReaderEnded(RuntimeError):
    """A reading process ended by itself: nothing is known of the bundles it was asked for."""


class BundleProcesses:
    """As many reading processes as there are processors, started with the first long log, ended with the block."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes:
            # Whatever it still writes is read by nobody: it need not finish.
            process.kill()
            process.communicate()

    def readings(self, log: LogToRead) -> Iterator[BundleReading]:
        """Of every bundle the log has, in order. Raises ReaderEnded."""
        count = -(-log.size // TILE_WIDTH)
        if log.size <= ALONE_EVENTS_MAX:
            reader = BundleReader(log)
            yield from (reader.read(index) for index in range(count))
            return
        self._start()
        for process in self._processes:
            _ask(process, log)
        asked: deque[subprocess.Popen[bytes]] = deque()
        try:
            for index in range(count):
                process = self._processes[index % len(self._processes)]
                _ask(process, index)
                asked.append(process)
                if len(asked) >= AHEAD_EACH * len(self._processes):
                    yield _answer(asked.popleft())
            while asked:
                yield _answer(asked.popleft())
        finally:
            # Whoever stops early leaves answers behind: the next log's would be taken for them.
            while asked:
                _answer(asked.popleft())

    def _start(self) -> None:
        while len(self._processes) < min(PROCESSES_MAX, os.cpu_count() or 1):
            self._processes.append(subprocess.Popen(READER, stdin=subprocess.PIPE, stdout=subprocess.PIPE))


def _ask(process: subprocess.Popen[bytes], question: LogToRead | int) -> None:
    try:
        if process.stdin is not None:
            write_frame(process.stdin, question)
    except OSError as error:
        raise _ended(process) from error


def _answer(process: subprocess.Popen[bytes]) -> BundleReading:
    body = b"" if process.stdout is None else read_frame(process.stdout)
    if not body:
        raise _ended(process)
    return _reading.decode(body)


def _ended(process: subprocess.Popen[bytes]) -> ReaderEnded:
    return ReaderEnded(f"a process that reads bundles ended with exit code {process.wait()}; run it again")
