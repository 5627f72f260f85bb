"""A closed period: what was published of the hours, under a name that stays.

It names first and last date of service, the sums by class, and the positions of all partitions they were computed at.
Nothing is locked by it: what is recorded behind these positions is a restatement of the period, and counts as always.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import Position
from ledger.domain.world import Reads, World

LAST_ZONE: Final = timedelta(hours=-12)
"""Offset of the zone in which a date ends last: what is over there is over everywhere."""


class PeriodTotals(Value):
    """Seconds served in a period, by class, of all holders together."""

    claimed_seconds: Annotated[int, Field(ge=0)]
    attended_seconds: Annotated[int, Field(ge=0)]
    verified_seconds: Annotated[int, Field(ge=0)]
    disputed_seconds: Annotated[int, Field(ge=0)]
    withheld_seconds: Annotated[int, Field(ge=0)]
    reversed_seconds: Annotated[int, Field(ge=0)]
    entry_count: Annotated[int, Field(ge=0)]


@stored_name("period-closed")
class PeriodClosed(Event):
    """The period has these sums at these positions; whatever follows restates it."""

    period: str
    """periods/{period}"""
    start_date: date
    end_date: date
    """The last date of service, included."""
    positions: tuple[Position, ...]
    """One of each partition, in their order: the sums count exactly the events up to these.

    None is 0: every partition has at least the event that opened it.
    """
    totals: PeriodTotals
    replaces: str | None = None
    """The closed period with the same dates that this one restates."""


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A closed period as its one event leaves it."""

    name: str
    start_date: date
    end_date: date
    positions: tuple[Position, ...]
    totals: PeriodTotals
    replaces: str | None
    closed_by: str
    closed_time: datetime
    closed_at: Position
    """Where in the ledger its event stands."""


def evolve(state: object | None, recorded: RecordedEvent) -> ClosedPeriod:
    """The closed period. Raises InvariantBroken on a second event, and on positions that cannot have been counted."""
    match state, recorded.data:
        case None, PeriodClosed() as closed if closed.period == recorded.stream:
            _need_possible(closed, recorded)
            return ClosedPeriod(
                recorded.stream,
                closed.start_date,
                closed.end_date,
                closed.positions,
                closed.totals,
                closed.replaces,
                recorded.actor,
                recorded.recorded_at,
                Position(partition=recorded.partition, position=recorded.position),
            )
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _need_possible(closed: PeriodClosed, recorded: RecordedEvent) -> None:
    if [one.partition for one in closed.positions] != list(range(len(closed.positions))):
        raise InvariantBroken(f"{recorded.stream} names not each partition once, in order: {closed.positions}")
    own = [one.position for one in closed.positions if one.partition == recorded.partition]
    if not own or own[0] >= recorded.position:
        raise InvariantBroken(f"{recorded.stream} at position {recorded.position} counted its own partition to {own}")
    if closed.end_date < closed.start_date:
        raise InvariantBroken(f"{recorded.stream} ends before it starts: {closed.start_date} to {closed.end_date}")


def over_everywhere(day: date, now: datetime) -> bool:
    """Whether a date is over in every time zone."""
    return (now + LAST_ZONE).date() > day


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """Name a period with its sums; `positions` and `totals` are those of one moment of the projections.

    Refuses PERIOD_ALREADY_CLOSED, DATES_REVERSED, PERIOD_NOT_OVER and, of the period it replaces, NOT_FOUND,
    PERIOD_DATES_DIFFER, PERIOD_POSITIONS_EARLIER.
    """

    period: str
    start_date: date
    end_date: date
    positions: tuple[Position, ...]
    totals: PeriodTotals
    replaces: str | None = None

    @property
    def stream(self) -> str:
        return self.period

    def reads(self) -> Reads:
        return Reads(streams=(self.period,) if self.replaces is None else (self.period, self.replaces))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.period) is not None:
            refuse(Reason.PERIOD_ALREADY_CLOSED, name=self.period)
        if self.end_date < self.start_date:
            refuse(Reason.DATES_REVERSED, start_date=self.start_date, end_date=self.end_date)
        if not over_everywhere(self.end_date, world.now):
            refuse(Reason.PERIOD_NOT_OVER, end_date=self.end_date)
        if self.replaces is not None:
            self._need_like(existing(world, self.replaces))
        closed = PeriodClosed(
            period=self.period,
            start_date=self.start_date,
            end_date=self.end_date,
            positions=self.positions,
            totals=self.totals,
            replaces=self.replaces,
        )
        return [NewEvent(self.period, closed)]

    def _need_like(self, replaced: ClosedPeriod) -> None:
        if (replaced.start_date, replaced.end_date) != (self.start_date, self.end_date):
            refuse(
                Reason.PERIOD_DATES_DIFFER,
                name=replaced.name,
                start_date=replaced.start_date,
                end_date=replaced.end_date,
            )
        # A read database that is made anew may be behind what was closed: its sums would be the older ones.
        if any(
            mine.position < theirs.position for mine, theirs in zip(self.positions, replaced.positions, strict=True)
        ):
            refuse(Reason.PERIOD_POSITIONS_EARLIER, name=replaced.name)


def existing(world: World, name: str) -> ClosedPeriod:
    """The closed period called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, ClosedPeriod):
        raise InvariantBroken(f"{name} is no closed period: {type(state).__name__}")
    return state
