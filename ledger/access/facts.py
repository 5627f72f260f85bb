"""Whose an object is: read from the first event of its stream, so that what was made a moment ago is known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence, Set
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.streams import is_group, opportunity_of
from ledger.domain.subscription_events import SubscriptionOpened
from ledger.event_bytes import decode, recorded_event

REMEMBERED_MAX: Final = 100_000

_FIRST: Final = "select stream, body from events where stream = any(%b) and version = 1"
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
_WHOLE: Final = (*_OWNERS, "opportunities", "courses", "projects")
"""Collections of things that tell for all that is in them."""


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

    async def owners_of(self, names: Sequence[str]) -> list[str | None]:
        """Whose objects are, in order; None where there is no such object. They never change hands, so it is kept."""
        streams = [_stream_that_tells(name) for name in names]
        known = {stream: self._remembered.get(stream) for stream in streams}
        unknown = [stream for stream, owner in known.items() if owner is None]
        if unknown:
            found = await self._read_owners(unknown)
            known |= found
            self._remembered.update(found)
            while len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return [known[stream] for stream in streams]

    async def serves(self, volunteer: str, organizations: Set[str]) -> bool:
        """Whether the projections know of a registration or attendance there."""
        asked = {"volunteer": volunteer, "organizations": sorted(organizations)}
        async with self._read.connection() as connection:
            row = await (await connection.execute(_SERVES, asked)).fetchone()
        return row is not None and bool(row[0])

    async def _read_owners(self, streams: Sequence[str]) -> dict[str, str]:
        async with self._events.connection() as connection:
            rows = await (await connection.execute(_FIRST, (list(streams),), binary=True)).fetchall()
        owners = {stream: _owner(stream, body) for stream, body in rows}
        return {stream: owner for stream, owner in owners.items() if owner is not None}


def _owner(stream: str, body: bytes) -> str | None:
    """Whose a stream is, by its first event; None for one that belongs to no organisation, such as a person's."""
    if stream.startswith(_OWNERS):
        return stream
    data = recorded_event(decode(body)).data
    owner = data.client if isinstance(data, SubscriptionOpened) else getattr(data, "organization", None)
    return owner if isinstance(owner, str) else None


def _stream_that_tells(name: str) -> str:
    """An organisation, an opportunity, a course or a project for all in it; an attendance of a person for itself."""
    if name.partition("/")[0] in _WHOLE or is_group(name):
        return opportunity_of(name)
    return name
