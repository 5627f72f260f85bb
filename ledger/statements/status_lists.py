"""Lists of status, as they are published: made from what the projections know, signed, kept for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ledger.credentials.issuer_keys import IssuerKeys
from ledger.credentials.status_list import REVOKED, SUPERSEDED, pack_statuses, write_status_list
from ledger.domain.refusals import Reason, refuse
from ledger.statements.signing import status_uri

FRESH_SECONDS: Final = 3.0
"""So old a list may be that is given out: what changes must be seen within ten seconds."""


class Statuses(Protocol):
    """What the projections know of places."""

    async def not_valid(self, partition: int, status_list: int) -> Mapping[int, bool]:
        """Places of a list that are not valid → whether revoked; else superseded. Refuses NOT_FOUND."""
        ...


class StatusLists:
    """Of one ledger. Safe to share between requests."""

    def __init__(
        self,
        keys: IssuerKeys,
        questions: Statuses,
        partitions: int,
        uri_of: Callable[[str, int, int], str] = status_uri,
    ) -> None:
        """`uri_of`: issuer, partition and number → where a list is published."""
        self._keys = keys
        self._questions = questions
        self._partitions = partitions
        self._uri_of = uri_of
        self._made: dict[tuple[int, int], tuple[float, str]] = {}
        self._turn = asyncio.Lock()

    async def get(self, partition: int, number: int) -> str:
        """The signed list. Refuses NOT_FOUND. Raises NoSigningKey, psycopg.Error and PoolTimeout."""
        if partition >= self._partitions:
            refuse(Reason.NOT_FOUND, name=f"status/{partition}-{number}")
        # One at a time: of many who ask while a list is being made, all get that one.
        async with self._turn:
            made_at, text = self._made.get((partition, number), (float("-inf"), ""))
            if time.monotonic() - made_at > FRESH_SECONDS:
                began_at = time.monotonic()
                text = await self._make(partition, number)
                self._made[partition, number] = began_at, text
        return text

    async def _make(self, partition: int, number: int) -> str:
        not_valid = await self._questions.not_valid(partition, number)
        taken = [(place, REVOKED if revoked else SUPERSEDED) for place, revoked in not_valid.items()]
        packed = await asyncio.to_thread(pack_statuses, taken)
        now = int(time.time())
        return write_status_list(
            self._uri_of(self._keys.issuer, partition, number), now, packed, self._keys.signing(now)
        )
