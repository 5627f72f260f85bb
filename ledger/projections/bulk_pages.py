"""Reading a whole ledger in pages that rest on one moment: which positions count, and whose rows are meant.

The journal only grows, so pages read one after another at the same positions are one answer. Each has a short
transaction of its own: a slow reader keeps no snapshot open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeAlias, TypeVar

from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import view
from ledger.projections.basis import Basis, Ground, Patience, ReadPool
from ledger.projections.holders import refuse_unknown_holders
from ledger.projections.page_token import read_token, token_of
from ledger.projections.snapshot import ReadConnection, snapshot
from ledger.projections.sums import period_dates
from volunteer_hours.v1.bulk_reading_pb2 import StreamAttendancesRequest, StreamEntriesRequest

BulkRequest: TypeAlias = StreamEntriesRequest | StreamAttendancesRequest

Step = TypeVar("Step")
Rows = TypeVar("Rows")

_ORGANISERS: Final = ("organizations/", "initiatives/")
_KNOWN_ORGANISER: Final = """
    select from organizations where organization = %(name)b
    union all select from initiatives where initiative = %(name)b
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One question of pages."""

    request: BulkRequest
    basis: Basis
    known_until: datetime | None
    """Only events with a source time (else record time) not later; None: all."""
    first_date: date
    last_date: date
    after: tuple[str | int, ...]
    """The key behind which it goes on; empty: from the beginning."""

    @property
    def holder(self) -> str:
        """Whose rows; empty: not of one holder."""
        return "" if self.organiser else self.request.parent

    @property
    def organiser(self) -> str:
        """Of which organisation or initiative; empty: of any."""
        return self.request.parent if self.request.parent.startswith(_ORGANISERS) else ""

    @property
    def counted(self) -> dict[str, object]:
        """Parameters of `sums.COUNTED`."""
        return {"start_date": self.first_date, "end_date": self.last_date, "known_until": self.known_until}

    def token(self, after: tuple[str | int, ...]) -> str:
        """For the page behind `after`."""
        return token_of(self.request, after, self.basis.positions)


class BulkPages:
    """Opens readings and gives their pages a connection each. Safe to share between calls."""

    def __init__(self, pool: ReadPool, ground: Ground) -> None:
        self._pool = pool
        self._ground = ground

    async def reading(self, request: BulkRequest, seconds_left: float | None) -> Reading:
        """What the pages rest on.

        Refuses NOT_FOUND for a parent that the ledger does not know, DATE_INVALID, DATES_REVERSED, PAGE_TOKEN_INVALID
        and whatever `view` refuses. Raises NotYetApplied.
        """
        first, last = period_dates(request.period)
        token = read_token(request, request.page_token)
        as_of = request.as_of if request.HasField("as_of") else None
        pinned: Mapping[int, int] | None = None if token is None else token.positions
        async with view(self._pool, self._ground, request.positions, as_of, seconds_left, pinned) as seen:
            await _refuse_unknown(seen.connection, request.parent)
            if token is None:
                return Reading(request, seen.basis, seen.known_until, first, last, ())
            # A partition that had nothing then has nothing in the pages that follow.
            basis = Basis(token.positions, seen.basis.recorded_through)
            return Reading(request, basis, seen.known_until, first, last, token.after)

    @asynccontextmanager
    async def page(self, reading: Reading) -> AsyncIterator[ReadConnection]:
        """A connection in a transaction that has applied all that the reading rests on. Raises NotYetApplied."""
        # Rows are forgotten and made anew while a read database is rebuilt: a page waits until they are there again.
        async with snapshot(self._pool, self._ground, reading.basis.positions, Patience.of(None)) as found:
            yield found.connection


async def _refuse_unknown(connection: ReadConnection, parent: str) -> None:
    if not parent:
        return
    if not parent.startswith(_ORGANISERS):
        await refuse_unknown_holders(connection, [parent])
        return
    cursor = await connection.execute(_KNOWN_ORGANISER, {"name": parent}, binary=True)
    if await cursor.fetchone() is None:
        refuse(Reason.NOT_FOUND, name=parent)


async def one_ahead(
    steps: AsyncIterator[Step], read: Callable[[Step], Awaitable[Rows]]
) -> AsyncGenerator[tuple[Step, Rows], None]:
    """Each step with what was read of it; one is read while the one before it travels, never more."""
    waiting: tuple[Step, asyncio.Future[Rows]] | None = None
    try:
        async for step in steps:
            done = None if waiting is None else (waiting[0], await waiting[1])
            waiting = step, asyncio.ensure_future(read(step))
            if done is not None:
                yield done
        if waiting is not None:
            yield waiting[0], await waiting[1]
    finally:
        if waiting is not None:
            waiting[1].cancel()
