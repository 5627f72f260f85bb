"""The part of the whole programme in which somebody looks at what was found, twice. Everybody is synthetic."""

from __future__ import annotations

from datetime import date

from ledger.domain.anomaly import Outcome, ReviewAnomaly
from tests.system.waiting_programme import Doing


async def reviewing(programme: Doing) -> None:
    """One finding of a year is explained; one of all time is confirmed, and then followed up."""
    await programme.do(
        _review("explained", date(2026, 1, 1), date(2026, 12, 31), 9),
        _review("confirmed", None, None, 9),
        _review("follow_up", None, None, 12),
    )


def _review(outcome: Outcome, start_date: date | None, end_date: date | None, events: int) -> ReviewAnomaly:
    return ReviewAnomaly(
        kind="mutual_verification",
        subjects=("volunteers/synthetic-one", "volunteers/synthetic-other"),
        start_date=start_date,
        end_date=end_date,
        outcome=outcome,
        reason="SYNTHETIC_REASON",
        evidence_events=events,
        evidence_seconds=3_600 * events,
    )
