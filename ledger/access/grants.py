"""What the event store says of clients and appointments, in memory: all of it at the start, then what is new.

Why not from projections: decision 19. An index over these few types makes a look cost what changed, not what is stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.caller import Role
from ledger.domain.catalogue import fold
from ledger.domain.client import Client
from ledger.domain.event import RecordedEvent
from ledger.domain.initiative import InitiativeRegistered
from ledger.domain.organization import Appointment, AppointmentEnded, MemberAppointed
from ledger.domain.refusals import Reason, Refusal
from ledger.event_bytes import decode, recorded_event

EVERY_SECONDS: Final = 1.0
BELIEVED_SECONDS_MAX: Final = 60.0
"""Of what was read last: a revocation must hold after that, whatever is away."""

_log = logging.getLogger(__name__)
_HEADS: Final = "select partition, position from partition_counters"
# The list stands in the text: only so does PostgreSQL see that the partial index holds all that is asked for.
_NEW: Final = """
    select position, body from events
    where partition = %b and position > %b and position <= %b and type in (
        'client-registered', 'client-updated', 'client-revoked',
        'member-appointed', 'appointment-ended', 'initiative-registered'
    )
    order by position
"""


class Grants:
    """Who may call and who is appointed. One process has one; safe to ask from its event loop."""

    def __init__(
        self, event_pool: AsyncConnectionPool[AsyncConnection[Any]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` says how old what was read is, in seconds."""
        self._pool = event_pool
        self._clock = clock
        self._read_at = float("-inf")
        self._turn = asyncio.Lock()
        self.changes = 0
        """How often something was said of clients and appointments: what was worked out before is then old."""
        self._positions: dict[int, int] = {}
        self._clients: dict[str, object] = {}
        self._by_certificate: dict[str, str] = {}
        self._appointments: dict[str, dict[str, tuple[str, Appointment]]] = {}
        self._where: dict[str, str] = {}
        self._initiatives: dict[str, set[str]] = {}

    async def look(self) -> None:
        """Read what is new. Raises psycopg.Error."""
        looked_at = self._clock()
        # One at a time: of two that began behind the same position both would take the same events.
        async with self._turn, self._pool.connection() as connection:
            heads = await (await connection.execute(_HEADS, binary=True)).fetchall()
            for partition, head in heads:
                after = self._positions.get(partition, 0)
                if head > after:
                    rows = await (await connection.execute(_NEW, (partition, after, head), binary=True)).fetchall()
                    for _, body in rows:
                        self._take(recorded_event(decode(body)))
                    self._positions[partition] = head
            self._read_at = looked_at

    async def watch(self) -> None:
        """Look every second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.look()
            except psycopg.Error as error:
                _log.warning("who may call cannot be read: %s", type(error).__name__)

    def need_fresh(self) -> None:
        """Refuse UNAVAILABLE where what was read is too old to be believed."""
        if self._clock() - self._read_at > BELIEVED_SECONDS_MAX:
            raise Refusal(Reason.UNAVAILABLE, {})

    def client(self, client_id: str) -> Client | None:
        """A registered client, also a revoked one."""
        known = self._clients.get(f"clients/{client_id}")
        return known if isinstance(known, Client) else None

    def clients(self) -> list[Client]:
        """All of them, by name."""
        return [known for _, known in sorted(self._clients.items()) if isinstance(known, Client)]

    def client_of_certificate(self, sha256: str) -> str | None:
        """The id of the client that may present a certificate."""
        return self._by_certificate.get(sha256)

    def roles_of(self, actor: str) -> Mapping[Role, Set[str]]:
        """Role → organisations that `actor` is appointed in, now, and initiatives that it answers for."""
        roles: dict[Role, set[str]] = {}
        now = datetime.now(UTC)
        for organization, appointment in self._appointments.get(actor, {}).values():
            if appointment.in_force(now):
                roles.setdefault(Role(appointment.role), set()).add(organization)
        if actor in self._initiatives:
            roles.setdefault(Role.COORDINATOR, set()).update(self._initiatives[actor])
        return roles

    def _take(self, event: RecordedEvent) -> None:
        self.changes += 1
        data = event.data
        if isinstance(data, MemberAppointed):
            appointment = Appointment(data.appointment, data.member, data.role, data.from_time, data.until_time)
            self._appointments.setdefault(data.member, {})[data.appointment] = (data.organization, appointment)
            self._where[data.appointment] = data.member
        elif isinstance(data, AppointmentEnded):
            self._end(data)
        elif isinstance(data, InitiativeRegistered):
            for responsible in data.responsible:
                self._initiatives.setdefault(responsible, set()).add(data.initiative)
        else:
            self._clients[event.stream] = fold(self._clients.get(event.stream), event)
            self._by_certificate = {
                sha256: client.name.removeprefix("clients/")
                for client in self.clients()
                for sha256 in client.terms.certificates
                if client.revoked_for is None
            }

    def _end(self, ended: AppointmentEnded) -> None:
        held = self._appointments[self._where[ended.appointment]]
        organization, known = held[ended.appointment]
        held[ended.appointment] = (
            organization,
            Appointment(known.name, known.member, known.role, known.from_time, ended.until_time),
        )
