"""From what people were found to reach to commands, where that is not what was told last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ledger.application import Application
from ledger.domain.event import RecordedEvent
from ledger.domain.milestone import (
    MilestoneReached,
    MilestoneTold,
    RecordMilestone,
    milestone_name,
    recognition_of,
)
from ledger.domain.refusals import Reason
from ledger.domain.values import Position
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import FollowUpRequests
from ledger.one_follower import Connection, heads
from ledger.projections.milestone_evaluations import Found, Milestones

log = logging.getLogger(__name__)

RULE: Final = "record-milestone"
COMMANDS_TOGETHER: Final = 100
_TOLD: Final = """
    select distinct on (events.stream) events.body
    from unnest(%b::text[], %b::text[]) as range (first, last)
    join events on events.stream >= range.first and events.stream < range.last
    order by events.stream, events.version desc
"""
"""What the event store told last of each milestone of some persons and teams: projections may lack the newest."""


class MilestoneCommands:
    """Issues commands through the writing side of this process."""

    def __init__(self, application: Application) -> None:
        self._requests = FollowUpRequests(
            application,
            RULE,
            settled=[Reason.NOTHING_CHANGES],
            overtaken=[Reason.STANDING_EVALUATED_LATER],
        )

    async def record(self, connection: Connection, found: Milestones, cause_of: Callable[[str], RecordedEvent]) -> bool:
        """Record what was found where it is news; False: it must be evaluated again. Raises psycopg.Error."""
        told = await _told(connection, list(found.of_holders))
        news = [
            (command, cause_of(holder))
            for holder, one in found.of_holders.items()
            for command in commands_of(holder, one, told.get(holder, {}), found.positions, cause_of(holder))
        ]
        recorded = await heads(connection) if news else {}
        if any(position > recorded.get(partition, 0) for partition, position in found.positions.items() if news):
            log.critical("ALARM: the projections count events that the event store does not have: nothing is told")
            return False
        stand = True
        for first in range(0, len(news), COMMANDS_TOGETHER):
            sent = [self._requests.stands(command, cause) for command, cause in news[first : first + COMMANDS_TOGETHER]]
            stand &= all(await asyncio.gather(*sent))
        return stand


def commands_of(
    holder: str,
    found: Found,
    told: Mapping[str, MilestoneTold],
    positions: Mapping[int, int],
    cause: RecordedEvent,
) -> Iterator[RecordMilestone]:
    """What is news of one person or team. `told`: milestone → its last event."""
    reached = {milestone_name(holder, *key): version for key, version in found.reached.items()}
    held = {name for name, last in told.items() if isinstance(last, MilestoneReached)}
    for name in sorted(reached.keys() ^ held):
        # Who has no verified service left is under no version: what was told last is taken back by its own.
        applied = reached.get(name) or found.in_force.get(recognition_of(name)) or told[name].recognition_version
        yield RecordMilestone(
            milestone=name,
            reached=name in reached,
            recognition_version=applied,
            counted_seconds=found.served.counted_seconds,
            months=found.served.months,
            skills_count=found.served.skills_count,
            organizations_count=found.served.organizations_count,
            persons_count=found.served.persons_count,
            evaluated_at=tuple(
                Position(partition=partition, position=position) for partition, position in sorted(positions.items())
            ),
            cause=Position(partition=cause.partition, position=cause.position),
        )


async def _told(connection: Connection, holders: Sequence[str]) -> dict[str, dict[str, MilestoneTold]]:
    """Holder → milestone → its last event."""
    # "0" is the sign after "/": every name that begins with the prefix lies before it.
    ranges = [f"{holder}/recognitions/" for holder in holders], [f"{holder}/recognitions0" for holder in holders]
    rows = await (await connection.execute(_TOLD, ranges, binary=True)).fetchall()
    told: dict[str, dict[str, MilestoneTold]] = {}
    for (body,) in rows:
        data = recorded_event(decode(body)).data
        if isinstance(data, MilestoneTold):
            told.setdefault(data.holder, {})[data.milestone] = data
    return told
