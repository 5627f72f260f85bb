"""Birth dates as they were known at a moment of the ledger: for questions about age that keep their answers.

They are opened for the one answer that asks and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.person_keys import PersonKeys
from ledger.domain.catalogue import fold
from ledger.event_bytes import decode, recorded_event

_EVENTS: Final = """
    select stream, partition, position, body from events where stream = any(%b) order by stream, version
"""


class PastBirthDates:
    """Folds volunteers out of the event store, up to the positions of an answer. Safe to share between calls."""

    def __init__(self, event_pool: AsyncConnectionPool[AsyncConnection[Any]], person_keys: PersonKeys) -> None:
        self._pool = event_pool
        self._person_keys = person_keys

    async def at(self, volunteers: Sequence[str], positions: Mapping[int, int]) -> Mapping[str, date | None]:
        """By volunteer; None when none was known at `positions` (partition → position), or it was erased since."""
        states: dict[str, object | None] = dict.fromkeys(volunteers)
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_EVENTS, (list(states),), binary=True)).fetchall()
        for stream, partition, position, body in rows:
            if position <= positions.get(partition, 0):
                states[stream] = fold(states[stream], recorded_event(decode(body)))
        return await self._person_keys.birth_dates(states)
