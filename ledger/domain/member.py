"""Whoever acts for an organisation and is no volunteer: an id that events name as actor, and a name that is sealed.

What they verified names the id and rests on nothing else: when they are erased no verification changes, and none loses
its author. Appointments are of the organisation (`organization`); here is only who it is.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.sealed import Sealed, SealedField, key_id_in
from ledger.domain.world import Reads, World

COLLECTION: Final = "staff/"
NAME_PATH: Final = "member_name"


@stored_name("member-named")
class MemberNamed(Event):
    """What a member is called, from now on."""

    member: str
    member_name: Sealed


@stored_name("member-erased")
class MemberErased(Event):
    """Who the member is shall be known no more: their keys are destroyed after this."""

    member: str
    key_ids: tuple[str, ...]
    """Of every key that a field of this stream was sealed with, ascending."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member as their events leave them; the name stays sealed."""

    name: str
    """staff/{member}: the actor as authenticated."""
    member_name: SealedField | None
    key_ids: frozenset[str]
    erased: bool = False


def evolve(state: object | None, recorded: RecordedEvent) -> Member:
    """The member after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case ((None | Member(erased=False)), MemberNamed(member_name=sealed)):
            before = state.key_ids if isinstance(state, Member) else frozenset()
            field = SealedField(recorded.stream, recorded.event_id, NAME_PATH, sealed)
            return Member(recorded.stream, field, before | {key_id_in(sealed)})
        case Member(erased=False), MemberErased():
            return replace(state, member_name=None, erased=True)
    raise InvariantBroken(f"{recorded.stream} cannot hold {recorded.data!r} at version {recorded.version}")


def found(world: World, name: str) -> Member | None:
    """The member called `name`, None for one that nobody named. Raises NotLoaded."""
    state = world.state(name)
    if state is not None and not isinstance(state, Member):
        raise InvariantBroken(f"{name} is no member: {state!r}")
    return state


@dataclass(frozen=True, slots=True)
class NameMember:
    """Say what a member is called, or is called now. Refuses MEMBER_ERASED."""

    member: str
    member_name: Sealed
    """Sealed for `event_id`."""
    event_id: str

    @property
    def stream(self) -> str:
        return self.member

    def reads(self) -> Reads:
        return Reads(streams=(self.member,))

    def decide(self, world: World) -> list[NewEvent]:
        known = found(world, self.member)
        if known is not None and known.erased:
            refuse(Reason.MEMBER_ERASED, name=self.member)
        named = MemberNamed(member=self.member, member_name=self.member_name)
        return [NewEvent(self.member, named, event_id=self.event_id)]


@dataclass(frozen=True, slots=True)
class EraseMember:
    """Erase a member. Refuses NOT_FOUND for one that has no name here, MEMBER_ERASED when they are erased already."""

    member: str

    @property
    def stream(self) -> str:
        return self.member

    def reads(self) -> Reads:
        return Reads(streams=(self.member,))

    def decide(self, world: World) -> list[NewEvent]:
        known = found(world, self.member)
        if known is None:
            refuse(Reason.NOT_FOUND, name=self.member)
        if known.erased:
            refuse(Reason.MEMBER_ERASED, name=self.member)
        return [NewEvent(self.member, MemberErased(member=self.member, key_ids=tuple(sorted(known.key_ids))))]
