"""Where erasures are recorded: for the receipt that says what one destroyed, and for whoever watches a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.member import MemberErased
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.volunteer import VolunteerErased
from ledger.event_bytes import decode, recorded_event
from ledger.gathered_lookups import GatheredLookups

_ERASED: Final = "select body from events where stream = %b and type in ('volunteer-erased', 'member-erased')"
_WHO: Final = "select stream from events where stream = any(%b) and type = 'volunteer-erased'"


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
        self._gathered = GatheredLookups("erasures", self._look_up)

    async def refuse_erased(self, volunteer: str) -> None:
        """Refuse VOLUNTEER_ERASED from the moment on at which the erasure is recorded. Raises psycopg.Error."""
        if await self._gathered.find(volunteer):
            refuse(Reason.VOLUNTEER_ERASED, name=volunteer)

    async def _look_up(self, asked: Sequence[str]) -> list[bool]:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_WHO, (list(set(asked)),), binary=True)).fetchall()
        erased = {row[0] for row in rows}
        return [volunteer in erased for volunteer in asked]

    async def of(self, person: str) -> RecordedErasure:
        """The erasure of a volunteer or a member. Refuses NOT_FOUND: there is nobody so called, or not erased."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_ERASED, (person,), binary=True)).fetchone()
        if row is None:
            refuse(Reason.NOT_FOUND, name=person)
        recorded = recorded_event(decode(row[0]))
        if not isinstance(recorded.data, VolunteerErased | MemberErased):
            raise InvariantBroken(f"{person}: position {recorded.position} is another event than its row says")
        return RecordedErasure(recorded.partition, recorded.position, recorded.recorded_at, recorded.data.key_ids)
