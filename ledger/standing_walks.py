"""Walks through all who have hours: an approval, or what is known of an opportunity, may change how anybody stands.

Where a walk is stands in the event store: whoever follows next goes on there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.domain.event import RecordedEvent
from ledger.event_bytes import decode, recorded_event
from ledger.one_follower import Connection
from ledger.projections.standing_evaluations import StandingEvaluations
from ledger.standing_commands import StandingCommands

HOLDERS_TOGETHER: Final = 200

_BEGIN: Final = """
    insert into standing_walks (partition, position, reached) values (%b, %b, '') on conflict do nothing
"""
_NEXT: Final = """
    select events.body, walk.reached
    from standing_walks walk join events on events.partition = walk.partition and events.position = walk.position
    order by walk.partition, walk.position limit 1
"""
_REACHED: Final = "update standing_walks set reached = %b where partition = %b and position = %b"
_END: Final = "delete from standing_walks where partition = %b and position = %b"


async def begin_walk(connection: Connection, cause: RecordedEvent) -> None:
    """Let a walk begin because of an event, in the caller's transaction."""
    await connection.execute(_BEGIN, (cause.partition, cause.position))


class StandingWalks:
    """Goes on with the walks that were begun, the oldest first."""

    def __init__(self, evaluations: StandingEvaluations, commands: StandingCommands) -> None:
        self._evaluations = evaluations
        self._commands = commands

    async def step(self, connection: Connection, needed: Mapping[int, int]) -> bool:
        """Look at the next people of a walk, at `needed` positions or later; False: there is none, or try again.

        Raises NotYetApplied, psycopg.Error and PoolTimeout.
        """
        row = await (await connection.execute(_NEXT, binary=True)).fetchone()
        if row is None:
            return False
        cause, reached = recorded_event(decode(row[0])), row[1]
        wanted = {**needed, cause.partition: max(cause.position, needed.get(cause.partition, 0))}
        holders = await self._evaluations.holders(reached, HOLDERS_TOGETHER, wanted)
        if holders:
            found = await self._evaluations.evaluate(dict.fromkeys(holders), wanted)
            if not await self._commands.record(connection, found, lambda _: cause):
                return False
        if len(holders) == HOLDERS_TOGETHER:
            await connection.execute(_REACHED, (holders[-1], cause.partition, cause.position))
        else:
            await connection.execute(_END, (cause.partition, cause.position))
        return True
