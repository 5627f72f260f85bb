"""A finding as the service answers with it: under its name, in words, with its events and what reviewers said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.anomalies.detect import KINDS
from ledger.anomalies.finding import Finding
from ledger.anomalies.wording import worded
from ledger.domain.anomaly import AnomalyKind, Outcome, anomaly_name
from ledger.projections.anomaly_facts import ShownEvent
from ledger.projections.basis import timestamp
from volunteer_hours.v1 import anomalies_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import LocalizedText, Period

KIND_NUMBERS: Final[Mapping[AnomalyKind, pb.AnomalyKind.ValueType]] = {
    kind: pb.AnomalyKind.Value(f"ANOMALY_KIND_{kind.upper()}") for kind in KINDS
}
OUTCOME_NUMBERS: Final[Mapping[Outcome, pb.AnomalyOutcome.ValueType]] = {
    "explained": pb.ANOMALY_OUTCOME_EXPLAINED,
    "confirmed": pb.ANOMALY_OUTCOME_CONFIRMED,
    "follow_up": pb.ANOMALY_OUTCOME_FOLLOW_UP,
}


class Review(NamedTuple):
    """The newest of an anomaly."""

    anomaly: str
    outcome: Outcome
    reason: str
    reviewed_by: str
    reviewed_at: datetime
    evidence_events: int
    evidence_seconds: int
    partition: int
    position: int


class Named(NamedTuple):
    """A finding under its name, with the review there is."""

    name: str
    finding: Finding
    start_date: date | None
    end_date: date | None
    review: Review | None

    def state(self, changed_per_mille: int) -> pb.AnomalyState.ValueType:
        """Whether somebody looked, and whether there is so much more evidence since."""
        if self.review is None:
            return pb.ANOMALY_STATE_OPEN
        more = 1000 + changed_per_mille
        changed = (
            1000 * self.finding.event_count > more * self.review.evidence_events
            or 1000 * self.finding.seconds > more * self.review.evidence_seconds
        )
        return pb.ANOMALY_STATE_REVIEWED_CHANGED_SINCE if changed else pb.ANOMALY_STATE_REVIEWED


def named(finding: Finding, start_date: date | None, end_date: date | None) -> Named:
    """Under the name of its own day, or of the period asked about; nobody has looked yet."""
    if finding.on is not None:
        start_date = end_date = finding.on
    return Named(
        anomaly_name(finding.kind, finding.subjects, start_date, end_date), finding, start_date, end_date, None
    )


def anomaly_message(one: Named, events: Mapping[int, ShownEvent], changed_per_mille: int) -> pb.Anomaly:
    """The whole of it."""
    finding, words = one.finding, worded(one.finding)
    shown = [events[code] for code in finding.events if code in events]
    return pb.Anomaly(
        name=one.name,
        kind=KIND_NUMBERS[finding.kind],
        subjects=finding.subjects,
        period=period_message(one.start_date, one.end_date),
        organizations=finding.organizations,
        rule=LocalizedText(ar=words.ar or "", en=words.en or ""),
        figures=figure_messages(finding.figures),
        events=[_event(event) for event in shown],
        event_count=finding.event_count,
        seconds=finding.seconds,
        state=one.state(changed_per_mille),
        review=None if one.review is None else _review(one.review),
        persons=_persons(finding, shown),
        cycle=finding.cycle,
    )


def figure_messages(figures: Mapping[str, int]) -> list[pb.AnomalyFigure]:
    """Each number under its name."""
    return [pb.AnomalyFigure(name=name, value=value) for name, value in figures.items()]


def period_message(start_date: date | None, end_date: date | None) -> Period:
    """None: open on that side."""
    dates = ["" if day is None else day.isoformat() for day in (start_date, end_date)]
    return Period(start_date=dates[0], end_date=dates[1])


def _persons(finding: Finding, events: Sequence[ShownEvent]) -> list[str]:
    """Whose hours the message tells, each once."""
    holders = ("/".join(event.attendance.split("/", 2)[:2]) for event in events)
    actors = (event.actor for event in events)
    names: Iterable[str] = (*finding.subjects, *finding.persons, *holders, *actors)
    return sorted({name for name in names if name.startswith("volunteers/")})


def _event(event: ShownEvent) -> pb.AnomalyEvent:
    return pb.AnomalyEvent(
        position=Position(partition=event.partition, position=event.position),
        event_type=event.event_type,
        attendance=event.attendance,
        actor=event.actor,
        record_time=timestamp(event.recorded_at),
    )


def _review(review: Review) -> pb.AnomalyReview:
    return pb.AnomalyReview(
        outcome=OUTCOME_NUMBERS[review.outcome],
        reason=review.reason,
        reviewer=review.reviewed_by,
        review_time=timestamp(review.reviewed_at),
        event_count=review.evidence_events,
        seconds=review.evidence_seconds,
        position=Position(partition=review.partition, position=review.position),
    )
