"""How a person stands with a watched requirement in one period: met, at which level, or lost again.

A standing copies the answer to a question, with the positions it was true at: it moves no seconds, and whoever decides
about a person asks. It is evaluated outside, from projections, so a look may be overtaken by a later one: what was
evaluated at earlier positions than what is recorded is refused.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeAlias

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import volunteer_of
from ledger.domain.values import Position, precedes
from ledger.domain.world import Reads, World

Seconds: TypeAlias = Annotated[int, Field(ge=0)]


class StandingTold(Event):
    """Base of both events: what was asked, of whom, and what the answer rests on."""

    holder: str
    """volunteers/{v}"""
    standing: str
    """The stream: volunteers/{v}/requirements/{p}/standings/{q}"""
    requirement: str
    """policies/{p}/versions/{n}: the version that was applied."""
    period_start: date | None = None
    """None: open."""
    period_end: date
    """The last day; of a lifetime that of the newest service."""
    counted_seconds: Seconds
    """In the classes that the version measures."""
    evaluated_at: tuple[Position, ...]
    """The positions the answer counts, partition by partition."""
    cause: Position
    """The event after which it was looked at: a movement of hours, an approval, a birth date."""


@stored_name("requirement-met")
class RequirementMet(StandingTold):
    """The person meets it, at this level: for the first time, again, or at another level than before."""

    level: Annotated[str, Field(min_length=1)]
    """The highest reached."""


@stored_name("requirement-lost")
class RequirementLost(StandingTold):
    """The person met it and no longer does."""


@dataclass(frozen=True, slots=True)
class RequirementStanding:
    """A standing as its last event leaves it."""

    name: str
    level: str | None
    """None: it is not met."""
    evaluated_at: Mapping[int, int]
    """Partition → position."""


def standing_name(holder: str, policy: str, period: str) -> str:
    """volunteers/{v}/requirements/{p}/standings/{period}, of policies/{p}."""
    return f"{holder}/requirements/{policy.removeprefix('policies/')}/standings/{period}"


def evolve(state: object | None, recorded: RecordedEvent) -> RequirementStanding:
    """The standing after one more event.

    Raises InvariantBroken where met and lost do not alternate, where an evaluation precedes the one before it or its
    own cause, or counts what was recorded after it.
    """
    known, told = state if isinstance(state, RequirementStanding) else None, recorded.data
    if isinstance(told, RequirementMet | RequirementLost) and told.standing == recorded.stream:
        level = told.level if isinstance(told, RequirementMet) else None
        evaluated_at = {one.partition: one.position for one in told.evaluated_at}
        its_holders = told.holder == volunteer_of(recorded.stream)
        changes = level != (None if known is None else known.level)
        in_order = known is None or not precedes(evaluated_at, known.evaluated_at)
        of_its_past = evaluated_at.get(recorded.partition, recorded.position) < recorded.position
        after_its_cause = told.cause.position <= evaluated_at.get(told.cause.partition, 0)
        if its_holders and changes and in_order and of_its_past and after_its_cause:
            return RequirementStanding(recorded.stream, level, evaluated_at)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


@dataclass(frozen=True, slots=True)
class RecordStanding:
    """Record how somebody stands, as it was evaluated: follows by itself.

    Refuses STANDING_EVALUATED_LATER, and NOTHING_CHANGES where the last event says the same, or nothing was ever met.
    """

    standing: str
    requirement: str
    period_start: date | None
    period_end: date
    level: str | None
    """None: it is not met."""
    counted_seconds: int
    evaluated_at: tuple[Position, ...]
    cause: Position

    @property
    def stream(self) -> str:
        return self.standing

    def reads(self) -> Reads:
        return Reads(streams=(self.standing,))

    def decide(self, world: World) -> list[NewEvent]:
        known = world.state(self.standing)
        before = known if isinstance(known, RequirementStanding) else None
        evaluated_at = {one.partition: one.position for one in self.evaluated_at}
        if before is not None and precedes(evaluated_at, before.evaluated_at):
            positions = ", ".join(f"{partition}:{position}" for partition, position in before.evaluated_at.items())
            refuse(Reason.STANDING_EVALUATED_LATER, standing=self.standing, positions=positions)
        if self.level == (None if before is None else before.level):
            refuse(Reason.NOTHING_CHANGES, name=self.standing)
        return [NewEvent(self.standing, self._event())]

    def _event(self) -> RequirementMet | RequirementLost:
        told = StandingTold(
            holder=volunteer_of(self.standing),
            standing=self.standing,
            requirement=self.requirement,
            period_start=self.period_start,
            period_end=self.period_end,
            counted_seconds=self.counted_seconds,
            evaluated_at=self.evaluated_at,
            cause=self.cause,
        )
        fields = dict(told)
        return RequirementLost(**fields) if self.level is None else RequirementMet(**fields, level=self.level)
