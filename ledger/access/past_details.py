"""Some details of persons as they were known at a moment of the ledger: for sums by age, gender and residency.

They are opened for the one answer that asks and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.person_keys import PersonKeys
from ledger.domain.catalogue import fold
from ledger.domain.volunteer import Volunteer
from ledger.event_bytes import decode, recorded_event

_EVENTS: Final = """
    select stream, partition, position, body from events where stream = any(%b) order by stream, version
"""


class PastDetails:
    """Folds volunteers out of the event store, up to the positions of an answer. Safe to share between calls."""

    def __init__(self, event_pool: AsyncConnectionPool[AsyncConnection[Any]], person_keys: PersonKeys) -> None:
        self._pool = event_pool
        self._person_keys = person_keys

    async def at(
        self, volunteers: Sequence[str], fields: Sequence[str], positions: Mapping[int, int]
    ) -> Mapping[str, Mapping[str, str]]:
        """By volunteer the texts of those of the fields that were known at `positions` and were not erased since."""
        states: dict[str, object | None] = dict.fromkeys(volunteers)
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_EVENTS, (list(states),), binary=True)).fetchall()
        for stream, partition, position, body in rows:
            if position <= positions.get(partition, 0):
                states[stream] = fold(states[stream], recorded_event(decode(body)))
        sealed = {
            (name, field): state.details[field]
            for name, state in states.items()
            if isinstance(state, Volunteer)
            for field in fields
            if field in state.details
        }
        told: dict[str, dict[str, str]] = {name: {} for name in states}
        texts = await self._person_keys.open_all(list(sealed.values()))
        for (name, field), text in zip(sealed, texts, strict=True):
            if isinstance(text, str):
                told[name][field] = text
        return told
