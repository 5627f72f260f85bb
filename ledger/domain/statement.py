"""A statement: issued once, shared by links, revoked for good; superseded and restored as hours are corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.statement_events import (
    Revocation,
    StatementIssued,
    StatementRestated,
    StatementRestored,
    StatementRevoked,
    StatementShared,
    StatementShareWithdrawn,
    StatementSuperseded,
)
from ledger.domain.streams import volunteer_of
from ledger.domain.values import Position, precedes
from ledger.domain.volunteer import known_person
from ledger.domain.world import Reads, World

SHARES_MAX: Final = 100
"""Links of one statement, ended ones too."""


@dataclass(frozen=True, slots=True)
class Share:
    """A link, as its events leave it."""

    name: str
    shared: StatementShared
    shared_at: datetime
    event_id: str
    """Of `statement-shared`: its code is sealed for it."""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as its events leave it."""

    name: str
    issued: StatementIssued
    issued_at: datetime
    event_id: str
    """Of `statement-issued`: its credential is kept under it."""
    issued_position: Position
    revoked_for: Revocation | None = None
    revoked_at: datetime | None = None
    now_verified_seconds: int | None = None
    """None: what it states still holds."""
    superseded_at: datetime | None = None
    evaluated_at: Mapping[int, int] = field(default_factory=dict)
    """Partition → position that the last look at it counted."""
    shares: Mapping[str, Share] = field(default_factory=dict)


def evolve(state: object | None, recorded: RecordedEvent) -> Statement:
    """The statement after one more event.

    Raises InvariantBroken on one that cannot follow, and where it does not lie behind the size that it speaks of.
    """
    match state, recorded.data:
        case None, StatementIssued() as issued if issued.size < recorded.position and _its_own(recorded):
            at = Position(partition=recorded.partition, position=recorded.position)
            return Statement(recorded.stream, issued, recorded.recorded_at, recorded.event_id, at)
        case Statement(revoked_for=None), StatementRevoked(revocation=revocation) if _its_own(recorded):
            return replace(state, revoked_for=revocation, revoked_at=recorded.recorded_at)
        case Statement(), StatementSuperseded() | StatementRestored() as told if _its_own(recorded):
            return _restated(state, recorded, told)
        case Statement(), StatementShared(share=name) as shared if name not in state.shares and _its_own(recorded):
            share = Share(name, shared, recorded.recorded_at, recorded.event_id)
            return replace(state, shares={**state.shares, name: share})
        case Statement(), StatementShareWithdrawn(share=name) if name in state.shares and _its_own(recorded):
            return replace(state, shares={**state.shares, name: replace(state.shares[name], withdrawn=True)})
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _its_own(recorded: RecordedEvent) -> bool:
    data = recorded.data
    named = getattr(data, "statement", None), getattr(data, "holder", None)
    return named == (recorded.stream, volunteer_of(recorded.stream))


def _restated(state: Statement, recorded: RecordedEvent, told: StatementRestated) -> Statement:
    evaluated_at = {one.partition: one.position for one in told.evaluated_at}
    superseded = isinstance(told, StatementSuperseded)
    changes = superseded or state.now_verified_seconds is not None
    of_its_past = evaluated_at.get(recorded.partition, recorded.position) < recorded.position
    if not changes or not of_its_past or precedes(evaluated_at, state.evaluated_at):
        raise InvariantBroken(f"{recorded.stream} cannot be restated at version {recorded.version}")
    return replace(
        state,
        now_verified_seconds=told.current_seconds if superseded else None,
        superseded_at=recorded.recorded_at if superseded else None,
        evaluated_at=evaluated_at,
    )


def existing(world: World, name: str) -> Statement:
    """The statement called `name`, of somebody who was not erased. Refuses NOT_FOUND, VOLUNTEER_ERASED."""
    known_person(world, volunteer_of(name))
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Statement):
        raise InvariantBroken(f"{name} is no statement: {type(state).__name__}")
    return state


def _not_revoked(world: World, name: str) -> Statement:
    known = existing(world, name)
    if known.revoked_for is not None:
        refuse(Reason.STATEMENT_REVOKED, statement=name)
    return known


class _OnStatement:
    """What commands about one statement read."""

    __slots__ = ()
    statement: str

    @property
    def stream(self) -> str:
        return self.statement

    def reads(self) -> Reads:
        return Reads(streams=(self.statement, volunteer_of(self.statement)))


@dataclass(frozen=True)
class IssueStatement(_OnStatement):
    """Record that a credential was signed. Refuses NOT_FOUND, VOLUNTEER_ERASED, ALREADY_EXISTS, EXPIRE_TIME_PASSED."""

    statement: str
    issued: StatementIssued
    event_id: str
    """The credential is kept sealed for this event."""

    def decide(self, world: World) -> list[NewEvent]:
        known_person(world, volunteer_of(self.statement))
        if world.state(self.statement) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.statement)
        need_future(world, self.issued.expires)
        return [NewEvent(self.statement, self.issued, event_id=self.event_id)]


@dataclass(frozen=True)
class RevokeStatement(_OnStatement):
    """End a statement. Refuses NOT_FOUND, VOLUNTEER_ERASED, STATEMENT_REVOKED."""

    statement: str
    revoked_for: Revocation

    def decide(self, world: World) -> list[NewEvent]:
        known = _not_revoked(world, self.statement)
        revoked = StatementRevoked(statement=known.name, holder=volunteer_of(known.name), revocation=self.revoked_for)
        return [NewEvent(known.name, revoked)]


@dataclass(frozen=True)
class ShareStatement(_OnStatement):
    """Let whoever has a code open it.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, STATEMENT_REVOKED, TOO_MANY_SHARES, EXPIRE_TIME_PASSED.
    """

    statement: str
    code_digest: str
    sealed_code: str
    event_id: str
    """The code is sealed for this event."""
    expires: datetime | None
    views_max: int | None

    def decide(self, world: World) -> list[NewEvent]:
        known = _not_revoked(world, self.statement)
        if len(known.shares) >= SHARES_MAX:
            refuse(Reason.TOO_MANY_SHARES, statement=known.name, shares_max=SHARES_MAX)
        need_future(world, self.expires)
        shared = StatementShared(
            statement=known.name,
            holder=volunteer_of(known.name),
            share=f"{known.name}/shares/{len(known.shares) + 1}",
            code_digest=self.code_digest,
            code=self.sealed_code,
            expires=self.expires,
            views_max=self.views_max,
        )
        return [NewEvent(known.name, shared, event_id=self.event_id)]


@dataclass(frozen=True)
class WithdrawShare(_OnStatement):
    """Let a link open nothing any more. Refuses NOT_FOUND, VOLUNTEER_ERASED, NOTHING_CHANGES."""

    statement: str
    share: str

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.statement)
        share = known.shares.get(self.share)
        if share is None:
            refuse(Reason.NOT_FOUND, name=self.share)
        if share.withdrawn:
            refuse(Reason.NOTHING_CHANGES, name=self.share)
        withdrawn = StatementShareWithdrawn(statement=known.name, holder=volunteer_of(known.name), share=self.share)
        return [NewEvent(known.name, withdrawn)]


@dataclass(frozen=True)
class RestateStatement(_OnStatement):
    """Record whether hours that it states were corrected: follows by itself.

    Refuses STANDING_EVALUATED_LATER, and NOTHING_CHANGES where the last event says the same, or it was revoked.
    """

    statement: str
    current_seconds: int
    """Verified in the same scope, now."""
    differs: bool
    """From what it states, in any organisation."""
    evaluated_at: tuple[Position, ...]
    cause: Position

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.statement)
        evaluated_at = {one.partition: one.position for one in self.evaluated_at}
        if precedes(evaluated_at, known.evaluated_at):
            positions = ", ".join(f"{partition}:{position}" for partition, position in known.evaluated_at.items())
            refuse(Reason.STANDING_EVALUATED_LATER, standing=self.statement, positions=positions)
        told = self.current_seconds if self.differs else None
        if told == known.now_verified_seconds or known.revoked_for is not None:
            refuse(Reason.NOTHING_CHANGES, name=self.statement)
        kind = StatementSuperseded if self.differs else StatementRestored
        restated = kind(
            statement=known.name,
            holder=volunteer_of(known.name),
            current_seconds=self.current_seconds,
            evaluated_at=self.evaluated_at,
            cause=self.cause,
        )
        return [NewEvent(known.name, restated)]


def need_future(world: World, expires: datetime | None) -> None:
    """What shall end ends later. Refuses EXPIRE_TIME_PASSED."""
    if expires is not None and expires <= world.now:
        refuse(Reason.EXPIRE_TIME_PASSED, time=expires.isoformat())
