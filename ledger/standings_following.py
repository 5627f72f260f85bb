"""Sees to it that whoever meets a watched requirement, or loses it, is told of: reads events in order, looks, records.

It waits for the projections, which answer what is asked, and so stands apart from all else that is followed. A position
is passed only once everything up to it was looked at, at this position or later: nothing is skipped, and what is looked
at twice is recorded once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias

from ledger.application import Application
from ledger.domain.event import RecordedEvent, event_classes
from ledger.domain.hours import PresenceMoved
from ledger.domain.standing_causes import APPROVALS, OTHERS, OfAll, OfPerson, touched
from ledger.event_bytes import decode, recorded_event
from ledger.one_follower import (
    EVENTS_TOGETHER,
    POSITIONS_TOGETHER,
    Connection,
    Pool,
    events_of,
    follow_alone,
    heads,
)
from ledger.projections.basis import NotYetApplied
from ledger.projections.standing_evaluations import Evaluated, StandingEvaluations
from ledger.standing_commands import StandingCommands
from ledger.standing_walks import StandingWalks, begin_walk
from ledger.told_errors import told

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 0.3

_LOCK_NUMBER: Final = 0x766F_7374
_FOLLOWED: Final = "select partition, position from standings_followed"
_REACHED: Final = """
    insert into standings_followed (partition, position) values (%b, %b)
    on conflict (partition) do update set position = excluded.position
"""

_Causes: TypeAlias = dict[str, list[RecordedEvent]]
"""Holder → the events that touched them, in order."""


class StandingsFollowing:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, application: Application, pool: Pool, evaluations: StandingEvaluations) -> None:
        """`pool` reaches the event store as the service's role."""
        self._pool = pool
        self._evaluations = evaluations
        self._commands = StandingCommands(application)
        self._walks = StandingWalks(evaluations, self._commands)
        self._types = [name for name, kind in event_classes().items() if issubclass(kind, PresenceMoved)]
        self._types += [*APPROVALS, *OTHERS]
        self._watched: frozenset[str] | None = None
        """Versions that are told of; None: not known."""
        self._needed: dict[int, int] = {}
        """Positions that every look must count: the last ones that could matter, of all partitions."""

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        await follow_alone(self._pool, _LOCK_NUMBER, "standings with requirements", self._follow_while_connected)

    async def _follow_while_connected(self, connection: Connection) -> None:
        reached = dict(await (await connection.execute(_FOLLOWED, binary=True)).fetchall())
        self._needed, self._watched = dict(reached), None
        while True:
            moved = False
            for partition, head in (await heads(connection)).items():
                after = reached.get(partition, 0)
                if after < head:
                    reached[partition] = await self._patiently(connection, partition, after, head)
                    moved |= reached[partition] > after
            moved |= await self._walk_on(connection)
            if not moved:
                await asyncio.sleep(EVERY_SECONDS)

    async def _patiently(self, connection: Connection, partition: int, after: int, head: int) -> int:
        try:
            return await self._follow(connection, partition, after, head)
        except NotYetApplied as error:
            log.debug("partition %d: looked at later: %s", partition, told(error))
            return after

    async def _walk_on(self, connection: Connection) -> bool:
        try:
            return await self._walks.step(connection, self._needed)
        except NotYetApplied as error:
            log.debug("the walk goes on later: %s", told(error))
            return False

    async def _follow(self, connection: Connection, partition: int, after: int, head: int) -> int:
        """Some further events of one partition; returns the position reached, which is kept. Raises NotYetApplied."""
        if self._watched is None:
            self._watched = await self._evaluations.watched(self._needed)
        until, all_types = min(head, after + POSITIONS_TOGETHER), bool(self._watched)
        rows = await events_of(connection, partition, after, until, self._types if all_types else APPROVALS)
        if rows and (not all_types or len(rows) == EVENTS_TOGETHER):
            # What lies behind an approval may have to be looked at from now on.
            until = rows[-1][0]
        causes, of_all = _sorted([recorded_event(decode(body)) for _, body in rows])
        if causes or of_all or not all_types:
            # Hours that were passed while nothing was watched: a walk that begins later must count them.
            self._needed[partition] = until
        walks = await self._walks_to_begin(of_all)
        if causes and not await self._look(connection, causes):
            return after
        async with connection.transaction():
            for cause in walks:
                await begin_walk(connection, cause)
            await connection.execute(_REACHED, (partition, until))
        return until

    async def _walks_to_begin(self, of_all: Sequence[tuple[RecordedEvent, OfAll]]) -> list[RecordedEvent]:
        """Events after which everybody must be looked at; the versions that are told of are learnt anew."""
        if not of_all:
            return []
        self._watched = watched = await self._evaluations.watched(self._needed)
        return [cause for cause, of in of_all if watched and (of.version is None or of.version in watched)]

    async def _look(self, connection: Connection, causes: _Causes) -> bool:
        """Look at the people that events touched, and record; False: look again."""
        asked = {holder: _dates(events) for holder, events in causes.items()}
        found = await self._evaluations.evaluate(asked, self._needed)
        return await self._commands.record(connection, found, lambda one: _cause(one, causes[one.holder]))


def _sorted(events: Sequence[RecordedEvent]) -> tuple[_Causes, list[tuple[RecordedEvent, OfAll]]]:
    causes: _Causes = {}
    of_all: list[tuple[RecordedEvent, OfAll]] = []
    for event in events:
        match touched(event):
            case OfPerson(holder):
                causes.setdefault(holder, []).append(event)
            case OfAll() as of:
                of_all.append((event, of))
            case None:
                pass
    return causes, of_all


def _dates(events: Sequence[RecordedEvent]) -> frozenset[date] | None:
    """Dates of service that events of one person touched; None: all there are."""
    dates: frozenset[date] = frozenset()
    for event in events:
        person = touched(event)
        if not isinstance(person, OfPerson) or person.dates is None:
            return None
        dates |= person.dates
    return dates


def _cause(one: Evaluated, events: Sequence[RecordedEvent]) -> RecordedEvent:
    """The last event that moved what the requirement measures, in the period; else the last one of all."""
    measured, period = one.version.rules.measure_classes, one.period

    def moves(event: RecordedEvent) -> bool:
        return not isinstance(event.data, PresenceMoved) or any(
            period.first <= entry.service_date <= period.last
            and (entry.from_class.value in measured or entry.to_class.value in measured)
            for entry in event.data.entries
        )

    return next((event for event in reversed(events) if moves(event)), events[-1])
