"""Issues statements: what they count is fixed first, then they are signed, kept, and at last recorded.

In this order a crash leaves at most documents that no event names.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from ledger.credentials.issuer_keys import IssuerKeys, NoSigningKey, SigningKey
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.domain.statement import IssueStatement
from ledger.statements.bases import StatementBases
from ledger.statements.kept_documents import Document, KeptDocuments, PlacedDocument, StatusPlace
from ledger.statements.signing import Basis, Wish, issued_event, signed_document

SIGNED_IN_A_ROW: Final = 10
"""Before others have their turn."""


class Prepared(NamedTuple):
    """A statement that is about to be recorded."""

    command: IssueStatement
    document: Document


class StatementIssuing:
    """Makes credentials. Safe to share between calls."""

    def __init__(
        self,
        keys: IssuerKeys | None,
        bases: StatementBases,
        documents: KeptDocuments,
    ) -> None:
        """`keys`: None where no statements are issued."""
        self._keys = keys
        self._bases = bases
        self._documents = documents

    async def prepare(self, wish: Wish, seconds_left: float | None) -> Prepared:
        """As `prepare_all`, for one. What is refused is raised."""
        [prepared] = await self.prepare_all([wish], seconds_left)
        if isinstance(prepared, Refusal):
            raise prepared
        return prepared

    async def prepare_all(self, wishes: Sequence[Wish], seconds_left: float | None) -> list[Prepared | Refusal]:
        """Sign and keep the credentials; the commands that are given back, in order, record them.

        Of each by itself: NOT_FOUND, VOLUNTEER_ERASED, NOT_IN_LOG_YET, LOG_NOT_KEPT, NOTHING_VERIFIED,
        ENTRIES_TOO_MANY. Refuses STATEMENTS_NOT_ISSUED for all. Raises NotYetApplied.
        """
        if self._keys is None:
            refuse(Reason.STATEMENTS_NOT_ISSUED)
        key, now = self.signing(), int(datetime.now(UTC).timestamp())
        found = await self._bases.of(wishes, seconds_left)
        bases = [one for one in found if isinstance(one, Basis)]
        placed, prepared = list[PlacedDocument](), list[Prepared]()
        for number, (basis, place) in enumerate(zip(bases, await self._places(bases), strict=True), 1):
            document = signed_document(self._keys.issuer, key, basis, place, now)
            event_id, wish = secrets.token_hex(16), basis.wish
            placed.append(PlacedDocument(event_id, wish.scope.holder, place, document))
            issued = issued_event(basis, place, key.kid, document)
            prepared.append(Prepared(IssueStatement(wish.statement, issued, event_id), document))
            if number % SIGNED_IN_A_ROW == 0:
                await asyncio.sleep(0)
        await self._documents.keep(placed)
        standing = iter(prepared)
        return [one if isinstance(one, Refusal) else next(standing) for one in found]

    def signing(self) -> SigningKey:
        """The key that signs now. Refuses STATEMENTS_NOT_ISSUED."""
        if self._keys is None:
            refuse(Reason.STATEMENTS_NOT_ISSUED)
        try:
            return self._keys.signing(int(datetime.now(UTC).timestamp()))
        except NoSigningKey:
            refuse(Reason.STATEMENTS_NOT_ISSUED)

    async def _places(self, bases: Sequence[Basis]) -> list[StatusPlace]:
        partitions = [basis.proven.partition for basis in bases]
        taken = {
            partition: await self._documents.take_places(partition, partitions.count(partition))
            for partition in set(partitions)
        }
        return [taken[partition].pop() for partition in partitions]
