"""A session of a course: when and where it is held, and perhaps which live lesson holds it.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from ledger.domain import course
from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.live_session import LiveSession
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.shift import Place, check_times
from ledger.domain.streams import course_of
from ledger.domain.values import zone
from ledger.domain.world import Reads, World


@stored_name("training-session-opened")
class TrainingSessionOpened(Event):
    """It will be held, or was."""

    training_session: str
    course: str
    organization: str
    start: AwareDatetime
    end: AwareDatetime
    time_zone: str
    """IANA name: the day of completion is one of this zone."""
    places: Annotated[int, Field(ge=1)]
    place: Place
    live_session: str | None = None
    """Who was there for long enough completes by it."""
    attendance_seconds_min: Annotated[int, Field(ge=1)] | None = None
    """How long that is; with `live_session`, and only then."""


@stored_name("training-session-cancelled")
class TrainingSessionCancelled(Event):
    """Nobody completes the course by it any more; what was recorded stays."""

    training_session: str
    course: str
    organization: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """A session as its events leave it."""

    name: str
    opened: TrainingSessionOpened
    state: Literal["open", "cancelled"] = "open"

    @property
    def day(self) -> date:
        """On which it begins, in its own zone."""
        return self.opened.start.astimezone(ZoneInfo(self.opened.time_zone)).date()


def evolve(state: object | None, recorded: RecordedEvent) -> TrainingSession:
    """The session after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, TrainingSessionOpened() as opened:
            return TrainingSession(recorded.stream, opened)
        case TrainingSession(state="open"), TrainingSessionCancelled():
            return replace(state, state="cancelled")
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def existing(world: World, name: str) -> TrainingSession:
    """The session called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, TrainingSession):
        raise InvariantBroken(f"{name} is no training session: {type(state).__name__}")
    return state


@dataclass(frozen=True, slots=True)
class OpenTrainingSession:
    """Hold a course at a time and place.

    Refuses ALREADY_EXISTS, NOT_FOUND (the course; a live session that is not there, or not of its organisation),
    COURSE_CLOSED, TIME_ZONE_UNKNOWN, TIMES_REVERSED, SHIFT_TOO_LONG.
    """

    training_session: str
    start: datetime
    end: datetime
    time_zone: str
    places: int
    place: Place
    live_session: str | None = None
    attendance_seconds_min: int | None = None

    @property
    def stream(self) -> str:
        return self.training_session

    def reads(self) -> Reads:
        live = () if self.live_session is None else (self.live_session,)
        return Reads(streams=(self.training_session, course_of(self.training_session), *live))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.training_session) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.training_session)
        taught = course.existing(world, course_of(self.training_session))
        if taught.closed_on is not None:
            refuse(Reason.COURSE_CLOSED, course=taught.name, date=taught.closed_on)
        zone(self.time_zone)
        check_times(self.start, self.end)
        if self.live_session is not None:
            _refuse_others_lesson(world, self.live_session, taught.organization)
        opened = TrainingSessionOpened(
            training_session=self.training_session,
            course=taught.name,
            organization=taught.organization,
            start=self.start,
            end=self.end,
            time_zone=self.time_zone,
            places=self.places,
            place=self.place,
            live_session=self.live_session,
            attendance_seconds_min=None if self.live_session is None else self.attendance_seconds_min or 1,
        )
        return [NewEvent(self.training_session, opened)]


def _refuse_others_lesson(world: World, live_session: str, organization: str) -> None:
    lesson = world.state(live_session)
    # Who attended another organisation's lesson is not this one's to learn: absent and forbidden look alike.
    if not isinstance(lesson, LiveSession) or lesson.organization != organization:
        refuse(Reason.NOT_FOUND, name=live_session)


@dataclass(frozen=True, slots=True)
class CancelTrainingSession:
    """It is not held. Refuses NOT_FOUND, NOTHING_CHANGES."""

    training_session: str
    reason: str

    @property
    def stream(self) -> str:
        return self.training_session

    def reads(self) -> Reads:
        return Reads(streams=(self.training_session,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.training_session)
        if known.state == "cancelled":
            refuse(Reason.NOTHING_CHANGES, name=self.training_session)
        cancelled = TrainingSessionCancelled(
            training_session=known.name,
            course=known.opened.course,
            organization=known.opened.organization,
            reason=self.reason,
        )
        return [NewEvent(known.name, cancelled)]
