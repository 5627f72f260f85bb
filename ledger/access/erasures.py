"""Where an erasure is recorded: for the receipt that says what it destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.volunteer import VolunteerErased
from ledger.event_bytes import decode, recorded_event

_ERASED: Final = "select body from events where stream = %b and type = 'volunteer-erased'"


@dataclass(frozen=True, slots=True)
class RecordedErasure:
    """The event that orders an erasure."""

    partition: int
    position: int
    erased_at: datetime
    key_ids: Sequence[str]


class ErasureRecords:
    """Reads erasures from the event store: one of a moment ago is found."""

    def __init__(self, event_pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = event_pool

    async def of(self, volunteer: str) -> RecordedErasure:
        """The erasure of a person. Refuses NOT_FOUND: there is no such person, or they were not erased."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_ERASED, (volunteer,), binary=True)).fetchone()
        if row is None:
            refuse(Reason.NOT_FOUND, name=volunteer)
        recorded = recorded_event(decode(row[0]))
        if not isinstance(recorded.data, VolunteerErased):
            raise InvariantBroken(f"{volunteer}: position {recorded.position} is another event than its row says")
        return RecordedErasure(recorded.partition, recorded.position, recorded.recorded_at, recorded.data.key_ids)
