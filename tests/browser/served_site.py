"""The real site behind uvicorn on a free port of this machine, with a desk made in the test."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.access_log import Look
from ledger.log_serving.log_reader import LogReader
from ledger.statements.desk_port import StatementDesk
from ledger.web.entry_readers import EntryReaders
from ledger.web.impact.impact_pages import ImpactPages
from ledger.web.site import site

READY_SECONDS_MAX: Final = 20.0

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class NobodyLooks:
    """An AccessLog of a site whose entries nobody may read."""

    async def record(self, look: Look) -> None:
        raise AssertionError("entries were read")


def reading_nothing() -> tuple[LogReader, Pool, EntryReaders]:
    """A log that is never asked: no page of statements reads its tables."""
    pool: Pool = AsyncConnectionPool("", open=False)
    return LogReader(pool, 1), pool, EntryReaders(None, NobodyLooks(), "")


@contextmanager
def served_site(desk: StatementDesk | None, impact: ImpactPages | None = None) -> Iterator[str]:
    """The origin of a running site, such as http://127.0.0.1:40123: browsers let scripts verify there."""
    application = site(*reading_nothing(), lambda: True, desk=desk, impact=impact)
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, ws="none", lifespan="off", log_config=None, access_log=False))
    running = threading.Thread(target=server.run, args=([bound],), name="site", daemon=True)
    running.start()
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the site did not start"
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        running.join(READY_SECONDS_MAX)
        bound.close()
