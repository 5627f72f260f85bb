"""On what a role may act: each rule looks at what a request names.

A rule that is bound to an organisation or a person looks the object up first. What is not there and what belongs to
others give the same answer from the same line: what it refuses is always called by the name that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final, Protocol

from google.protobuf.message import Message

from ledger.access.caller import Caller
from ledger.access.message_paths import texts_at

NOBODY: Final = "-"


class Facts(Protocol):
    """What rules must know of the objects that requests name."""

    async def owners_of(self, names: Sequence[str]) -> list[str | None]:
        """Whose objects are, in order: an organisation, an initiative or, of a subscription, a client.

        None where there is no such object.
        """
        ...

    async def serves(self, volunteer: str, organizations: Set[str]) -> bool:
        """Whether a person is registered for, or has served in, anything these organisations offer."""
        ...


class Rule(Protocol):
    """Decides for one role."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Fields of the request it looks at: the table is checked against the protos with them."""
        ...

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        """The first name in the request that lies outside of what the caller may touch; None: all lies within."""
        ...


@dataclass(frozen=True, slots=True)
class Everything:
    """Whatever the request names."""

    @property
    def paths(self) -> tuple[str, ...]:
        return ()

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class WithPurpose:
    """Whatever the request names, for a purpose that the client was registered for: looked at before any rule."""

    @property
    def paths(self) -> tuple[str, ...]:
        return ()

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class OwnOrganization:
    """What belongs to an organisation that the role is held for. A request that names nothing is outside."""

    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        names = list(texts_at(type(request), self.path)(request))
        owners = await facts.owners_of(names)
        others = (name for name, owner in zip(names, owners, strict=True) if owner not in organizations)
        return next(others, None if names else NOBODY)


@dataclass(frozen=True, slots=True)
class EitherOrganization:
    """What one of several organisations may do: each path names an object, and one of them must be their own."""

    path: str
    other_path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, self.other_path)

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        first = await OwnOrganization(self.path).outside(request, caller, organizations, facts)
        if first is None:
            return None
        other = await OwnOrganization(self.other_path).outside(request, caller, organizations, facts)
        return None if other is None else first


@dataclass(frozen=True, slots=True)
class VerifiesFor:
    """As OwnOrganization; hours of an initiative, which has no verifiers, are open to an organisation that is named."""

    path: str
    organization_path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, self.organization_path)

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        verifying = list(texts_at(type(request), self.organization_path)(request))
        for organization in verifying:
            if organization not in organizations:
                return organization
        names = list(texts_at(type(request), self.path)(request))
        for name, owner in zip(names, await facts.owners_of(names), strict=True):
            of_initiative = owner is not None and owner.startswith("initiatives/")
            if owner not in organizations and not (of_initiative and verifying):
                return name
        return None


@dataclass(frozen=True, slots=True)
class OwnPerson:
    """What is the caller's own: it begins with their name, or ends with it as a registration does."""

    path: str
    prefix: str = ""
    """Put before the text, where a request gives an id and no name."""

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        named = False
        for text in texts_at(type(request), self.path)(request):
            named, name = True, self.prefix + text
            if not is_own(name, caller.actor):
                return name
        return None if named else NOBODY


@dataclass(frozen=True, slots=True)
class Serves:
    """A person who is registered with, or has served for, an organisation that the role is held for."""

    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        named = False
        for name in texts_at(type(request), self.path)(request):
            named, volunteer = True, "/".join(name.split("/", 2)[:2])
            if not await facts.serves(volunteer, organizations):
                return name
        return None if named else NOBODY


@dataclass(frozen=True, slots=True)
class OwnSubscription(WithPurpose):
    """A subscription that was opened for the client that calls, for a purpose of that client."""

    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    async def outside(self, request: Message, caller: Caller, organizations: Set[str], facts: Facts) -> str | None:
        names = list(texts_at(type(request), self.path)(request))
        owners = await facts.owners_of(names)
        others = (name for name, owner in zip(names, owners, strict=True) if owner != f"clients/{caller.client}")
        return next(others, None if names else NOBODY)


def is_own(name: str, actor: str) -> bool:
    """Whether a resource belongs to the person who acts."""
    if name == actor or name.startswith(f"{actor}/"):
        return True
    return name.endswith("/registrations/" + actor.removeprefix("volunteers/")) and actor.startswith("volunteers/")
