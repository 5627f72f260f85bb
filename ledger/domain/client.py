"""A client: a system that may call, what it may do itself, and what persons may do through it.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.world import Reads, World

COLLECTION: Final = "clients/"
RoleName: TypeAlias = Literal[
    "administrator", "coordinator", "verifier", "volunteer", "government_reader", "auditor", "employer"
]
Sha256: TypeAlias = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ClientTerms(Value):
    """What is said of a client; every change replaces all of it."""

    system_name: str
    """Of the system, not of a person: it is readable for ever."""
    certificates: tuple[Sha256, ...] = ()
    """SHA-256 of each certificate (DER) it may present."""
    own_roles: tuple[RoleName, ...] = ()
    """Without a person's token."""
    delegated_roles: tuple[RoleName, ...] = ()
    """For persons who have them."""
    organizations: tuple[str, ...] = ()
    """For which it is coordinator or verifier itself."""
    purposes: tuple[str, ...] = ()
    until_time: AwareDatetime | None = None
    """From then on it is refused; None: without end."""


@stored_name("client-registered")
class ClientRegistered(Event):
    """A system may call from now on."""

    client: str
    terms: ClientTerms


@stored_name("client-updated")
class ClientUpdated(Event):
    """What is said of it is replaced."""

    client: str
    terms: ClientTerms


@stored_name("client-revoked")
class ClientRevoked(Event):
    """It may not call any more, for good."""

    client: str
    revoked_for: str
    """A code, not a text about people."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client as its events leave it."""

    name: str
    terms: ClientTerms
    registered_at: datetime
    revoked_for: str | None = None

    def may_call(self, moment: datetime) -> bool:
        """Whether it is let in at `moment`."""
        until = self.terms.until_time
        return self.revoked_for is None and (until is None or moment < until)


def evolve(state: object | None, recorded: RecordedEvent) -> Client:
    """The client after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, ClientRegistered(terms=terms):
            return Client(recorded.stream, terms, recorded.recorded_at)
        case Client(revoked_for=None), ClientUpdated(terms=terms):
            return replace(state, terms=terms)
        case Client(revoked_for=None), ClientRevoked(revoked_for=revoked_for):
            return replace(state, revoked_for=revoked_for)
    raise InvariantBroken(f"{recorded.stream} cannot hold {recorded.data!r} at version {recorded.version}")


def existing(world: World, name: str) -> Client:
    """The client called `name`, not revoked. Refuses NOT_FOUND, CLIENT_REVOKED."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Client):
        raise InvariantBroken(f"{name} is no client: {state!r}")
    if state.revoked_for is not None:
        refuse(Reason.CLIENT_REVOKED, client=name)
    return state


@dataclass(frozen=True, slots=True)
class RegisterClient:
    """Let a system call. Refuses ALREADY_EXISTS, ROLE_WITHOUT_SCOPE."""

    client: str
    terms: ClientTerms

    @property
    def stream(self) -> str:
        return self.client

    def reads(self) -> Reads:
        return Reads(streams=(self.client,))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.client) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.client)
        need_scope(self.terms)
        return [NewEvent(self.client, ClientRegistered(client=self.client, terms=self.terms))]


@dataclass(frozen=True, slots=True)
class UpdateClient:
    """Replace what is said of it. Refuses NOT_FOUND, CLIENT_REVOKED, NOTHING_CHANGES, ROLE_WITHOUT_SCOPE."""

    client: str
    terms: ClientTerms

    @property
    def stream(self) -> str:
        return self.client

    def reads(self) -> Reads:
        return Reads(streams=(self.client,))

    def decide(self, world: World) -> list[NewEvent]:
        if existing(world, self.client).terms == self.terms:
            refuse(Reason.NOTHING_CHANGES, name=self.client)
        need_scope(self.terms)
        return [NewEvent(self.client, ClientUpdated(client=self.client, terms=self.terms))]


@dataclass(frozen=True, slots=True)
class RevokeClient:
    """Let a system call no more. Refuses NOT_FOUND, CLIENT_REVOKED."""

    client: str
    revoked_for: str

    @property
    def stream(self) -> str:
        return self.client

    def reads(self) -> Reads:
        return Reads(streams=(self.client,))

    def decide(self, world: World) -> list[NewEvent]:
        existing(world, self.client)
        return [NewEvent(self.client, ClientRevoked(client=self.client, revoked_for=self.revoked_for))]


def need_scope(terms: ClientTerms) -> None:
    """A role that is bound to something must say to what. Refuses ROLE_WITHOUT_SCOPE."""
    bound = {"coordinator", "verifier"} & set(terms.own_roles)
    if bound and not terms.organizations:
        refuse(Reason.ROLE_WITHOUT_SCOPE, role=min(bound), needed="organizations")
    if "government_reader" in (*terms.own_roles, *terms.delegated_roles) and not terms.purposes:
        refuse(Reason.ROLE_WITHOUT_SCOPE, role="government_reader", needed="purposes")
    if "volunteer" in terms.own_roles:
        refuse(Reason.ROLE_WITHOUT_SCOPE, role="volunteer", needed="delegated_roles")
