"""Whose an object is: read from the first event of its stream, so that what was made a moment ago is known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.streams import is_group, opportunity_of
from ledger.event_bytes import decode, recorded_event

REMEMBERED_MAX: Final = 100_000

_FIRST: Final = "select body from events where stream = %b and version = 1"
_SERVES: Final = """
    select exists (
        select from registrations
        join shifts using (shift) join opportunities on opportunities.opportunity = shifts.opportunity
        where registrations.volunteer = %(volunteer)s and opportunities.organization = any(%(organizations)s)
        union all
        select from attendance_versions
        join shifts using (shift) join opportunities on opportunities.opportunity = shifts.opportunity
        where attendance_versions.holder = %(volunteer)s and opportunities.organization = any(%(organizations)s)
    )
"""
_OWNERS: Final = ("organizations", "initiatives")


class StoredFacts:
    """Answers rules about objects. Safe to share between calls."""

    def __init__(
        self,
        event_pool: AsyncConnectionPool[AsyncConnection[Any]],
        read_pool: AsyncConnectionPool[AsyncConnection[Any]],
    ) -> None:
        self._events = event_pool
        self._read = read_pool
        self._remembered: OrderedDict[str, str] = OrderedDict()

    async def organization_of(self, name: str) -> str | None:
        """Whose an object is; None where there is no such object. It never changes hands, so it is remembered."""
        stream = _stream_that_tells(name)
        known = self._remembered.get(stream)
        if known is None:
            known = await self._read_owner(stream)
            if known is not None:
                self._remembered[stream] = known
                if len(self._remembered) > REMEMBERED_MAX:
                    self._remembered.popitem(last=False)
        return known

    async def serves(self, volunteer: str, organizations: Set[str]) -> bool:
        """Whether the projections know of a registration or attendance there."""
        asked = {"volunteer": volunteer, "organizations": sorted(organizations)}
        async with self._read.connection() as connection:
            row = await (await connection.execute(_SERVES, asked)).fetchone()
        return row is not None and bool(row[0])

    async def _read_owner(self, stream: str) -> str | None:
        async with self._events.connection() as connection:
            row = await (await connection.execute(_FIRST, (stream,), binary=True)).fetchone()
        if row is None:
            return None
        if stream.startswith(_OWNERS):
            return stream
        owner = getattr(recorded_event(decode(row[0])).data, "organization", None)
        return owner if isinstance(owner, str) else None


def _stream_that_tells(name: str) -> str:
    """Organisations tell themselves, an opportunity for all that is in it, an attendance of a person for itself."""
    collection = name.partition("/")[0]
    if collection in _OWNERS or collection == "opportunities" or is_group(name):
        return opportunity_of(name)
    return name
