"""Who reads whole events over HTTP: auditors, by an access token or by the one made for them; each is recorded."""

from __future__ import annotations

import hmac
from typing import Final

from ledger.access.access_log import AccessLog, Look
from ledger.access.caller import Caller, Role
from ledger.access.door import Door, Proof
from ledger.access.permissions import PERMISSIONS
from ledger.domain.refusals import Reason, Refusal

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
        """Who reads; None: nobody who may."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        # Compared in a time that does not tell how much of a guess was right.
        if hmac.compare_digest(token.encode("latin-1"), self._auditor_token):
            return Caller(TOKEN_CLIENT, f"clients/{TOKEN_CLIENT}", {Role.AUDITOR: frozenset()})
        if self._door is None:
            return None
        try:
            caller = self._door.caller(Proof(token=token))
        except Refusal as refusal:
            if refusal.reason is Reason.UNAUTHENTICATED:
                return None
            raise
        return caller if caller.roles.keys() & PERMISSIONS[CALL].roles.keys() else None

    async def record(self, caller: Caller, partition: int, first_position: int, last_position: int) -> None:
        """That these events are read, before they leave. Refuses UNAVAILABLE."""
        role = Role.ADMINISTRATOR if Role.ADMINISTRATOR in caller.roles else Role.AUDITOR
        ranges = ((partition, first_position, last_position),)
        await self._access_log.record(Look(caller.client, caller.actor, role.value, "", CALL, (), {}, ranges))
