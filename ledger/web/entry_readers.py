"""Who reads whole events over HTTP: auditors, by an access token or by the one made for them; each is recorded."""

from __future__ import annotations

import hmac
from typing import Final

from ledger.access.access_log import AccessLog, Look
from ledger.access.caller import Caller, Role
from ledger.access.door import Door, NotProven, Proof
from ledger.access.permissions import PERMISSIONS
from ledger.domain.refusals import Reason
from ledger.security_events import SecurityEvent, security_event

TOKEN_CLIENT: Final = "auditor-token"
"""Stands for whoever shows LEDGER_AUDITOR_TOKEN: one secret for all auditors says no more of them."""
CALL: Final = "AuditService/ReplayEvents"
"""What reading entries is: the same row of the table lets it."""


class EntryReaders:
    """Lets auditors in. Safe to share between requests."""

    def __init__(self, door: Door | None, access_log: AccessLog, auditor_token: str) -> None:
        """With an empty token, and without a door, nobody reads entries."""
        self._door = door
        self._access_log = access_log
        self._auditor_token = auditor_token.encode()

    def let_in(self, authorization: str) -> Caller | None:
        """Who reads; None: nobody who may, which is told in the log."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            security_event(SecurityEvent.TOKEN_REFUSED, "", "entries over HTTP: no token was shown")
            return None
        # Compared in a time that does not tell how much of a guess was right.
        if hmac.compare_digest(token.encode("latin-1"), self._auditor_token):
            return Caller(TOKEN_CLIENT, f"clients/{TOKEN_CLIENT}", {Role.AUDITOR: frozenset()})
        if self._door is None:
            security_event(SecurityEvent.TOKEN_REFUSED, "", "entries over HTTP: not the auditors' token")
            return None
        try:
            caller = self._door.caller(Proof(token=token))
        except NotProven as refused:
            security_event(refused.kind, refused.client, refused.details["cause"])
            return None
        if caller.roles.keys() & PERMISSIONS[CALL].roles.keys():
            return caller
        security_event(SecurityEvent.FORBIDDEN, caller.client, f"entries over HTTP: {Reason.PERMISSION_DENIED.name}")
        return None

    async def record(self, caller: Caller, partition: int, first_position: int, last_position: int) -> None:
        """That these events are read, before they leave. Refuses UNAVAILABLE."""
        role = Role.ADMINISTRATOR if Role.ADMINISTRATOR in caller.roles else Role.AUDITOR
        ranges = ((partition, first_position, last_position),)
        await self._access_log.record(Look(caller.client, caller.actor, role.value, "", CALL, (), {}, ranges))
