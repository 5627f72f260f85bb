"""A course: what an organisation teaches, by what it is completed, and for how long a completion counts.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from ledger.domain import organization
from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import LocalizedText
from ledger.domain.world import Reads, World

CompletionResult: TypeAlias = Literal["attended", "passed"]
VALID_DAYS_MAX: Final = 36_500


class CourseDetails(Value):
    """All that can be said of a course, and said anew."""

    title: LocalizedText
    description: LocalizedText | None = None
    completion_by: CompletionResult
    """What completes it; who passed has completed it in either case."""
    valid_days: Annotated[int, Field(ge=0, le=VALID_DAYS_MAX)]
    """So many days after the day of completion it still counts. 0: without end."""
    sector: str | None = None
    """A code of the authority's sector list."""
    skills: tuple[str, ...] = ()
    """What it teaches."""


CHANGEABLE_FIELDS: Final = tuple(CourseDetails.model_fields)


@stored_name("course-published")
class CoursePublished(Event):
    """An organisation offers it; sessions can be opened and completions recorded."""

    course: str
    organization: str
    course_details: CourseDetails


@stored_name("course-updated")
class CourseUpdated(Event):
    """Its details from now on, whole; completions recorded before stay as they were decided."""

    course: str
    organization: str
    course_details: CourseDetails
    changed: tuple[str, ...]
    """Names of the details that are new."""


@stored_name("course-closed")
class CourseClosed(Event):
    """It takes no more sessions, and nobody completes it on a later day."""

    course: str
    organization: str


@dataclass(frozen=True, slots=True)
class Course:
    """A course as its events leave it."""

    name: str
    organization: str
    details: CourseDetails
    closed_on: date | None = None
    """The day of its closing, UTC."""


def evolve(state: object | None, recorded: RecordedEvent) -> Course:
    """The course after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, CoursePublished(organization=offering, course_details=details):
            return Course(recorded.stream, offering, details)
        case Course(), CourseUpdated(course_details=details):
            return replace(state, details=details)
        case Course(closed_on=None), CourseClosed():
            return replace(state, closed_on=recorded.recorded_at.astimezone(UTC).date())
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def existing(world: World, name: str) -> Course:
    """The course called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Course):
        raise InvariantBroken(f"{name} is no course: {type(state).__name__}")
    return state


@dataclass(frozen=True, slots=True)
class PublishCourse:
    """Offer a course. Refuses ALREADY_EXISTS, NOT_FOUND (who offers it), ORGANIZATION_SUSPENDED."""

    course: str
    organization: str
    details: CourseDetails

    @property
    def stream(self) -> str:
        return self.course

    def reads(self) -> Reads:
        return Reads(streams=(self.course, self.organization))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.course) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.course)
        if organization.existing(world, self.organization).state == "suspended":
            refuse(Reason.ORGANIZATION_SUSPENDED, organization=self.organization)
        published = CoursePublished(course=self.course, organization=self.organization, course_details=self.details)
        return [NewEvent(self.course, published)]


@dataclass(frozen=True, slots=True)
class UpdateCourse:
    """Replace the details named in `paths`. Refuses NOT_FOUND, UPDATE_MASK_INVALID, NOTHING_CHANGES."""

    course: str
    details: CourseDetails
    """Only the details named in `paths` are read."""
    paths: tuple[str, ...]

    @property
    def stream(self) -> str:
        return self.course

    def reads(self) -> Reads:
        return Reads(streams=(self.course,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.course)
        for path in self.paths:
            if path not in CHANGEABLE_FIELDS:
                refuse(Reason.UPDATE_MASK_INVALID, path=path, allowed=", ".join(CHANGEABLE_FIELDS))
        changes = {path: getattr(self.details, path) for path in self.paths}
        changed = tuple(path for path, value in changes.items() if getattr(known.details, path) != value)
        if not changed:
            refuse(Reason.NOTHING_CHANGES, name=self.course)
        updated = CourseUpdated(
            course=self.course,
            organization=known.organization,
            course_details=known.details.model_copy(update=changes),
            changed=changed,
        )
        return [NewEvent(self.course, updated)]


@dataclass(frozen=True, slots=True)
class CloseCourse:
    """Take no more sessions. Refuses NOT_FOUND, NOTHING_CHANGES."""

    course: str

    @property
    def stream(self) -> str:
        return self.course

    def reads(self) -> Reads:
        return Reads(streams=(self.course,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.course)
        if known.closed_on is not None:
            refuse(Reason.NOTHING_CHANGES, name=self.course)
        return [NewEvent(self.course, CourseClosed(course=self.course, organization=known.organization))]
