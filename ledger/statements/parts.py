"""Puts together what issues, keeps and shows statements in one process, from its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.access_log import AccessLog
from ledger.access.person_keys import PersonKeys
from ledger.credentials.honour_badge import honour_status_uri
from ledger.log_serving.log_reader import LogReader
from ledger.projections.honour_statuses import HonourStatuses
from ledger.projections.stated_hours import StatedHoursQuestions
from ledger.projections.statement_questions import StatementQuestions
from ledger.settings import Settings
from ledger.statements.bases import StatementBases
from ledger.statements.confirming import Confirming
from ledger.statements.desk import Desk
from ledger.statements.desk_port import StatementDesk
from ledger.statements.issuing import StatementIssuing
from ledger.statements.kept_documents import KeptDocuments
from ledger.statements.log_evidence import LogEvidence
from ledger.statements.opening import Openings
from ledger.statements.receipts import Receipts
from ledger.statements.statement_documents import StatementDocuments
from ledger.statements.statement_settings import LogKeys, statement_keys
from ledger.statements.status_lists import StatusLists

Pool = AsyncConnectionPool[AsyncConnection[Any]]


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
    bases = StatementBases(events, partitions, StatedHoursQuestions(read, partitions), person_keys)
    openings = Openings(questions, documents)
    evidence = LogEvidence(events, LogReader(events, partitions))
    issuer = "" if issuer_keys is None else issuer_keys.issuer
    desk = None
    if issuer_keys is not None:
        desk = Desk(
            issuer_keys,
            LogKeys(settings),
            openings,
            documents,
            evidence,
            StatusLists(issuer_keys, questions, partitions),
            StatusLists(issuer_keys, HonourStatuses(read), partitions, honour_status_uri),
            Receipts(settings.request_hash_key.get_secret_value().encode()),
            access_log,
        )
    return StatementParts(
        issuer=issuer,
        issuing=StatementIssuing(issuer_keys, bases, documents),
        questions=questions,
        documents=documents,
        printed=StatementDocuments(issuer, documents, evidence),
        confirming=Confirming(questions, openings, documents),
        desk=desk,
    )
