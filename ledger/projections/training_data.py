"""`data` of the events about courses, their sessions and completions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, TypeAlias

import msgspec


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    """What no projection reads stays raw."""


class CourseTitle(_Data):
    """A text in Arabic, English or both."""

    ar: str | None = None
    en: str | None = None


class CourseDetails(_Data):
    """All that is said of a course."""

    title: CourseTitle
    completion_by: Literal["attended", "passed"]
    valid_days: int
    description: CourseTitle | None = None
    sector: str | None = None
    skills: tuple[str, ...] = ()


class CoursePublished(_Data):
    """course-published"""

    course: str
    organization: str
    course_details: CourseDetails


class CourseUpdated(_Data):
    """course-updated: the details, whole."""

    course: str
    organization: str
    course_details: CourseDetails
    changed: tuple[str, ...]


class CourseClosed(_Data):
    """course-closed"""

    course: str
    organization: str


class TrainingPlace(_Data):
    """Where a session is held."""

    region: str | None = None
    online: bool = False
    city: str | None = None


class TrainingSessionOpened(_Data):
    """training-session-opened"""

    training_session: str
    course: str
    organization: str
    start: datetime
    end: datetime
    time_zone: str
    places: int
    place: TrainingPlace
    live_session: str | None = None
    attendance_seconds_min: int | None = None


class TrainingSessionCancelled(_Data):
    """training-session-cancelled"""

    training_session: str
    course: str
    organization: str
    reason: str


class CompletionRecorded(_Data):
    """completion-recorded"""

    holder: str
    completion: str
    number: int
    course: str
    organization: str
    result: Literal["attended", "passed"]
    completes: bool
    completed_on: date
    valid_until: date | None = None
    training_session: str | None = None
    live_session: str | None = None


class CompletionRevoked(_Data):
    """completion-revoked"""

    holder: str
    completion: str
    number: int
    course: str
    organization: str
    reason: str


TrainingData: TypeAlias = (
    CoursePublished
    | CourseUpdated
    | CourseClosed
    | TrainingSessionOpened
    | TrainingSessionCancelled
    | CompletionRecorded
    | CompletionRevoked
)

TRAINING_DATA: Final[dict[str, type[TrainingData]]] = {
    "course-published": CoursePublished,
    "course-updated": CourseUpdated,
    "course-closed": CourseClosed,
    "training-session-opened": TrainingSessionOpened,
    "training-session-cancelled": TrainingSessionCancelled,
    "completion-recorded": CompletionRecorded,
    "completion-revoked": CompletionRevoked,
}
