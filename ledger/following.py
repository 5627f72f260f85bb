"""Sees to it that what must follow elsewhere does: reads events in order, asks for the commands they make necessary.

Each of them stands once, by its own request id, however often it is asked for. So the position reached is only a hint,
and of several processes it does not matter which one follows: the one that holds the lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from ledger import metrics
from ledger.application import Application
from ledger.domain.event import RecordedEvent
from ledger.domain.follow_ups import FOLLOWED, FollowUp, follow_up
from ledger.domain.link_events import VolunteerLinked, VolunteerLinkEnded
from ledger.domain.refusals import Reason, Refusal
from ledger.erased_persons import ERASED_TYPES, ErasedPersons
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ask
from ledger.lapsing import ClaimLapsing
from ledger.linked_overlaps import LinkedOverlaps
from ledger.one_follower import (
    EVENTS_TOGETHER,
    POSITIONS_TOGETHER,
    Connection,
    Pool,
    events_of,
    follow_alone,
    heads,
)

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 0.2
LAPSE_SECONDS: Final = 60.0
"""Between two looks at the claims whose time may have come, and at what erased persons have open."""

_LOCK_NUMBER: Final = 0x766F_6C66
_FOLLOWED: Final = "select partition, position from followed"
_REACHED: Final = """
    insert into followed (partition, position) values (%b, %b)
    on conflict (partition) do update set position = excluded.position
"""


class Following:
    """One process's part in following; only one of several is at work at a time."""

    def __init__(self, application: Application, pool: Pool) -> None:
        """`pool` reaches the event store as the service's role."""
        self._application = application
        self._pool = pool
        self._lapsing = ClaimLapsing(application)
        self._erased_persons = ErasedPersons(application)
        self._linked_overlaps = LinkedOverlaps(application)

    async def watch(self) -> None:
        """Follow until cancelled; a store that is away is waited for."""
        await follow_alone(self._pool, _LOCK_NUMBER, "what must follow elsewhere", self._follow_while_connected)

    async def _follow_while_connected(self, connection: Connection) -> None:
        self._linked_overlaps.forget()
        reached = dict(await (await connection.execute(_FOLLOWED, binary=True)).fetchall())
        looked_at = -LAPSE_SECONDS
        while True:
            recorded = await heads(connection)
            for partition, head in recorded.items():
                reached[partition] = await self._follow(connection, partition, reached.get(partition, 0), head)
            if time.monotonic() - looked_at >= LAPSE_SECONDS:
                await self._lapsing.look(connection, list(recorded))
                await self._erased_persons.look_again(connection)
                looked_at = time.monotonic()
            if all(reached[partition] >= head for partition, head in recorded.items()):
                await asyncio.sleep(EVERY_SECONDS)

    async def _follow(self, connection: Connection, partition: int, after: int, head: int) -> int:
        """Some further events of one partition; returns the position reached, which is kept."""
        if after >= head:
            return after
        until = min(head, after + POSITIONS_TOGETHER)
        rows = await events_of(connection, partition, after, until, (*FOLLOWED, *ERASED_TYPES))
        for position, body in rows:
            if not await self._do(connection, body):
                until = position - 1
                break
        else:
            until = rows[-1][0] if len(rows) == EVENTS_TOGETHER else until
        if until > after and not await self._linked_overlaps.look(connection, partition, after, until):
            return after
        if until > after:
            await connection.execute(_REACHED, (partition, until))
        return until

    async def _do(self, connection: Connection, body: bytes) -> bool:
        """What follows from one event; False: it is not known yet whether it stands, ask again."""
        recorded = recorded_event(decode(body))
        if recorded.data.stored_name in ERASED_TYPES:
            return await self._erased_persons.end(connection, [recorded.stream])
        if isinstance(recorded.data, VolunteerLinked | VolunteerLinkEnded):
            self._linked_overlaps.forget()
        if isinstance(recorded.data, VolunteerLinked):
            pair = recorded.data.volunteer, recorded.data.linked_volunteer
            if not await self._linked_overlaps.end(connection, [pair]):
                return False
        following = follow_up(recorded)
        return True if following is None else await self._follow_up(recorded, following)

    async def _follow_up(self, recorded: RecordedEvent, following: FollowUp) -> bool:
        try:
            await ask(self._application, following.command, recorded, following.rule)
        except Refusal as refusal:
            if refusal.may_be_asked_again:
                await asyncio.sleep(EVERY_SECONDS)
                return False
            if refusal.reason is Reason.NOTHING_CHANGES and following.may_be_done:
                return True
            if following.otherwise is not None:
                instead = FollowUp(f"not {following.rule}", following.otherwise, may_be_done=True)
                return await self._follow_up(recorded, instead)
            # All that can refuse it was asked before the event was recorded: somebody must look.
            log.error("%s does not follow from event %s: %s", following.rule, recorded.event_id, refusal.reason.name)
            metrics.FOLLOW_UPS.labels(following.rule, refusal.reason.name).inc()
            return True
        metrics.FOLLOW_UPS.labels(following.rule, "OK").inc()
        return True
