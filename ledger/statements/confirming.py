"""Does a statement stand? Answered from what the ledger itself recorded: no signature need be trusted here.

Whoever sends a credential is told of the statement it names, if it is that very one: what was issued is known by its
digest, so a credential with any other byte is none, whoever signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from ledger.credentials.claims import StatementClaims
from ledger.credentials.sd_jwt import ReadCredential, disclosed_claims, read_credential
from ledger.projections.statement_questions import Positions, StatementQuestions, StatementRow
from ledger.statements.desk_port import OpenedState
from ledger.statements.kept_documents import KeptDocuments
from ledger.statements.opening import Openings
from ledger.transparency.failures import Malformed

ConfirmedState: TypeAlias = OpenedState | Literal["tampered"]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is told to whoever asks."""

    state: ConfirmedState
    row: StatementRow | None = None
    initials: str = ""
    positions: Positions | None = None
    failed_step: str = ""


class Confirming:
    """Safe to share between calls. Raises psycopg.Error and PoolTimeout."""

    def __init__(self, questions: StatementQuestions, openings: Openings, documents: KeptDocuments) -> None:
        self._questions = questions
        self._openings = openings
        self._documents = documents

    async def by_code(self, code: str) -> Confirmed:
        """Of the statement that a link opens; it counts as opened."""
        opening = await self._openings.enter(await self._openings.look(code), counted=False)
        if opening.row is None:
            return Confirmed(opening.state, positions=opening.positions)
        if opening.state == "revoked":
            return Confirmed("revoked", opening.row, positions=opening.positions)
        document = await self._documents.get(opening.row.event_id)
        if document is None:
            return Confirmed("erased", positions=opening.positions)
        claims = read_credential(document.credential).claims
        return Confirmed(opening.state, opening.row, claims.initials, opening.positions)

    async def by_credential(self, text: str) -> Confirmed:
        """Of the statement that a credential is."""
        try:
            credential = read_credential(text)
        except Malformed as malformed:
            return Confirmed("tampered", failed_step=f"form: {malformed.reason}")
        found = await self._questions.by_name(credential.claims.statement)
        if found is None:
            return Confirmed("unknown")
        row, positions = found
        failed_step = _failed_step(credential, row)
        if failed_step:
            return Confirmed("tampered", positions=positions, failed_step=failed_step)
        state = row.state(datetime.now(UTC))
        if state == "erased":
            return Confirmed("erased", positions=positions)
        return Confirmed(state, row, _initials(state, credential.claims), positions)


def _initials(state: OpenedState, claims: StatementClaims) -> str:
    return "" if state == "revoked" else claims.initials


def _failed_step(credential: ReadCredential, row: StatementRow) -> str:
    if credential.digest != row.credential_digest:
        return "log: this is not the credential that was issued under this name"
    try:
        disclosed_claims(credential)
    except Malformed as malformed:
        return f"disclosures: {malformed.reason}"
    return ""
