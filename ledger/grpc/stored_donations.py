"""Donations as the event store has them: what a report that says nothing new is answered with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.catalogue import fold
from ledger.domain.donation import Donation
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import decode, recorded_event

_EVENTS: Final = "select body from events where stream = any(%b) order by stream, version"


@dataclass(frozen=True, slots=True)
class StoredDonation:
    """A donation, and where its last event stands."""

    state: Donation
    partition: int
    position: int


class StoredDonations:
    """Safe to share between calls."""

    def __init__(self, event_pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._events = event_pool

    async def find(self, names: Sequence[str]) -> dict[str, StoredDonation]:
        """Those of the names that there are."""
        if not names:
            return {}
        async with self._events.connection() as connection:
            rows = await (await connection.execute(_EVENTS, (list(names),), binary=True)).fetchall()
        found: dict[str, StoredDonation] = {}
        for (body,) in rows:
            event = recorded_event(decode(body))
            before = found.get(event.stream)
            state = fold(None if before is None else before.state, event)
            if not isinstance(state, Donation):
                raise InvariantBroken(f"{event.stream} is no donation: {type(state).__name__}")
            found[event.stream] = StoredDonation(state, event.partition, event.position)
        return found
