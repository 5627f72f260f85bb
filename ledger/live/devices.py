"""Devices of a live session in one process, and how what they said becomes the parts of an event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from ledger.domain.live_session import RecordPresences
from ledger.domain.live_session_events import Ended, EndedBy, Joined, LivePresencesRecorded, Signs
from ledger.domain.refusals import Refusal

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Device:
    """One connection, from its join on."""

    volunteer: str
    joined: int
    stored: asyncio.Future[int]
    """Its number, once the join is an event."""
    last_sign: int = 0
    unsaved: list[int] = field(default_factory=list)
    """Seconds of signs that are not stored."""

    @property
    def number(self) -> int:
        """Raises InvalidStateError before the join is an event."""
        return self.stored.result()

    @property
    def is_stored(self) -> bool:
        """Whether the join is an event."""
        return self.stored.done() and not self.stored.cancelled() and self.stored.exception() is None


@dataclass(slots=True, eq=False)
class Leaving:
    """A connection that ended, and is told so once that is an event."""

    device: Device
    second: int
    ended_by: EndedBy
    stored: asyncio.Future[None]


def presences_of(session: str, joining: Sequence[Device], ended: Sequence[Leaving]) -> RecordPresences:
    """The command that records them."""
    base = min([*(one.joined for one in joining), *(one.second for one in ended)])
    return RecordPresences(
        session,
        moment_of(base),
        tuple(Joined(volunteer=one.volunteer, seconds=one.joined - base) for one in joining),
        tuple(Ended(number=one.device.number, seconds=one.second - base, ended_by=one.ended_by) for one in ended),
    )


def give_numbers(told: LivePresencesRecorded, joining: list[Device]) -> list[Device]:
    """Give the devices their numbers, and those back that were left out."""
    left_out: list[Device] = []
    accepted = {one.volunteer for one in told.joined}
    number = told.first_number
    for device in joining:
        if device.volunteer not in accepted:
            left_out.append(device)
        elif not device.stored.done():
            device.stored.set_result(number)
            number += 1
        else:
            number += 1
    return left_out


def by_second(told: Iterable[tuple[int, Device]], base: int) -> Iterator[Signs]:
    """(second, device) in order, as an event has them."""
    seconds: dict[int, list[int]] = {}
    for second, device in told:
        seconds.setdefault(second - base, []).append(device.number)
    for second, numbers in seconds.items():
        gaps = tuple(number - before for before, number in zip((0, *numbers), numbers, strict=False))
        yield Signs(seconds=second, numbers=gaps)


def tell(future: asyncio.Future[None]) -> None:
    """Whoever waits, that it is done."""
    if not future.done():
        future.set_result(None)


def refuse(future: asyncio.Future[T], refusal: Refusal) -> None:
    """Whoever waits, that it will not be."""
    if not future.done():
        future.set_exception(refusal)
        future.exception()  # whoever waited may be gone: nobody has to fetch it


def moment_of(second: int) -> datetime:
    """Of seconds since 1970."""
    return datetime.fromtimestamp(second, UTC)
