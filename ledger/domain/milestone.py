"""A level of a programme that a person or a team reached by verified hours, or lost when a correction took them away.

A team is an initiative: all hours served with it are its own.

As standings with requirements are (`ledger/domain/requirement_standing.py`), a milestone is evaluated outside, from
projections: what was evaluated at earlier positions than what is recorded is refused.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import holder_of
from ledger.domain.values import Position, precedes
from ledger.domain.world import Reads, World

Count: TypeAlias = Annotated[int, Field(ge=0)]


class MilestoneTold(Event):
    """Base of both events: whose it is, by which version, and what that rests on."""

    holder: str
    """volunteers/{v}, or initiatives/{i} of a team"""
    milestone: str
    """The stream: {holder}/recognitions/{r}/milestones/{level}"""
    recognition_version: str
    """recognitions/{r}/versions/{n}: the version that was applied."""
    counted_seconds: Count
    """Verified, of the person's life or with the team."""
    months: Count
    """Whole ones from the first to the newest date of verified service."""
    skills_count: Count
    organizations_count: Count
    persons_count: Count | None = None
    """Of a team: different ones with verified seconds."""
    evaluated_at: tuple[Position, ...]
    """The positions that were counted, partition by partition."""
    cause: Position
    """The event after which it was looked at: a movement of hours, an approval, an opportunity's new skills."""


@stored_name("milestone-reached")
class MilestoneReached(MilestoneTold):
    """The person meets every threshold of the level, for the first time or again."""


@stored_name("milestone-lost")
class MilestoneLost(MilestoneTold):
    """The person had reached it and meets it no longer."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone as its last event leaves it."""

    name: str
    reached: bool
    evaluated_at: Mapping[int, int]
    """Partition → position."""


def milestone_name(holder: str, recognition: str, level: str) -> str:
    """{holder}/recognitions/{r}/milestones/{level}, of recognitions/{r}."""
    return f"{holder}/{recognition}/milestones/{level}"


def level_of(milestone: str) -> str:
    """The level's id."""
    return milestone.rpartition("/")[2]


def recognition_of(milestone: str) -> str:
    """recognitions/{r}"""
    return "/".join(milestone.split("/")[2:4])


def evolve(state: object | None, recorded: RecordedEvent) -> Milestone:
    """The milestone after one more event.

    Raises InvariantBroken where reached and lost do not alternate, where an evaluation precedes the one before it or
    its own cause, or counts what was recorded after it.
    """
    known, told = state if isinstance(state, Milestone) else None, recorded.data
    if isinstance(told, MilestoneReached | MilestoneLost) and told.milestone == recorded.stream:
        reached = isinstance(told, MilestoneReached)
        evaluated_at = {one.partition: one.position for one in told.evaluated_at}
        its_holders = told.holder == holder_of(recorded.stream)
        its_programmes = told.recognition_version.startswith(f"{recognition_of(recorded.stream)}/versions/")
        changes = reached != (known is not None and known.reached)
        in_order = known is None or not precedes(evaluated_at, known.evaluated_at)
        of_its_past = evaluated_at.get(recorded.partition, recorded.position) < recorded.position
        after_its_cause = told.cause.position <= evaluated_at.get(told.cause.partition, 0)
        if all((its_holders, its_programmes, changes, in_order, of_its_past, after_its_cause)):
            return Milestone(recorded.stream, reached, evaluated_at)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


@dataclass(frozen=True, slots=True)
class RecordMilestone:
    """Record what was found of a level: follows by itself.

    Refuses STANDING_EVALUATED_LATER, and NOTHING_CHANGES where the last event says the same, or it was never reached.
    """

    milestone: str
    reached: bool
    recognition_version: str
    counted_seconds: int
    months: int
    skills_count: int
    organizations_count: int
    evaluated_at: tuple[Position, ...]
    cause: Position
    persons_count: int | None = None

    @property
    def stream(self) -> str:
        return self.milestone

    def reads(self) -> Reads:
        return Reads(streams=(self.milestone,))

    def decide(self, world: World) -> list[NewEvent]:
        known = world.state(self.milestone)
        before = known if isinstance(known, Milestone) else None
        evaluated_at = {one.partition: one.position for one in self.evaluated_at}
        if before is not None and precedes(evaluated_at, before.evaluated_at):
            positions = ", ".join(f"{partition}:{position}" for partition, position in before.evaluated_at.items())
            refuse(Reason.STANDING_EVALUATED_LATER, standing=self.milestone, positions=positions)
        if self.reached == (before is not None and before.reached):
            refuse(Reason.NOTHING_CHANGES, name=self.milestone)
        kind = MilestoneReached if self.reached else MilestoneLost
        told = kind(
            holder=holder_of(self.milestone),
            milestone=self.milestone,
            recognition_version=self.recognition_version,
            counted_seconds=self.counted_seconds,
            months=self.months,
            skills_count=self.skills_count,
            organizations_count=self.organizations_count,
            persons_count=self.persons_count,
            evaluated_at=self.evaluated_at,
            cause=self.cause,
        )
        return [NewEvent(self.milestone, told)]
