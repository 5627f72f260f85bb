"""At which anomalies has somebody looked, and what came of it last? A row an anomaly that was reviewed."""

from __future__ import annotations

from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import AnomalyReviewed
from ledger.projections.stored_event import Batch

_REVIEWED: Final = """
    insert into anomaly_reviews (
        anomaly, partition, position, anomaly_kind, subjects, start_date, end_date, outcome, reason, evidence_events,
        evidence_seconds, reviewed_by, reviewed_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (anomaly) do update set
        position = excluded.position, outcome = excluded.outcome, reason = excluded.reason,
        evidence_events = excluded.evidence_events, evidence_seconds = excluded.evidence_seconds,
        reviewed_by = excluded.reviewed_by, reviewed_at = excluded.reviewed_at
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Keep the newest review of each, one by one: people write them."""
    for event, data in batch.directory:
        if isinstance(data, AnomalyReviewed):
            connection.execute(
                _REVIEWED,
                [
                    data.anomaly,
                    batch.partition,
                    event.position,
                    data.anomaly_kind,
                    data.subjects,
                    data.start_date,
                    data.end_date,
                    data.outcome,
                    data.reason,
                    data.evidence_events,
                    data.evidence_seconds,
                    event.actor,
                    event.time,
                ],
            )
