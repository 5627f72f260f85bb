"""`data` of the events about recognition."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal, TypeAlias

import msgspec


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    """What no projection reads stays raw."""


class Place(_Data):
    """Where an event stands."""

    partition: int
    position: int


class RecognitionProposed(_Data):
    """recognition-proposed: its levels as they are stored."""

    recognition: str
    version: int
    effective_date: date
    rule_source: str
    display_name: dict[str, str]
    levels: list[dict[str, object]]


class RecognitionApproved(_Data):
    """recognition-approved"""

    recognition: str
    version: int


class MilestoneReached(_Data):
    """milestone-reached"""

    holder: str
    milestone: str
    recognition_version: str
    counted_seconds: int
    months: int
    skills_count: int
    organizations_count: int
    evaluated_at: list[Place]
    cause: Place
    persons_count: int | None = None


class MilestoneLost(_Data):
    """milestone-lost"""

    holder: str
    milestone: str
    recognition_version: str
    counted_seconds: int
    months: int
    skills_count: int
    organizations_count: int
    evaluated_at: list[Place]
    cause: Place
    persons_count: int | None = None


class NominationMade(_Data):
    """nomination-made"""

    nomination: str
    volunteer: str
    recognition_version: str
    level: str
    organization: str


class NominationDecided(_Data):
    """nomination-decided"""

    nomination: str
    volunteer: str
    decision: Literal["approved", "declined"]
    reason: str | None = None


RecognitionData: TypeAlias = (
    RecognitionProposed | RecognitionApproved | MilestoneReached | MilestoneLost | NominationMade | NominationDecided
)

RECOGNITION_DATA: Final[dict[str, type[RecognitionData]]] = {
    "recognition-proposed": RecognitionProposed,
    "recognition-approved": RecognitionApproved,
    "milestone-reached": MilestoneReached,
    "milestone-lost": MilestoneLost,
    "nomination-made": NominationMade,
    "nomination-decided": NominationDecided,
}
