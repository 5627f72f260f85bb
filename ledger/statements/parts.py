"""Puts together what issues, keeps and shows statements in one process, from its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.access_log import AccessLog
from ledger.access.person_keys import PersonKeys
from ledger.credentials.issuer_key_file import FileIssuerKeys, KeyFileUnusable
from ledger.credentials.issuer_keys import IssuerKeys
from ledger.log_keeping.signer_folder import VKEYS_SUFFIX
from ledger.log_serving.log_reader import LogReader
from ledger.projections.stated_hours import StatedHoursQuestions
from ledger.projections.statement_questions import StatementQuestions
from ledger.settings import Settings, WrongSetting
from ledger.statements.confirming import Confirming
from ledger.statements.desk import Desk
from ledger.statements.desk_port import StatementDesk
from ledger.statements.issuing import StatementIssuing
from ledger.statements.kept_documents import KeptDocuments
from ledger.statements.log_evidence import LogEvidence
from ledger.statements.opening import Openings
from ledger.statements.receipts import Receipts
from ledger.statements.statement_documents import StatementDocuments
from ledger.statements.status_lists import StatusLists
from ledger.transparency.failures import Malformed
from ledger.transparency.verifier_key import parse_vkey

Pool = AsyncConnectionPool[AsyncConnection[Any]]

MAKE: Final = "hours-ledger keys --new-statement-key"


@dataclass(frozen=True, slots=True)
class StatementParts:
    """What the gRPC service and the pages need."""

    issuer: str
    """Empty: nobody issues statements here."""
    issuing: StatementIssuing
    questions: StatementQuestions
    documents: KeptDocuments
    printed: StatementDocuments
    confirming: Confirming
    desk: StatementDesk | None
    """None: no pages, for nobody issues."""


def statement_parts(
    settings: Settings, *, events: Pool, keys: Pool, read: Pool, person_keys: PersonKeys, access_log: AccessLog
) -> StatementParts:
    """Of one process. Raises WrongSetting."""
    issuer_keys, partitions = statement_keys(settings), settings.partitions
    questions = StatementQuestions(read, partitions)
    documents = KeptDocuments(keys, person_keys)
    openings = Openings(questions, documents)
    evidence = LogEvidence(events, LogReader(events, partitions))
    issuer = "" if issuer_keys is None else issuer_keys.issuer
    desk = None
    if issuer_keys is not None:
        desk = Desk(
            issuer_keys,
            log_keys(settings),
            openings,
            documents,
            evidence,
            StatusLists(issuer_keys, questions, partitions),
            Receipts(settings.request_hash_key.get_secret_value().encode()),
            access_log,
        )
    return StatementParts(
        issuer=issuer,
        issuing=StatementIssuing(
            issuer_keys, events, partitions, StatedHoursQuestions(read, partitions), person_keys, documents
        ),
        questions=questions,
        documents=documents,
        printed=StatementDocuments(issuer, documents, evidence),
        confirming=Confirming(questions, openings, documents),
        desk=desk,
    )


def statement_keys(settings: Settings) -> IssuerKeys | None:
    """The issuer's keys; None where nobody issues statements. Raises WrongSetting."""
    if not settings.statement_issuer and not settings.statement_keys:
        return None
    if not (settings.statement_issuer and settings.statement_keys):
        raise WrongSetting("LEDGER_STATEMENT_ISSUER and LEDGER_STATEMENT_KEYS belong together: set both or neither")
    try:
        return FileIssuerKeys(Path(settings.statement_keys), settings.statement_issuer)
    except (KeyFileUnusable, Malformed) as wrong:
        raise WrongSetting(f"LEDGER_STATEMENT_KEYS, LEDGER_STATEMENT_ISSUER: {wrong}; make keys by `{MAKE}`") from wrong


def log_keys(settings: Settings) -> Sequence[str]:
    """Verifier keys of the logs, for pages; read when the service starts. Raises WrongSetting for what is none.

    None at all where the log's keeper has not made any yet: the pages then say that inclusion cannot be shown.
    """
    if settings.log_verifier_keys:
        files = [Path(settings.log_verifier_keys)]
    elif settings.signer_folder:
        files = sorted(Path(settings.signer_folder).glob(f"[0-9]*{VKEYS_SUFFIX}"))
    else:
        files = []
    try:
        lines = [line for file in files for line in file.read_text("utf-8").splitlines() if line]
        return [parse_vkey(line).line() for line in lines]
    except (OSError, UnicodeDecodeError, Malformed) as wrong:
        raise WrongSetting(f"LEDGER_LOG_VERIFIER_KEYS cannot be read: {wrong}") from wrong
