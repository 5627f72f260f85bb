"""What a decision may know, and what a command is.

A decision is a pure function of a `World`: the folded aggregates and the constraint rows that the event store read
under the partition's lock. What it needs and does not find loaded it asks for by raising `NotLoaded`: the store loads
it, still under the lock, and decides again from the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeAlias

from ledger.domain.event import NewEvent
from ledger.domain.passing import Passing

TimeWindow: TypeAlias = tuple[str, int, int]
"""(volunteer, from, until), whole seconds since 1970 UTC: all of a person's presences that touch this span."""


class ShiftPlaces(NamedTuple):
    """How many places of a shift are taken, and how many people wait for one."""

    taken: int = 0
    waiting: int = 0


class Reads(Passing, frozen=True):
    """What a command will need, so that one round trip can fetch it for all commands of a batch."""

    streams: tuple[str, ...] = ()
    """Streams to fold."""
    exists: tuple[str, ...] = ()
    """Streams of which only it matters whether they have begun, whether an erasure has ended them, and
    whether they were ever linked."""
    shifts: tuple[str, ...] = ()
    """Shifts whose numbers of places taken and of people waiting matter."""
    presences: tuple[TimeWindow, ...] = ()
    identities: tuple[bytes, ...] = ()
    """Keyed hashes of identity numbers."""
    birth_dates: tuple[str, ...] = ()
    """Volunteers whose birth date must be opened."""
    heads: tuple[str, ...] = ()
    """Shifts of which it matters whether people were counted by heads."""
    waiting: tuple[tuple[str, int], ...] = ()
    """Shifts, each with how many of those who wait for it matter, the first ones."""


class NotLoaded(Exception):
    """A decision needs something that was not fetched: fetch it and decide again."""

    def __init__(self, reads: Reads) -> None:
        super().__init__(reads)
        self.reads = reads


class Presence(Passing, frozen=True):
    """A person's time taken by one attendance: the constraint row that guards against counting a second twice.

    Times are whole seconds since 1970 UTC.
    """

    volunteer: str
    attendance: str
    start: int
    end: int
    """The span credited, whether counted or withheld: [start, end)."""
    counted: tuple[tuple[int, int], ...]
    """Disjoint ascending spans within it that count; none of them overlaps another attendance's."""
    recorded_order: int
    """Partition position of the attendance's first event: who came first keeps the second."""


class World(Protocol):
    """What a decision may know. All of it is as of the moment the events will be recorded."""

    @property
    def now(self) -> datetime:
        """The moment the command is decided, UTC."""
        ...

    @property
    def actor(self) -> str:
        """Who asks, as authenticated; never taken from a request's body."""
        ...

    def state(self, stream: str) -> object | None:
        """The folded aggregate of a stream, None before its first event. Raises NotLoaded."""
        ...

    def exists(self, stream: str) -> bool:
        """Whether a stream has begun. Raises NotLoaded."""
        ...

    def erased(self, person: str) -> bool:
        """Whether somebody was erased; False for who is not known. Raises NotLoaded.

        They may be at home in another partition than what is decided: what was committed there by now is seen.
        """
        ...

    def ever_linked(self, person: str) -> bool:
        """Whether a person's name was ever linked to another one. Raises NotLoaded."""
        ...

    def places_taken(self, shift: str) -> int:
        """Places taken in a shift. Raises NotLoaded."""
        ...

    def places_waiting(self, shift: str) -> int:
        """How many people wait for a place in a shift. Raises NotLoaded."""
        ...

    def first_waiting(self, shift: str, count: int) -> list[str]:
        """The first `count` registrations that wait for a place in a shift, in their order. Raises NotLoaded."""
        ...

    def counted_by_heads(self, shift: str) -> str | None:
        """A head count of the shift that still counts somebody, the first by name; None: there is none.

        It may lie in another partition than what is decided: what was committed there by now is seen. Raises NotLoaded.
        """
        ...

    def presences(self, window: TimeWindow) -> list[Presence]:
        """The person's presences that touch the window, first recorded first. Raises NotLoaded."""
        ...

    def identity_holder(self, identity_key: bytes) -> str | None:
        """The volunteer registered under an identity number. Raises NotLoaded."""
        ...

    def birth_date(self, volunteer: str) -> date | None:
        """Opened from its seal for this one decision; None when unknown or erased. Raises NotLoaded."""
        ...


def need_states(world: World, streams: Iterable[str]) -> None:
    """Raise one NotLoaded for all of these streams that are not loaded: one by one, each would cost a round trip."""
    missing: list[str] = []
    for stream in streams:
        try:
            world.state(stream)
        except NotLoaded as not_loaded:
            missing.extend(not_loaded.reads.streams)
    if missing:
        raise NotLoaded(Reads(streams=tuple(missing)))


class Command(Protocol):
    """What is asked, in the imperative. All its events go to the partition of `stream`."""

    @property
    def stream(self) -> str:
        """The stream the command is mainly about; its state after the command is the answer."""
        ...

    def reads(self) -> Reads:
        """What it will surely need."""
        ...

    def decide(self, world: World) -> list[NewEvent]:
        """The events to record, the first one in `stream`. Raises Refusal, and NotLoaded to be asked again."""
        ...
