"""What an event is: an immutable fact, stored under a chosen name and schema version.

Stored names and fields are the format kept for decades: `tests/stored_formats` pins them by bytes. A class whose fields
change gets the next schema number and a step `upcast_vN_vM` from each version before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ledger.domain.passing import Passing
from ledger.domain.refusals import InvariantBroken

JsonObject: TypeAlias = dict[str, Any]


class Value(BaseModel):
    """Base of all immutable, strictly typed values inside events."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Event(Value):
    """Base of all events. Subclasses are made known to the ledger by `@stored_name`."""

    stored_name: ClassVar[str]
    schema_version: ClassVar[int]

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read this version's stored `data`. Raises pydantic's ValidationError on anything else."""
        return cls.model_validate_json(data)

    def to_json(self) -> bytes:
        """The bytes stored as `data`; fields that are None are left out."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


E = TypeVar("E", bound=Event)

_REGISTRY: dict[str, type[Event]] = {}
_JSON_OBJECT: TypeAdapter[JsonObject] = TypeAdapter(JsonObject)


def stored_name(name: str, *, schema: int = 1) -> Callable[[type[E]], type[E]]:
    """Register an event class under its stored name.

    Raises:
        InvariantBroken: the name is taken, or a step `upcast_vN_vM` from an earlier version is missing.
    """

    def register(event_class: type[E]) -> type[E]:
        if name in _REGISTRY:
            raise InvariantBroken(f"stored name {name} is taken by {_REGISTRY[name].__name__}")
        for version in range(1, schema):
            if not callable(getattr(event_class, f"upcast_v{version}_v{version + 1}", None)):
                raise InvariantBroken(f"{event_class.__name__} lacks upcast_v{version}_v{version + 1}")
        event_class.stored_name = name
        event_class.schema_version = schema
        _REGISTRY[name] = event_class
        return event_class

    return register


def event_classes() -> Mapping[str, type[Event]]:
    """All known event classes by stored name. Import `ledger.domain.catalogue` first to know them all."""
    return _REGISTRY


def read_event(name: str, schema: int, data: bytes) -> Event:
    """The event stored as `data` under `name` in version `schema`, lifted to the version of today.

    Raises:
        InvariantBroken: the name is unknown, or the version is from the future: this program is too old to read on.
    """
    event_class = _REGISTRY.get(name)
    if event_class is None:
        raise InvariantBroken(f"no event is called {name}; a newer program wrote it")
    if schema == event_class.schema_version:
        return event_class.from_json(data)
    if not 1 <= schema < event_class.schema_version:
        raise InvariantBroken(f"{name} schema {schema} is newer than {event_class.schema_version}, known here")
    state = _JSON_OBJECT.validate_json(data)
    for version in range(schema, event_class.schema_version):
        step: Callable[[JsonObject], JsonObject] = getattr(event_class, f"upcast_v{version}_v{version + 1}")
        state = step(state)
    return event_class.from_json(_JSON_OBJECT.dump_json(state))


class NewEvent(Passing, frozen=True):
    """What a decision wants recorded, and in which stream."""

    stream: str
    data: Event
    policy: str | None = None
    """policies/{policy}/versions/{version} that decided the seconds."""
    corrects: str | None = None
    """Id of the event this one corrects."""
    source_time: datetime | None = None
    """When an imported system says it learned the fact."""
    identity_key: bytes | None = None
    """With `volunteer-registered`: the keyed hash that keeps an identity number unique. Never in the event."""
    event_id: str | None = None
    """Chosen beforehand by whoever sealed fields for this event: a seal is bound to its event's id."""


class RecordedEvent(Passing, frozen=True):
    """An event with its place in the ledger and who caused it: what aggregates are folded from."""

    stream: str
    version: int
    """1..n within the stream."""
    event_id: str
    partition: int
    position: int
    recorded_at: datetime
    actor: str
    data: Event
    policy: str | None = None
    corrects: str | None = None
    source_time: datetime | None = None
