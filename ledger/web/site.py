"""Everything that is read over HTTP, as one application."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ledger import metrics
from ledger.domain.ledger_kind import ACCESS_PATH
from ledger.log_serving.log_reader import LogReader
from ledger.log_serving.log_standing import log_standings
from ledger.log_serving.map_reader import MapReader
from ledger.statements.desk_port import StatementDesk
from ledger.told_errors import told
from ledger.transparency.failures import TransparencyFailure
from ledger.web.entry_readers import EntryReaders
from ledger.web.impact.impact_pages import ImpactPages
from ledger.web.log_pages import LogPages
from ledger.web.people.pages import PeoplePages
from ledger.web.plain_answers import guarded, line, unknown_page
from ledger.web.statement_pages import StatementPages
from ledger.witness_quorum import NO_WITNESSES, Quorum

log = logging.getLogger(__name__)

FIGURES_SECONDS_MAX: Final = 2.0
"""A store that is away does not keep a scrape waiting."""

Pool = AsyncConnectionPool[AsyncConnection[Any]]


def site(
    log_reader: LogReader,
    event_pool: Pool,
    readers: EntryReaders,
    is_writing: Callable[[], bool],
    quorum: Quorum = NO_WITNESSES,
    accesses: tuple[LogReader, Pool] | None = None,
    desk: StatementDesk | None = None,
    people: PeoplePages | None = None,
    impact: ImpactPages | None = None,
) -> Starlette:
    """The application; `is_writing` says whether the service still takes commands.

    `accesses`: the log of the ledger of accesses, and its database. Without `desk` there are no pages of statements,
    without `people` none for volunteers and whoever organises, without `impact` none of published figures.
    """

    async def health(request: Request) -> Response:
        if not is_writing():
            return line(503, "a writer has stopped: start this process again")
        return PlainTextResponse("serving\n", headers={"Cache-Control": "no-store"})

    async def figures(request: Request) -> Response:
        await _look_at_the_log(event_pool, quorum)
        body = generate_latest(metrics.REGISTRY)
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    def pages_of(log: LogReader, pool: Pool, *, of_hours: bool) -> LogPages:
        return LogPages(log, MapReader(pool, log.partitions), readers, of_hours=of_hours)

    application = Starlette(
        routes=[
            *pages_of(log_reader, event_pool, of_hours=True).routes(),
            *(pages_of(*accesses, of_hours=False).routes(ACCESS_PATH) if accesses else ()),
            *(StatementPages(desk).routes() if desk else ()),
            *(people.routes() if people else ()),
            *(impact.routes() if impact else ()),
            Route("/health", guarded("health", health), methods=["GET"]),
            Route("/metrics", guarded("metrics", figures), methods=["GET"]),
        ],
        exception_handlers={HTTPException: unknown_page},
    )
    # `/checkpoint/` is no second name of `/checkpoint`.
    application.router.redirect_slashes = False
    return application


async def _look_at_the_log(pool: Pool, quorum: Quorum) -> None:
    try:
        async with asyncio.timeout(FIGURES_SECONDS_MAX):
            standings = await log_standings(pool)
    except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as away:
        log.warning("the event store told no figures: %s", type(away).__name__)
        metrics.EVENT_STORE_REACHED.set(0)
        return
    metrics.EVENT_STORE_REACHED.set(1)
    metrics.LOG_COSIGNERS_REQUIRED.set(quorum.required)
    for one in standings:
        partition = str(one.partition)
        metrics.EVENTS.labels(partition).set(one.position)
        if one.size is not None:
            metrics.LOG_SIZE.labels(partition).set(one.size)
        metrics.BALANCES_SIZE.labels(partition).set(one.balances_size)
        if one.signed_unix_seconds is not None:
            metrics.CHECKPOINT_AGE_SECONDS.labels(partition).set(time.time() - one.signed_unix_seconds)
        if one.checkpoint is not None and quorum.witnesses:
            metrics.LOG_COSIGNERS.labels(partition).set(_cosigners(one.checkpoint, quorum))


def _cosigners(checkpoint: bytes, quorum: Quorum) -> int:
    try:
        return len(quorum.cosigners(checkpoint))
    except TransparencyFailure as wrong:
        log.error("the newest checkpoint: %s", told(wrong))
        return 0
