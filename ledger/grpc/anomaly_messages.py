"""A review of an anomaly, from its request to the command and back."""

from __future__ import annotations

from typing import Final

from ledger.batch import CommandResult
from ledger.domain.anomaly import Anomaly, ReviewAnomaly
from ledger.grpc.commands import state_after
from ledger.grpc.values import day, positions_of, timestamp
from ledger.projections.anomaly_messages import KIND_NUMBERS, OUTCOME_NUMBERS, period_message
from volunteer_hours.v1 import anomalies_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

_KINDS: Final = {number: kind for kind, number in KIND_NUMBERS.items()}
_OUTCOMES: Final = {number: outcome for outcome, number in OUTCOME_NUMBERS.items()}


def review_command(request: pb.ReviewAnomalyRequest) -> ReviewAnomaly:
    """What the request asks for. Refuses DATE_INVALID."""
    return ReviewAnomaly(
        kind=_KINDS[request.kind],
        subjects=tuple(request.subjects),
        start_date=day(request.period.start_date),
        end_date=day(request.period.end_date),
        outcome=_OUTCOMES[request.outcome],
        reason=request.reason,
        evidence_events=request.event_count,
        evidence_seconds=request.seconds,
    )


def reviewed_message(result: CommandResult) -> pb.ReviewedAnomaly:
    """The anomaly right after it."""
    state = state_after(result, Anomaly)
    said = state.last
    return pb.ReviewedAnomaly(
        name=state.name,
        kind=KIND_NUMBERS[said.anomaly_kind],
        subjects=said.subjects,
        period=period_message(said.start_date, said.end_date),
        review=pb.AnomalyReview(
            outcome=OUTCOME_NUMBERS[said.outcome],
            reason=said.reason,
            reviewer=state.reviewed_by,
            review_time=timestamp(state.review_time),
            event_count=said.evidence_events,
            seconds=said.evidence_seconds,
            position=Position(partition=state.partition, position=state.position),
        ),
        positions=positions_of(result),
        persons=[name for name in said.subjects if name.startswith("volunteers/")],
    )
