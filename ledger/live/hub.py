"""All live sessions that devices speak to this process about. Other processes hold the same ones for other devices."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.application import Application
from ledger.batch import CommandResult
from ledger.domain.live_session_events import LiveSessionEnded, LiveSessionOpened
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.world import Command
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ACTOR
from ledger.live.held_session import Answer, HeldSession, Kind

log = logging.getLogger(__name__)

CLIENT: Final = "ledger/live-sessions"
"""No caller's client has a slash: nobody can use up these request ids."""
_STATE: Final = """
    select body from events
    where stream = %b and (version = 1 or type = 'live-session-ended') order by version
"""


class LiveHub:
    """Of one process. For one event loop."""

    def __init__(self, application: Application, event_pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        """`event_pool` reaches the event store as the service's role."""
        self._application = application
        self._pool = event_pool
        self._held: dict[str, HeldSession] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._opening: dict[str, asyncio.Task[HeldSession]] = {}

    async def signal(self, session: str, volunteer: str, device: str, kind: Kind) -> tuple[Answer, int]:
        """What happened at a device counts for, and the silence declared.

        Refuses NOT_FOUND, LIVE_SESSION_ENDED, and as `RecordPresences` does.
        """
        held = self._held.get(session) or await self._hold(session)
        return await held.signal(volunteer, device, kind), held.silence_seconds

    async def _hold(self, session: str) -> HeldSession:
        """Thousands may come at once: the session is read for the first of them."""
        opening = self._opening.get(session)
        if opening is None:
            opening = asyncio.create_task(self._open(session), name=f"open {session}")
            self._opening[session] = opening
            opening.add_done_callback(lambda _: self._opening.pop(session, None))
        return await asyncio.shield(opening)

    async def _open(self, session: str) -> HeldSession:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_STATE, (session,), binary=True)).fetchall()
        events = [recorded_event(decode(row[0])).data for row in rows]
        if not events:
            refuse(Reason.NOT_FOUND, name=session)
        opened, *later = events
        if any(isinstance(data, LiveSessionEnded) for data in later):
            refuse(Reason.LIVE_SESSION_ENDED, session=session)
        if not isinstance(opened, LiveSessionOpened):
            raise InvariantBroken(f"{session} begins with {type(opened).__name__}")
        held = HeldSession(session, opened.rule.silence_seconds, self._execute)
        self._held[session] = held
        task = asyncio.create_task(self._keep(held), name=f"live session {session}")
        self._tasks[session] = task
        return held

    async def _keep(self, held: HeldSession) -> None:
        try:
            await held.keep()
        except Exception:
            log.critical("ALARM: %s is not stored any more", held.name, exc_info=True)
            raise
        finally:
            # Whoever speaks now finds the session read anew.
            self._held.pop(held.name, None)
            self._tasks.pop(held.name, None)

    async def _execute(self, command: Command, request_id: str) -> CommandResult:
        return await self._application.execute(
            command, client=CLIENT, actor=ACTOR, request_id=request_id, request_body=request_id.encode()
        )

    async def store(self, session: str) -> None:
        """Have what this process heard of a session stored: before it ends, so that the end finds every sign."""
        held = self._held.get(session)
        if held is not None:
            await held.store()

    async def close(self) -> None:
        """Store what was heard, and end. Nobody speaks any more."""
        for held in list(self._held.values()):
            held.close()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
