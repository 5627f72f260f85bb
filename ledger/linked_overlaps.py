"""Finds seconds that are verified under both of two linked names, and has one of them disputed.

Verifying looks at the other name (`domain/linked_overlap.py`), but no lock holds two partitions: two verifiers may
confirm in one moment, and what was verified before a link was made looked at nothing. So whoever follows looks at a
pair when it is linked and whenever something of it was verified, in the order of the events: the later one of two
finds both.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ledger import metrics
from ledger.application import Application
from ledger.domain.link_events import VolunteerLinked
from ledger.domain.linked_overlap import DisputeLinkedOverlap
from ledger.domain.refusals import Refusal
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ACTOR, CLIENT, request_id_of
from ledger.one_follower import Connection

log = logging.getLogger(__name__)

RULE: Final = "dispute-linked-overlap"
LINK_TYPES: Final = frozenset(("volunteer-linked", "volunteer-link-ended"))

_LINKS: Final = """
    select body from (
        select distinct on (stream) type, body from events
        where type in ('volunteer-linked', 'volunteer-link-ended') order by stream, version desc
    ) latest
    where type = 'volunteer-linked'
"""
_VERIFIED: Final = """
    select distinct 'volunteers/' || split_part(stream, '/', 2) from events
    where partition = %b and position > %b and position <= %b and type in ('hours-verified', 'dispute-resolved')
      and 'volunteers/' || split_part(stream, '/', 2) = any(%b::text[])
"""
_OVERLAPS: Final = """
    select one.attendance, latest.body
    from presences other
    join presences one on one.volunteer = %b and one.end_s > other.start_s and one.start_s < other.end_s
    cross join lateral (
        select body from events where events.stream = other.attendance order by version desc limit 1
    ) latest
    where other.volunteer = %b
"""


class LinkedOverlaps:
    """One process's part in it, called by whoever follows."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._linked: Mapping[str, str] | None = None
        """Name → the other one; None: to be read."""

    def forget(self) -> None:
        """Links were made or ended: they are read anew."""
        self._linked = None

    async def look(self, connection: Connection, partition: int, after: int, until: int) -> bool:
        """What was verified of linked names in a part of a partition; False: not done yet, ask again.

        Raises psycopg.Error.
        """
        linked = self._linked if self._linked is not None else await self._links(connection)
        self._linked = linked
        if not linked:
            return True
        wanted = (partition, after, until, list(linked))
        rows = await (await connection.execute(_VERIFIED, wanted, binary=True)).fetchall()
        return await self.end(connection, ((row[0], linked[row[0]]) for row in rows))

    async def end(self, connection: Connection, pairs: Iterable[tuple[str, str]]) -> bool:
        """End what is verified under both names of these pairs. Raises psycopg.Error."""
        done = True
        for first, second in {(min(pair), max(pair)) for pair in pairs}:
            rows = await (await connection.execute(_OVERLAPS, (first, second), binary=True)).fetchall()
            done = await self._dispute(rows) and done
        return done

    async def _links(self, connection: Connection) -> Mapping[str, str]:
        rows = await (await connection.execute(_LINKS, binary=True)).fetchall()
        linked = [recorded_event(decode(body)).data for (body,) in rows]
        return {one.volunteer: one.linked_volunteer for one in linked if isinstance(one, VolunteerLinked)}

    async def _dispute(self, rows: Sequence[tuple[str, bytes]]) -> bool:
        """Under the name that comes second, so that whoever looks disputes the same one."""
        for attendance, body in rows:
            latest = recorded_event(decode(body))
            try:
                await self._application.execute(
                    DisputeLinkedOverlap(latest.stream, attendance),
                    client=CLIENT,
                    actor=ACTOR,
                    request_id=request_id_of(latest, f"{RULE} {attendance}"),
                    request_body=f"{RULE} {latest.event_id}".encode(),
                )
            except Refusal as refusal:
                if refusal.may_be_asked_again:
                    return False
                continue  # nearly always: they do not overlap in what is verified
            log.warning("%s is verified under a linked name, too: disputed", latest.stream)
            metrics.FOLLOW_UPS.labels(RULE, "OK").inc()
        return True
