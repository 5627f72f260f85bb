"""What pages are given of statements: satisfies the port `desk_port.StatementDesk`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.access.access_log import AccessLog, Look
from ledger.access.caller import Role
from ledger.credentials.issuer_keys import IssuerKeys, write_issuer_document
from ledger.projections.statement_questions import StatementRow
from ledger.statements.desk_port import OpenedStatement
from ledger.statements.kept_documents import KeptDocuments
from ledger.statements.log_evidence import LogEvidence
from ledger.statements.opening import Opening, Openings
from ledger.statements.receipts import Receipts
from ledger.statements.statement_settings import LogKeys
from ledger.statements.status_lists import StatusLists

CLIENT: Final = "statement-page"
CALL: Final = "StatementPage/Open"


class Desk:
    """See StatementDesk."""

    def __init__(
        self,
        keys: IssuerKeys,
        log_keys: LogKeys,
        openings: Openings,
        documents: KeptDocuments,
        evidence: LogEvidence,
        status_lists: StatusLists,
        honour_statuses: StatusLists,
        receipts: Receipts,
        access_log: AccessLog,
    ) -> None:
        self._keys = keys
        self._log_keys = log_keys
        self._openings = openings
        self._documents = documents
        self._evidence = evidence
        self._status_lists = status_lists
        self._honour_statuses = honour_statuses
        self._receipts = receipts
        self._access_log = access_log

    async def open(self, code: str, receipt: str | None) -> OpenedStatement:
        """See StatementDesk."""
        seen = await self._openings.look(code)
        if seen.share is None:
            return OpenedStatement("unknown")
        counted = receipt is not None and self._receipts.holds(receipt, seen.share.share)
        opening = await self._openings.enter(seen, counted=counted)
        if opening.row is None or opening.share is None:
            return OpenedStatement(opening.state)
        # Whoever may not be recorded is told nothing.
        await self._access_log.record(_look(opening, opening.row))
        if opening.state == "revoked":
            return OpenedStatement("revoked", revoked_at=opening.row.revoked_at)
        return await self._opened(opening, opening.row, self._receipts.give(opening.share.share))

    async def _opened(self, opening: Opening, row: StatementRow, receipt: str) -> OpenedStatement:
        document = await self._documents.get(row.event_id)
        if document is None:
            return OpenedStatement("erased")
        issued = await self._evidence.of(row.partition, row.position)
        return OpenedStatement(
            opening.state,
            credential=document.credential,
            event=None if issued is None else issued.event,
            tlog_proof=None if issued is None else issued.tlog_proof,
            balance_proof=None if document.balance_proof is None else document.balance_proof.encode(),
            now_verified_seconds=row.now_verified_seconds,
            superseded_at=row.superseded_at,
            receipt=receipt,
        )

    async def status_list(self, partition: int, number: int) -> str:
        """See StatementDesk."""
        return await self._status_lists.get(partition, number)

    async def honour_status_list(self, partition: int, number: int) -> str:
        """See StatementDesk."""
        return await self._honour_statuses.get(partition, number)

    def issuer_document(self) -> bytes:
        """See StatementDesk."""
        return write_issuer_document(self._keys.published())

    def log_keys(self) -> Sequence[str]:
        """See StatementDesk."""
        return self._log_keys.lines()


def _look(opening: Opening, row: StatementRow) -> Look:
    share = "" if opening.share is None else opening.share.share
    return Look(CLIENT, share, Role.EMPLOYER.value, "", CALL, (row.volunteer,), opening.positions or {})
