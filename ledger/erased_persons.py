"""Ends what erased persons have open elsewhere: places in shifts to come, waiting, and appointments.

A registration lies with its shift and an appointment with its organisation, perhaps in another partition than the
person, so none of them can be ended by the erasure itself. They are looked for when an erasure is read, and again for
some minutes: what was decided in the very moment of the erasure is found then. Whoever begins to follow looks through
all erasures once, so that nothing is left by a crash in between.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from ledger import metrics
from ledger.application import Application
from ledger.domain.appointing import EndAppointment
from ledger.domain.erased_registration import EndRegistration
from ledger.domain.event import RecordedEvent
from ledger.domain.organization import MemberAppointed
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.registration_events import OfRegistration
from ledger.domain.world import Command
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ask
from ledger.one_follower import Connection

log = logging.getLogger(__name__)

ERASED_TYPES: Final = ("volunteer-erased", "member-erased")
REGISTRATION_RULE: Final = "end-registration"
APPOINTMENT_RULE: Final = "end-appointment"
LOOK_AGAIN_MINUTES: Final = 10
"""Far longer than any command that was decided before an erasure can take to be recorded."""

_ALL: Final = "select stream from events where type in ('volunteer-erased', 'member-erased')"
_RECENT: Final = f"{_ALL} and recorded_at > clock_timestamp() - make_interval(mins => %b)"
_REGISTRATIONS: Final = """
    select latest.body
    from unnest(%b::text[]) as erased (volunteer)
    join events begun on split_part(begun.stream, '/', 6) = split_part(erased.volunteer, '/', 2)
        and begun.version = 1
        and begun.type in ('registration-accepted', 'registration-requested', 'registration-waitlisted')
    cross join lateral (
        select type, body from events where events.stream = begun.stream order by version desc limit 1
    ) latest
    where erased.volunteer like 'volunteers/%%' and latest.type not in (
        'registration-withdrawn', 'registration-declined', 'waiting-ended', 'absence-recorded'
    )
"""
_APPOINTMENTS: Final = """
    select body from events
    where type = 'member-appointed' and convert_from(body, 'UTF8')::jsonb #>> '{data,member}' = any(%b::text[])
"""


class ErasedPersons:
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
        """End what these persons have open; False: not all of it yet, ask again. Raises psycopg.Error."""
        if not erased:
            return True
        registrations = await (await connection.execute(_REGISTRATIONS, (list(erased),), binary=True)).fetchall()
        appointments = await (await connection.execute(_APPOINTMENTS, (list(erased),), binary=True)).fetchall()
        ended = [await self._end(body) for (body,) in (*registrations, *appointments)]
        return all(ended)

    async def _end(self, body: bytes) -> bool:
        recorded = recorded_event(decode(body))
        rule, command = _ending(recorded)
        try:
            await ask(self._application, command, recorded, rule)
        except Refusal as refusal:
            if refusal.may_be_asked_again:
                return False
            # Such as a shift that has begun, or an appointment that has ended.
            log.debug("%s: nothing to end: %s", recorded.stream, refusal.reason.name)
            return True
        metrics.FOLLOW_UPS.labels(rule, "OK").inc()
        return True


def _ending(recorded: RecordedEvent) -> tuple[str, Command]:
    """The rule, and the command that ends what the event tells of."""
    match recorded.data:
        case OfRegistration(volunteer=volunteer):
            return REGISTRATION_RULE, EndRegistration(recorded.stream, volunteer)
        case MemberAppointed(appointment=appointment):
            return APPOINTMENT_RULE, EndAppointment(appointment)
    raise InvariantBroken(f"{recorded.stream}: position {recorded.position} is another event than its row says")
