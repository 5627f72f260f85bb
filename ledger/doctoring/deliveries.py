"""Does every receiver get the hours it is to have?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.deliveries_watching import stalled_text
from ledger.doctoring.diagnosis import Diagnosis, ok, wrong
from ledger.projections.delivery_lags import Lag
from ledger.projections.delivery_questions import DeliveryQuestions
from ledger.settings import Settings


def deliveries(settings: Settings) -> Iterator[Diagnosis]:
    """One line for each open subscription."""
    if not settings.read_database:
        return
    for lag in asyncio.run(_lags(settings)):
        if lag.stalled:
            yield wrong("deliveries", stalled_text(lag))
        else:
            yield ok("deliveries", f"{lag.known.name}: {lag.lag_seconds} s behind, {lag.known.open_pieces} open pieces")


async def _lags(settings: Settings) -> list[Lag]:
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        settings.read_database, min_size=1, max_size=1, open=False, kwargs={"autocommit": True}
    )
    # A pool waits half a minute for a database that is away; a connection says so at once.
    await (await AsyncConnection.connect(settings.read_database)).close()
    async with pool:
        return await DeliveryQuestions(pool, settings.partitions).watched()
