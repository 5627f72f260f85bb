"""From how people were found to stand with watched requirements to commands, where that is not what was told last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from ledger.application import Application
from ledger.domain.event import RecordedEvent
from ledger.domain.refusals import Reason
from ledger.domain.requirement_standing import RecordStanding, RequirementMet, standing_name
from ledger.domain.values import Position
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import FollowUpRequests
from ledger.one_follower import Connection, heads
from ledger.projections.standing_evaluations import Evaluated, Evaluations
from ledger.requirements.period import period_id

log = logging.getLogger(__name__)

RULE: Final = "record-standing"
COMMANDS_TOGETHER: Final = 100
_LAST: Final = """
    select distinct on (stream) stream, body from events where stream = any(%b) order by stream, version desc
"""


class StandingCommands:
    """Issues commands through the writing side of this process."""

    def __init__(self, application: Application) -> None:
        self._requests = FollowUpRequests(
            application,
            RULE,
            settled=[Reason.NOTHING_CHANGES],
            overtaken=[Reason.STANDING_EVALUATED_LATER],
        )

    async def record(
        self, connection: Connection, found: Evaluations, cause_of: Callable[[Evaluated], RecordedEvent]
    ) -> bool:
        """Record what was found where it is news; False: it must be evaluated again. Raises psycopg.Error."""
        wanted = [
            (_command(one, found.positions, cause), cause) for one in found.standings for cause in [cause_of(one)]
        ]
        told = await _levels(connection, [command.standing for command, _ in wanted])
        news = [(command, cause) for command, cause in wanted if command.level != told.get(command.standing)]
        if news and _ahead(found.positions, await heads(connection)):
            log.critical("ALARM: the projections count events that the event store does not have: nothing is told")
            return False
        stand = True
        for first in range(0, len(news), COMMANDS_TOGETHER):
            sent = [self._requests.stands(command, cause) for command, cause in news[first : first + COMMANDS_TOGETHER]]
            stand &= all(await asyncio.gather(*sent))
        return stand


def _command(one: Evaluated, positions: Mapping[int, int], cause: RecordedEvent) -> RecordStanding:
    version, period, verdict = one.version, one.period, one.verdict
    return RecordStanding(
        standing=standing_name(one.holder, version.policy, period_id(version.rules.period, period)),
        requirement=version.name,
        period_start=None if period.first == date.min else period.first,
        period_end=period.last,
        level=verdict.level if verdict.met else None,
        counted_seconds=verdict.counted_seconds,
        evaluated_at=tuple(
            Position(partition=partition, position=position) for partition, position in sorted(positions.items())
        ),
        cause=Position(partition=cause.partition, position=cause.position),
    )


async def _levels(connection: Connection, standings: Sequence[str]) -> Mapping[str, str | None]:
    """What the event store told last: projections may lack what was recorded since they were asked."""
    rows = await (await connection.execute(_LAST, (list(standings),), binary=True)).fetchall()
    told = {stream: recorded_event(decode(body)).data for stream, body in rows}
    return {stream: data.level if isinstance(data, RequirementMet) else None for stream, data in told.items()}


def _ahead(positions: Mapping[int, int], recorded: Mapping[int, int]) -> bool:
    return any(position > recorded.get(partition, 0) for partition, position in positions.items())
