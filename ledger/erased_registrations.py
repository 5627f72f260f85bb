"""Ends what erased persons are registered for: places in shifts to come, and waiting.

A registration lies with its shift, perhaps in another partition than the person, so none of them can be ended by the
erasure itself. They are looked for when an erasure is read, and again for some minutes: a registration that was decided
in the very moment of the erasure is found then. Whoever begins to follow looks through all erasures once, so that
nothing is left by a crash in between.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from ledger import metrics
from ledger.application import Application
from ledger.domain.erased_registration import EndRegistration
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.domain.registration_events import OfRegistration
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ACTOR, CLIENT, request_id_of
from ledger.one_follower import Connection

log = logging.getLogger(__name__)

ERASED_TYPES: Final = ("volunteer-erased",)
RULE: Final = "end-registration"
LOOK_AGAIN_MINUTES: Final = 10
"""Far longer than any command that was decided before an erasure can take to be recorded."""

_RECENT: Final = """
    select stream from events
    where type = 'volunteer-erased' and recorded_at > clock_timestamp() - make_interval(mins => %b)
"""
_ALL: Final = "select stream from events where type = 'volunteer-erased'"
_OPEN: Final = """
    select latest.body
    from unnest(%b::text[]) as erased (volunteer)
    join events begun on split_part(begun.stream, '/', 6) = split_part(erased.volunteer, '/', 2)
        and begun.version = 1
        and begun.type in ('registration-accepted', 'registration-requested', 'registration-waitlisted')
    cross join lateral (
        select type, body from events where events.stream = begun.stream order by version desc limit 1
    ) latest
    where latest.type not in (
        'registration-withdrawn', 'registration-declined', 'waiting-ended', 'absence-recorded'
    )
"""


class ErasedRegistrations:
    """One process's part in it, called by whoever follows."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._looked_through_all = False

    async def look_again(self, connection: Connection) -> None:
        """End what is open of who was erased lately; the first time, of all. Raises psycopg.Error."""
        if self._looked_through_all:
            rows = await (await connection.execute(_RECENT, (LOOK_AGAIN_MINUTES,), binary=True)).fetchall()
        else:
            rows = await (await connection.execute(_ALL, binary=True)).fetchall()
        self._looked_through_all = await self.end(connection, [row[0] for row in rows]) or self._looked_through_all

    async def end(self, connection: Connection, erased: Sequence[str]) -> bool:
        """End what these persons are registered for; False: not all of it yet, ask again. Raises psycopg.Error."""
        if not erased:
            return True
        rows = await (await connection.execute(_OPEN, (list(erased),), binary=True)).fetchall()
        return all([await self._end(body) for (body,) in rows])

    async def _end(self, body: bytes) -> bool:
        latest = recorded_event(decode(body))
        if not isinstance(latest.data, OfRegistration):
            raise InvariantBroken(f"{latest.stream}: position {latest.position} is no event of a registration")
        try:
            await self._application.execute(
                EndRegistration(latest.stream, latest.data.volunteer),
                client=CLIENT,
                actor=ACTOR,
                request_id=request_id_of(latest, RULE),
                request_body=f"{RULE} {latest.event_id}".encode(),
            )
        except Refusal as refusal:
            if refusal.reason is Reason.UNAVAILABLE:
                return False
            log.debug("%s is not ended: %s", latest.stream, refusal.reason.name)  # such as a shift that has begun
            return True
        metrics.FOLLOW_UPS.labels(RULE, "OK").inc()
        return True
