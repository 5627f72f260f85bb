"""Who ran this: each start of a service with what it was set to, and who held which key. In the ledger of accesses.

No secret stands here: of a secret setting its keyed fingerprint, of keys with a name their names. Whoever knows what
was set can find it again; nobody can read it out.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken
from ledger.domain.world import Reads, World

COLLECTION: Final = "services"
SERVE: Final = f"{COLLECTION}/serve"
SETTINGS_MAX: Final = 200
HOLDERS_MAX: Final = 100


class SettingSaid(Value):
    """One setting as a service had it. With neither value nor fingerprint it was not set."""

    name: str
    """Such as partitions: LEDGER_PARTITIONS."""
    value: str | None = None
    fingerprint: str | None = None
    """HMAC-SHA-256 under LEDGER_REQUEST_HASH_KEY over name and value, its first 32 hexadecimal digits."""
    key_ids: tuple[str, ...] = ()
    """Names of the keys that it holds."""


class KeyHolders(Value):
    """Who holds a key, as the operator states."""

    key: str
    """Such as master-key."""
    holders: Annotated[tuple[str, ...], Field(max_length=HOLDERS_MAX)]
    """Such as staff/amal."""


@stored_name("service-started")
class ServiceStarted(Event):
    """A service started with these settings."""

    service: str
    """services/{service}"""
    run: str
    """The id of this start."""
    code_version: str
    migrations: tuple[str, ...]
    """What its databases went through, such as events/0001_event_store."""
    settings: Annotated[tuple[SettingSaid, ...], Field(max_length=SETTINGS_MAX)]


@stored_name("key-holders-listed")
class KeyHoldersListed(Event):
    """From now on these hold the keys, until the next list."""

    service: str
    """services/{service}: which service was told."""
    key_holders: tuple[KeyHolders, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service, as far as decisions need it."""

    name: str
    run: str = ""
    """Its last start."""
    key_holders: tuple[KeyHolders, ...] = ()


def evolve(state: object | None, recorded: RecordedEvent) -> Service:
    """The service behind one more event. Raises InvariantBroken for one of another kind or stream."""
    service = Service(recorded.stream) if state is None else state
    match service, recorded.data:
        case Service(), ServiceStarted(service=name, run=run) if name == recorded.stream:
            return replace(service, run=run)
        case Service(), KeyHoldersListed(service=name, key_holders=holders) if name == recorded.stream:
            return replace(service, key_holders=holders)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


@dataclass(frozen=True, slots=True)
class RecordServiceStart:
    """Record a start. Deciding twice about one run yields nothing new."""

    started: ServiceStarted

    @property
    def stream(self) -> str:
        return self.started.service

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        if _service(world, self.stream).run == self.started.run:
            return []
        return [NewEvent(self.stream, self.started)]


@dataclass(frozen=True, slots=True)
class ListKeyHolders:
    """Record who holds the keys, if that is not what was recorded last."""

    listed: KeyHoldersListed

    @property
    def stream(self) -> str:
        return self.listed.service

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        if _service(world, self.stream).key_holders == self.listed.key_holders:
            return []
        return [NewEvent(self.stream, self.listed)]


def _service(world: World, name: str) -> Service:
    state = world.state(name)
    if state is None:
        return Service(name)
    if not isinstance(state, Service):
        raise InvariantBroken(f"{name} is no service: {type(state).__name__}")
    return state
