"""A real `serve` over a store filled by SQL, and what a stranger sees of its log over HTTP."""

from __future__ import annotations

import http.client
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from ledger.child_process import ChildProcess
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.settings import Settings
from tests.system.access_store import with_access_store
from tests.system.log_writer import LogWriter
from tests.system.stored_history import opened_store, settings_environment, store_attendances

PROJECT: Final = Path(__file__).parents[2]
TOKEN: Final = "an auditors' token for tests"
READY_SECONDS_MAX: Final = 60.0
_READY: Final = re.compile(r"serving gRPC on (\S+)\nserving HTTP on (\S+)\n")


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        """An error's text: one line, and nothing of what went on inside."""
        text = self.body.decode()
        assert text.endswith("\n")
        assert text.count("\n") == 1
        assert "Traceback" not in text
        assert self.headers["content-type"] == "text/plain; charset=utf-8"
        assert self.headers["cache-control"] == "no-store"
        return text[:-1]


@dataclass
class ServedLog:
    """A running service, its store, and who writes its log."""

    settings: Settings
    child: ChildProcess
    writer: LogWriter
    grpc: str
    http: str

    def get(self, path: str, token: str | None = None, method: str = "GET") -> Page:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.http, timeout=30)
        try:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Page(answer.status, names, answer.read())
        finally:
            connection.close()

    def good(self, path: str, token: str | None = None) -> bytes:
        """The body of a page that is there."""
        page = self.get(path, token)
        assert page.status == 200, page.body
        return page.body


@contextmanager
def served_log(
    postgres: EmbeddedPostgres,
    folder: Path,
    events: int,
    *,
    token: str = TOKEN,
    partitions: int = 2,
    answer_keys: str = "",
) -> Iterator[ServedLog]:
    """Two partitions; so many events are stored in the first. Its log is not kept yet: say `writer.grow_to`."""
    settings = opened_store(postgres, partitions).model_copy(
        update={
            "auditor_token": SecretStr(token),
            "answer_keys": SecretStr(answer_keys),
            "grpc_address": "127.0.0.1:0",
            "signer_folder": str(folder / "keys"),
        }
    )
    if events:
        store_attendances(settings, events)
    with serving(settings, folder) as (child, grpc, http_address):
        yield ServedLog(settings, child, LogWriter(settings), grpc, http_address)


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[tuple[ChildProcess, str, str]]:
    """A real `serve` over these databases, and its gRPC and HTTP addresses; afterwards it is stopped in order."""
    child = ChildProcess(
        "serve",
        [sys.executable, "-m", "ledger", "serve"],
        folder / "serve.log",
        environment=settings_environment(with_access_store(settings)),
        working_directory=PROJECT,
    )
    child.start()
    try:
        yield child, *_addresses(child)
    finally:
        ended_with = child.stop(deadline_seconds=60)
    assert ended_with == 0, child.log_tail()


def _addresses(child: ChildProcess) -> tuple[str, str]:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if found := _READY.search(child.log_file.read_text("utf-8")):
            return found[1], found[2]
        assert child.running, child.log_tail()
        time.sleep(0.05)
    raise AssertionError(f"not ready within {READY_SECONDS_MAX} s:\n{child.log_tail()}")
