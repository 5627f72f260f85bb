"""Somebody looked at an anomaly: what came of it. What the anomaly is follows from the hours, and is stored nowhere.

An anomaly's name is that of its kind, its subjects and its period, never of the evidence (`docs/anomalies.md`): so a
review still belongs to it after a rebuild, and when more evidence comes.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.world import Reads, World

AnomalyKind: TypeAlias = Literal[
    "self_verification",
    "mutual_verification",
    "verification_ring",
    "verifier_share",
    "verifier_speed",
    "verifier_approval",
    "organization_figures",
    "identical_times",
    "impossible_travel",
    "night_burst",
    "inflation",
    "ghost_volunteers",
]
Outcome: TypeAlias = Literal["explained", "confirmed", "follow_up"]

_HASHED: Final = "volunteer-hours anomaly"
_ID_BYTES: Final = 16


def anomaly_name(kind: str, subjects: Iterable[str], start_date: date | None, end_date: date | None) -> str:
    """anomalies/{id} of what is found of these subjects in this period; None: open on that side."""
    dates = ["" if day is None else day.isoformat() for day in (start_date, end_date)]
    lines = [_HASHED, kind, *dates, *sorted(set(subjects), key=str.encode)]
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).digest()
    return f"anomalies/{digest[:_ID_BYTES].hex()}"


@stored_name("anomaly-reviewed")
class AnomalyReviewed(Event):
    """Somebody looked at this and says what came of it; a later review stands beside it."""

    anomaly: str
    """anomalies/{id}"""
    anomaly_kind: AnomalyKind
    subjects: tuple[str, ...]
    """In order of their bytes. With kind and period they give the name again."""
    start_date: date | None = None
    end_date: date | None = None
    """The last date of service, included."""
    outcome: Outcome
    reason: str
    """A code, not a text about people."""
    evidence_events: Annotated[int, Field(ge=0)]
    evidence_seconds: Annotated[int, Field(ge=0)]
    """What the reviewer saw: by these it is known whether more has come since."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What was said of it last."""

    name: str
    last: AnomalyReviewed
    reviewed_by: str
    review_time: datetime
    partition: int
    position: int


def evolve(state: object | None, recorded: RecordedEvent) -> Anomaly:
    """The anomaly after one more review. Raises InvariantBroken for one whose name is not that of what it tells."""
    match state, recorded.data:
        case None | Anomaly(), AnomalyReviewed() as said if _named(said) == said.anomaly == recorded.stream:
            return Anomaly(
                said.anomaly, said, recorded.actor, recorded.recorded_at, recorded.partition, recorded.position
            )
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _named(said: AnomalyReviewed) -> str:
    return anomaly_name(said.anomaly_kind, said.subjects, said.start_date, said.end_date)


@dataclass(frozen=True, slots=True)
class ReviewAnomaly:
    """Record that the actor looked.

    Refuses ANOMALY_ABOUT_ONESELF, DATES_REVERSED, and NOTHING_CHANGES for what the same actor said last already.
    """

    kind: AnomalyKind
    subjects: tuple[str, ...]
    start_date: date | None
    end_date: date | None
    outcome: Outcome
    reason: str
    evidence_events: int
    evidence_seconds: int

    @property
    def stream(self) -> str:
        return anomaly_name(self.kind, self.subjects, self.start_date, self.end_date)

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        if world.actor in self.subjects:
            refuse(Reason.ANOMALY_ABOUT_ONESELF, actor=world.actor, anomaly=self.stream)
        if self.start_date is not None and self.end_date is not None and self.end_date < self.start_date:
            refuse(Reason.DATES_REVERSED, start_date=self.start_date, end_date=self.end_date)
        said = AnomalyReviewed(
            anomaly=self.stream,
            anomaly_kind=self.kind,
            subjects=tuple(sorted(set(self.subjects), key=str.encode)),
            start_date=self.start_date,
            end_date=self.end_date,
            outcome=self.outcome,
            reason=self.reason,
            evidence_events=self.evidence_events,
            evidence_seconds=self.evidence_seconds,
        )
        known = world.state(self.stream)
        if isinstance(known, Anomaly) and (known.last, known.reviewed_by) == (said, world.actor):
            refuse(Reason.NOTHING_CHANGES, name=self.stream)
        return [NewEvent(self.stream, said)]
