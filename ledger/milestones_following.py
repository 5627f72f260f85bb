"""Sees to it that whoever reaches a level of recognition, or loses it, is told of: reads events, looks, records.

As with standings (`ledger/standings_following.py`): a position is passed only once everything up to it was looked at,
at this position or later; what is looked at twice is recorded once. An approval, or an opportunity's new skills, begin
a walk through all teams and all who have hours, whose place is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.application import Application
from ledger.domain.event import RecordedEvent, event_classes
from ledger.domain.hours import HoursMoved
from ledger.domain.initiative import is_initiative
from ledger.domain.opportunity import OpportunityUpdated
from ledger.domain.recognition import RecognitionApproved
from ledger.event_bytes import decode, recorded_event
from ledger.followed_events import FollowedEvents, StoredRow
from ledger.milestone_commands import MilestoneCommands
from ledger.one_follower import Connection, Pool
from ledger.projections.milestone_evaluations import MilestoneEvaluations

HOLDERS_TOGETHER: Final = 200
_LOCK_NUMBER: Final = 0x766F_6D69
_FOLLOWED: Final = "select partition, position from milestones_followed"
_PLACE: Final = "select reached from milestone_walks where partition = %b and position = %b"
_REACHED: Final = """
    insert into milestone_walks (partition, position, reached) values (%b, %b, %b)
    on conflict (partition, position) do update set reached = excluded.reached
"""
_END: Final = "delete from milestone_walks where partition = %b and position = %b"


class MilestonesFollowing:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, application: Application, event_pool: Pool, evaluations: MilestoneEvaluations) -> None:
        """`event_pool` reaches the event store as the service's role."""
        self._evaluations = evaluations
        self._commands = MilestoneCommands(application)
        moving = [name for name, kind in event_classes().items() if issubclass(kind, HoursMoved)]
        self._events = FollowedEvents(
            event_pool,
            what="milestones of recognition",
            lock_number=_LOCK_NUMBER,
            table="milestones_followed",
            types=[*moving, RecognitionApproved.stored_name, OpportunityUpdated.stored_name],
        )
        self._needed: dict[int, int] | None = None
        """Positions that every look must count: the last ones that could matter, of all partitions; None: not known."""
        self._programmes: bool | None = None
        """Whether any is approved; None: not known."""

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        await self._events.watch(self._do)

    async def _do(self, connection: Connection, partition: int, until: int, rows: Sequence[StoredRow]) -> bool:
        if self._needed is None:
            # Another process may have followed so far, and read a database that was ahead of this one's.
            self._needed = dict(await (await connection.execute(_FOLLOWED, binary=True)).fetchall())
        events = [recorded_event(decode(body)) for _, body in rows]
        wanted = {**self._needed, partition: until}
        if self._programmes is None or any(isinstance(event.data, RecognitionApproved) for event in events):
            self._programmes = await self._evaluations.any_programme(wanted)
        # Kept although nothing may be looked at now: a walk that begins later must count these hours.
        self._needed[partition] = until
        if not self._programmes:
            return True
        for cause in events:
            if _is_of_all(cause) and not await self._walk(connection, cause, wanted):
                return False
        causes = _causes(events)
        if not causes:
            return True
        found = await self._evaluations.evaluate(causes, wanted)
        return await self._commands.record(connection, found, causes.__getitem__)

    async def _walk(self, connection: Connection, cause: RecordedEvent, wanted: dict[int, int]) -> bool:
        """Look at teams and who has hours, from where the walk is; False: go on later. Raises NotYetApplied."""
        place = (cause.partition, cause.position)
        row = await (await connection.execute(_PLACE, place, binary=True)).fetchone()
        reached = "" if row is None else str(row[0])
        while holders := await self._evaluations.holders(reached, HOLDERS_TOGETHER, wanted):
            found = await self._evaluations.evaluate(holders, wanted)
            if not await self._commands.record(connection, found, lambda _: cause):
                return False
            reached = holders[-1]
            await connection.execute(_REACHED, (*place, reached))
        await connection.execute(_END, place)
        return True


def _is_of_all(event: RecordedEvent) -> bool:
    data = event.data
    return isinstance(data, RecognitionApproved) or (isinstance(data, OpportunityUpdated) and "skills" in data.changed)


def _causes(events: Sequence[RecordedEvent]) -> dict[str, RecordedEvent]:
    """Person or team → the last event that moved their hours. Head counts are a team's, and nobody's."""
    causes: dict[str, RecordedEvent] = {}
    for event in events:
        if isinstance(event.data, HoursMoved):
            whose = (event.data.holder, event.data.organization)
            causes |= {name: event for name in whose if name.startswith("volunteers/") or is_initiative(name)}
    return causes
