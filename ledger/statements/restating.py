"""Sees to it that a statement whose hours were corrected is told to be superseded, or restored when they are back.

It reads events in order and waits for the projections, which answer what somebody has now. A position is passed only
once everything up to it was looked at, at this position or later. A statement is looked at when it is issued, too: what
was corrected between the size it rests on and its own event was read when nobody knew of it yet.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ledger.application import Application
from ledger.domain.event import RecordedEvent, event_classes
from ledger.domain.hours import PresenceMoved
from ledger.domain.refusals import Reason
from ledger.domain.statement import RestateStatement
from ledger.domain.statement_events import StatementIssued
from ledger.domain.values import Account, Position
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import FollowUpRequests
from ledger.followed_events import FollowedEvents, StoredRow
from ledger.one_follower import Connection, Pool, heads
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.snapshot import snapshot

log = logging.getLogger(__name__)

RULE: Final = "restate-statement"
WAIT_SECONDS: Final = 2.0
_LOCK_NUMBER: Final = 0x766F_7365
_NOW: Final = """
    select s.statement, coalesce(sum(o.now), 0)::bigint, coalesce(bool_or(o.now <> o.stated), false),
           s.now_verified_seconds
    from statements s
    left join lateral (
        select sum(verified)::bigint as now,
               coalesce(sum(verified) filter (where position <= s.size), 0)::bigint as stated
        from (
            select organization, position, seconds * ((to_class = 3)::int - (from_class = 3)::int) as verified
            from entries
            where holder = s.volunteer and 3 in (from_class, to_class)
              and (s.period_start is null or service_date >= s.period_start)
              and (s.period_end is null or service_date <= s.period_end)
              and (cardinality(s.organizations) = 0 or organization = any(s.organizations))
        ) moved
        group by organization
    ) o on true
    where s.volunteer = any(%b) and s.revoked_at is null
    group by s.statement
"""

_NOTHING_TO_TELL: Final = (Reason.NOTHING_CHANGES, Reason.VOLUNTEER_ERASED, Reason.STANDING_EVALUATED_LATER)
"""Told already, of nobody any more, or overtaken by a later look."""


class _Looked(NamedTuple):
    statement: str
    current_seconds: int
    differs: bool
    told_seconds: int | None
    """What was told last; None: nothing, or that it holds again."""

    @property
    def is_news(self) -> bool:
        return self.told_seconds != (self.current_seconds if self.differs else None)


class StatementsFollowing:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, application: Application, event_pool: Pool, read_pool: ReadPool, partitions: int) -> None:
        """`event_pool` reaches the event store as the service's role."""
        self._requests = FollowUpRequests(application, RULE, settled=_NOTHING_TO_TELL)
        self._read_pool = read_pool
        self._ground = Ground(partitions, None)
        moving = [name for name, kind in event_classes().items() if issubclass(kind, PresenceMoved)]
        self._events = FollowedEvents(
            event_pool,
            what="statements",
            lock_number=_LOCK_NUMBER,
            table="statements_followed",
            types=[*moving, StatementIssued.stored_name],
        )

    async def watch(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        await self._events.watch(self._do)

    async def _do(self, connection: Connection, partition: int, until: int, rows: Sequence[StoredRow]) -> bool:
        """Raises NotYetApplied."""
        causes = _causes([recorded_event(decode(body)) for _, body in rows])
        return not causes or await self._look(connection, partition, until, causes)

    async def _look(
        self, connection: Connection, partition: int, until: int, causes: Mapping[str, RecordedEvent]
    ) -> bool:
        """Look at the statements of these people, and record what is news; False: look again."""
        wanted = {partition: until}
        async with snapshot(self._read_pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            rows = await (await found.connection.execute(_NOW, (list(causes),), binary=True)).fetchall()
            at = found.basis.positions[partition]
        news = [looked for looked in (_Looked(*row) for row in rows) if looked.is_news]
        if news and at > (await heads(connection))[partition]:
            log.critical("ALARM: the projections count events that the event store does not have: nothing is told")
            return False
        told = [await self._tell(looked, Position(partition=partition, position=at), causes) for looked in news]
        return all(told)

    async def _tell(self, looked: _Looked, at: Position, causes: Mapping[str, RecordedEvent]) -> bool:
        """One command; False: it is not known yet whether it stands."""
        cause = causes["/".join(looked.statement.split("/", 2)[:2])]
        command = RestateStatement(
            looked.statement,
            looked.current_seconds,
            looked.differs,
            (at,),
            Position(partition=cause.partition, position=cause.position),
        )
        return await self._requests.stands(command, cause)


def _causes(events: Sequence[RecordedEvent]) -> dict[str, RecordedEvent]:
    """Person → the last event after which their statements must be looked at."""
    causes: dict[str, RecordedEvent] = {}
    for event in events:
        data = event.data
        if isinstance(data, StatementIssued) or (isinstance(data, PresenceMoved) and _moves_verified(data)):
            causes[data.holder] = event
    return causes


def _moves_verified(data: PresenceMoved) -> bool:
    return any(Account.VERIFIED in (entry.from_class, entry.to_class) for entry in data.entries)
