"""SearchOpportunities over 500,000 opportunities, beside looking one of them up by its primary key.

A cost, in the database: for each call the time its statements took, from sending to the last row; of all calls the 95th
percentile. Left out are the three statements around every question of this service, a look-up too: begin, positions,
rollback. Both sides use the same pool and the same kind of connection. Every kind of question is asked as often.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bench.ground import Ground
from bench.pairing import Direction, Line, MeasurementFailed, Sides
from bench.searched import Programme, fill, questions
from ledger.migrate import migrate
from ledger.projections.basis import POSITIONS_SQL
from ledger.projections.search_questions import SearchQuestions
from ledger.projections.snapshot import BEGIN_SQL, ROLLBACK_SQL
from ledger.settings import Settings
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb

OPPORTUNITIES: Final = 500_000
ASKED: Final = 900
LOOKED_UP: Final = 3_000
RATIO_MAX: Final = 20.0
_AROUND: Final = (BEGIN_SQL, POSITIONS_SQL, ROLLBACK_SQL)
_BY_KEY: Final = (
    "select opportunity, organization, state, details::text from opportunities where opportunity = %(name)b"
)


class Timed(AsyncConnection[Any]):
    """A connection that adds up how long its statements took."""

    seconds: float = 0.0

    async def execute(self, query: Any, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return await super().execute(query, *arguments, **named)
        finally:
            if query not in _AROUND:
                self.seconds += time.perf_counter() - began


@asynccontextmanager
async def pool_of(url: str) -> Any:
    """One connection, so that a call's statements are all on it."""
    kwargs = {"autocommit": True, "prepare_threshold": 2}
    async with AsyncConnectionPool(
        url, connection_class=Timed, min_size=1, max_size=1, open=False, kwargs=kwargs
    ) as pool:
        yield pool


async def _spent(pool: Any, call: Callable[[], Awaitable[object]]) -> float:
    async with pool.connection() as connection:
        before = connection.seconds
    await call()
    async with pool.connection() as connection:
        return float(connection.seconds - before)


def percentile(taken: list[float]) -> float:
    """The 95th, in microseconds."""
    return statistics.quantiles(taken, n=100)[94] * 1e6


async def searches(url: str, programme: Programme, count: int) -> dict[str, list[float]]:
    """Kind of question → seconds in the database of each call."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    async with pool_of(url) as pool:
        search = SearchQuestions(pool, 1)
        for turn, (kind, query) in enumerate(questions(programme, count)):
            asked = pb.SearchOpportunitiesRequest(query=query, page_size=20)
            if kind == "filtered":
                asked.filter.regions.append("SA-01")
                asked.filter.places_left_min = 2
            seconds = await _spent(pool, partial(search.search, asked))
            if turn >= count // 10:  # the first warm caches and statements
                taken[kind].append(seconds)
    return taken


async def look_ups(url: str, programme: Programme, count: int) -> list[float]:
    """Seconds of each look-up."""
    random_ = random.Random(count)
    taken: list[float] = []
    async with pool_of(url) as pool:

        async def one() -> None:
            async with pool.connection() as connection:
                name = f"opportunities/s{random_.randrange(programme.size):07}"
                row = await (await connection.execute(_BY_KEY, {"name": name}, binary=True)).fetchone()
                if row is None:
                    raise MeasurementFailed(f"{name} was not loaded")

        for turn in range(count):
            seconds = await _spent(pool, one)
            if turn >= count // 10:
                taken.append(seconds)
    return taken


@contextmanager
def searching(ground: Ground) -> Iterator[Sides]:
    """Both sides over one read database."""
    programme = Programme(ground.scaled(OPPORTUNITIES, least=2_000))
    with ground.fresh_database() as url:
        migrate(Settings(owner_read_database=url))
        fill(url, programme)

        def ours() -> float:
            taken = asyncio.run(searches(url, programme, ground.scaled(ASKED, least=180)))
            return percentile([each for kind in taken.values() for each in kind])

        yield Sides(
            reference=lambda: percentile(asyncio.run(look_ups(url, programme, LOOKED_UP))),
            ours=ours,
        )


OPPORTUNITY_SEARCH: Final = Line(
    name="opportunity_search", unit="µs p95", floor=RATIO_MAX, sides=searching, direction=Direction.AT_MOST
)
