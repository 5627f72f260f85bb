"""Puts together what holds, shows and certifies live sessions in one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.application import Application
from ledger.live.certifying import PeakCertifying
from ledger.live.hub import LiveHub
from ledger.log_serving.log_reader import LogReader
from ledger.projections.live_curve_questions import LiveCurveQuestions
from ledger.settings import Settings
from ledger.statements.statement_settings import statement_keys

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What the gRPC service needs."""

    hub: LiveHub
    questions: LiveCurveQuestions
    certifying: PeakCertifying


def live_parts(settings: Settings, application: Application, *, events: Pool, read: Pool) -> LiveParts:
    """Of one process. Raises WrongSetting."""
    return LiveParts(
        hub=LiveHub(application, events),
        questions=LiveCurveQuestions(read, settings.partitions),
        certifying=PeakCertifying(statement_keys(settings), events, LogReader(events, settings.partitions)),
    )
