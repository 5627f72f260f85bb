"""A statement as a PDF: made each time it is asked for, with the proofs there are by then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from ledger.credentials.sd_jwt import disclosed_claims, read_credential
from ledger.documents.fonts import FontsMissing
from ledger.documents.statement_pdf import render_statement
from ledger.domain.refusals import Reason, refuse
from ledger.projections.statement_questions import StatementRow
from ledger.statements.kept_documents import Document, KeptDocuments
from ledger.statements.log_evidence import Issued, LogEvidence
from ledger.statements.share_codes import share_uri

WAIT_SECONDS: Final = 5.0
"""For the checkpoint that holds the statement: a document of the first seconds shall be whole, too."""


class StatementDocuments:
    """Safe to share between calls."""

    def __init__(self, issuer: str, documents: KeptDocuments, evidence: LogEvidence) -> None:
        self._issuer = issuer
        self._documents = documents
        self._evidence = evidence

    async def pdf(self, row: StatementRow, code: str) -> bytes:
        """The PDF; `code` opens the link to print, empty for none. Refuses VOLUNTEER_ERASED, DOCUMENT_NOT_MADE."""
        document = await self._documents.get(row.event_id)
        if document is None:
            refuse(Reason.VOLUNTEER_ERASED, name=row.volunteer)
        issued = await self._evidence.of(row.partition, row.position, WAIT_SECONDS)
        credential = read_credential(document.credential)
        try:
            # In a thread: it takes some hundredths of a second, and others are waiting.
            return await asyncio.to_thread(
                render_statement,
                credential.claims,
                disclosed_claims(credential),
                credential.digest,
                share_uri(self._issuer, code) if code else None,
                _attachments(document, issued),
            )
        except FontsMissing as missing:
            refuse(Reason.DOCUMENT_NOT_MADE, cause=missing)


def _attachments(document: Document, issued: Issued | None) -> Mapping[str, bytes]:
    """By the names that docs/statements.md gives them."""
    attached = {"statement.sd-jwt": document.credential.encode()}
    if issued is not None:
        attached["statement.event.json"] = issued.event
        attached["statement.tlog-proof"] = issued.tlog_proof
    if document.balance_proof is not None:
        attached["statement.balance-proof"] = document.balance_proof.encode()
    return attached
