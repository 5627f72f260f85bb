"""That somebody looked at persons' hours: one event in a stream of its own, in the ledger of accesses.

Who looked stands around the data, as actor and client. Nothing here is personal but the names of persons, which are
pseudonymous as everywhere.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import Position
from ledger.domain.world import Reads, World

PERSONS_MAX: Final = 1_000
"""Named by one event: a look at more persons is recorded as several."""
COLLECTION: Final = "accesses"


class PositionRange(Value):
    """Events of one partition of the ledger of hours, from first to last; last 0: up to the end."""

    partition: Annotated[int, Field(ge=0)]
    first_position: Annotated[int, Field(ge=1)]
    last_position: Annotated[int, Field(ge=0)]


@stored_name("hours-read")
class HoursRead(Event):
    """Somebody was about to be told hours of these persons, or everything in these ranges."""

    access: str
    """accesses/{access}"""
    caller_role: str
    """In which role they were let in, such as auditor."""
    call: str
    """Such as HoursService/GetBalance."""
    purpose: str | None = None
    """For which they asked, where one had to be named."""
    volunteers: Annotated[tuple[str, ...], Field(max_length=PERSONS_MAX)]
    volunteer_count: Annotated[int, Field(ge=0)]
    """How many persons the call was about, those that other events of the same call name too."""
    ranges: tuple[PositionRange, ...]
    answered_at: tuple[Position, ...]
    """Positions of the ledger of hours that the answer rests on."""


@dataclass(frozen=True, slots=True)
class Access:
    """A look, as its one event leaves it."""

    name: str
    data: HoursRead


def evolve(state: object | None, recorded: RecordedEvent) -> Access:
    """The access. Raises InvariantBroken on a second event, or one of another stream."""
    data = recorded.data
    if state is not None or not isinstance(data, HoursRead) or data.access != recorded.stream:
        raise InvariantBroken(f"{recorded.stream} cannot hold {type(data).__name__} behind {type(state).__name__}")
    return Access(recorded.stream, data)


@dataclass(frozen=True, slots=True)
class RecordHoursRead:
    """Record that somebody looks. Refuses ALREADY_EXISTS: each look is an access of its own."""

    read: HoursRead

    @property
    def stream(self) -> str:
        return self.read.access

    def reads(self) -> Reads:
        return Reads(exists=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        if world.exists(self.stream):
            refuse(Reason.ALREADY_EXISTS, name=self.stream)
        return [NewEvent(self.stream, self.read)]
