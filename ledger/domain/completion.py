"""What one person has of one course: records of attending or passing, numbered from 1, each revoked at most once.

The stream's name ends with the course's id, so that whoever must know whether a person completed a course knows where
to look (docs/training.md).

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from ledger.domain import course, training_session
from ledger.domain.course import CompletionResult, Course
from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import course_of
from ledger.domain.volunteer import refuse_unknown
from ledger.domain.world import Reads, World, need_states

EASTERNMOST: Final = timedelta(hours=14)
"""No calendar on earth is further ahead of UTC."""


@stored_name("completion-recorded")
class CompletionRecorded(Event):
    """Somebody attended or passed. What it is worth is decided here, by the course as it is."""

    holder: str
    """volunteers/{v}"""
    completion: str
    number: Annotated[int, Field(ge=1)]
    """Of the record, within this stream."""
    course: str
    organization: str
    result: CompletionResult
    completes: bool
    """Whether this result completes the course."""
    completed_on: date
    valid_until: date | None = None
    """The last day; absent: without end."""
    training_session: str | None = None
    live_session: str | None = None
    """Whose attendance it follows from."""


@stored_name("completion-revoked")
class CompletionRevoked(Event):
    """The record counts for no day any more."""

    holder: str
    completion: str
    number: Annotated[int, Field(ge=1)]
    course: str
    organization: str
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record."""

    event: CompletionRecorded
    recorded_by: str
    recorded_at: datetime
    revoked_for: str | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    def valid_on(self, day: date) -> bool:
        """Whether it completes the course and counts on this day."""
        until = self.event.valid_until
        in_time = self.event.completed_on <= day and (until is None or day <= until)
        return self.event.completes and self.revoked_for is None and in_time


@dataclass(frozen=True, slots=True)
class Completion:
    """What a person has of a course, as its events leave it."""

    name: str
    records: tuple[Record, ...]

    def valid_on(self, day: date) -> bool:
        """Whether the course counts as completed on this day."""
        return any(record.valid_on(day) for record in self.records)


def evolve(state: object | None, recorded: RecordedEvent) -> Completion:
    """The completion after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case ((None | Completion()), CompletionRecorded() as event):
            before = () if state is None else state.records
            if event.number == len(before) + 1:
                return Completion(recorded.stream, (*before, Record(event, recorded.actor, recorded.recorded_at)))
        case Completion(records=records), CompletionRevoked(number=number, reason=reason) if number <= len(records):
            if records[number - 1].revoked_for is None:
                revoked = replace(
                    records[number - 1],
                    revoked_for=reason,
                    revoked_by=recorded.actor,
                    revoked_at=recorded.recorded_at,
                )
                return replace(state, records=(*records[: number - 1], revoked, *records[number:]))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def completion_name(volunteer: str, course_name: str) -> str:
    """volunteers/{v}/completions/{course id}: at most one stream a person and course."""
    return f"{volunteer}/completions/{course_name.removeprefix('courses/')}"


def found(world: World, name: str) -> Completion | None:
    """The completion called `name`, None when nothing was ever recorded."""
    state = world.state(name)
    if state is not None and not isinstance(state, Completion):
        raise InvariantBroken(f"{name} is no completion: {type(state).__name__}")
    return state


def completed(world: World, courses: Sequence[str], person: str, day: date) -> tuple[str, ...]:
    """Names of the completions of these courses that count for `person` on a day, a course after the other.

    Refuses TRAINING_MISSING, naming the first course that is lacking. Raises NotLoaded.
    """
    names = tuple(completion_name(person, name) for name in courses)
    need_states(world, names)
    for course_name, name in zip(courses, names, strict=True):
        known = found(world, name)
        if known is None or not known.valid_on(day):
            refuse(Reason.TRAINING_MISSING, volunteer=person, course=course_name, date=day)
    return names


@dataclass(frozen=True, slots=True)
class RecordCompletion:
    """Somebody attended or passed.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, OWN_COMPLETION, TRAINING_SESSION_CANCELLED, COMPLETED_IN_FUTURE, COURSE_CLOSED,
    NOTHING_CHANGES where the same result of the same day stands.
    """

    volunteer: str
    course: str
    result: CompletionResult
    completed_on: date | None = None
    """None: the day the session began or, without one, today in UTC."""
    training_session: str | None = None
    live_session: str | None = None

    @property
    def stream(self) -> str:
        return completion_name(self.volunteer, self.course)

    def reads(self) -> Reads:
        held = () if self.training_session is None else (self.training_session,)
        return Reads(streams=(self.stream, self.course, *held), exists=(self.volunteer,))

    def decide(self, world: World) -> list[NewEvent]:
        taught = course.existing(world, self.course)
        refuse_unknown(world, self.volunteer)
        if world.actor == self.volunteer:
            refuse(Reason.OWN_COMPLETION, volunteer=self.volunteer)
        day = self._day(world)
        if day > (world.now.astimezone(UTC) + EASTERNMOST).date():
            refuse(Reason.COMPLETED_IN_FUTURE, date=day)
        if taught.closed_on is not None and day > taught.closed_on:
            refuse(Reason.COURSE_CLOSED, course=taught.name, date=taught.closed_on)
        known = found(world, self.stream)
        before = () if known is None else known.records
        if any(self._is_told(record, day) for record in before):
            refuse(Reason.NOTHING_CHANGES, name=self.stream)
        return [NewEvent(self.stream, self._recorded(taught, day, len(before) + 1))]

    def _day(self, world: World) -> date:
        if self.training_session is None:
            return self.completed_on or world.now.astimezone(UTC).date()
        if course_of(self.training_session) != self.course:
            refuse(Reason.NOT_FOUND, name=self.training_session)
        held = training_session.existing(world, self.training_session)
        if held.state == "cancelled":
            refuse(Reason.TRAINING_SESSION_CANCELLED, training_session=held.name)
        return self.completed_on or held.day

    def _is_told(self, record: Record, day: date) -> bool:
        said = record.event
        return record.revoked_for is None and (said.result, said.completed_on) == (self.result, day)

    def _recorded(self, taught: Course, day: date, number: int) -> CompletionRecorded:
        details = taught.details
        return CompletionRecorded(
            holder=self.volunteer,
            completion=self.stream,
            number=number,
            course=taught.name,
            organization=taught.organization,
            result=self.result,
            completes=self.result == "passed" or details.completion_by == "attended",
            completed_on=day,
            valid_until=day + timedelta(days=details.valid_days) if details.valid_days else None,
            training_session=self.training_session,
            live_session=self.live_session,
        )


@dataclass(frozen=True, slots=True)
class RevokeCompletion:
    """Take a record back, for good. Refuses NOT_FOUND, NOTHING_CHANGES."""

    completion: str
    number: int
    reason: str

    @property
    def stream(self) -> str:
        return self.completion

    def reads(self) -> Reads:
        return Reads(streams=(self.completion,))

    def decide(self, world: World) -> list[NewEvent]:
        known = found(world, self.completion)
        if known is None or self.number > len(known.records):
            refuse(Reason.NOT_FOUND, name=self.completion)
        record = known.records[self.number - 1]
        if record.revoked_for is not None:
            refuse(Reason.NOTHING_CHANGES, name=self.completion)
        revoked = CompletionRevoked(
            holder=record.event.holder,
            completion=self.completion,
            number=self.number,
            course=record.event.course,
            organization=record.event.organization,
            reason=self.reason,
        )
        return [NewEvent(self.completion, revoked)]
