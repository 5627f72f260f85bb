"""Members of staff, folded out of the event store itself: who was named or erased a moment ago is known so."""

from __future__ import annotations

from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.catalogue import fold
from ledger.domain.member import Member
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.event_bytes import decode, recorded_event

_EVENTS: Final = "select body from events where stream = %b order by version"


class StoredMembers:
    """Reads members. Safe to share between calls."""

    def __init__(self, event_pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = event_pool

    async def get(self, name: str) -> tuple[Member, tuple[int, int]]:
        """A member, and (partition, position) of their last event. Refuses NOT_FOUND."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_EVENTS, (name,), binary=True)).fetchall()
        state: object | None = None
        at = (0, 0)
        for (body,) in rows:
            recorded = recorded_event(decode(body))
            state, at = fold(state, recorded), (recorded.partition, recorded.position)
        if state is None:
            refuse(Reason.NOT_FOUND, name=name)
        if not isinstance(state, Member):
            raise InvariantBroken(f"{name} is no member: {state!r}")
        return state, at
