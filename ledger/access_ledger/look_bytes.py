"""A look as the events that record it, their data written by msgspec: the bytes that `HoursRead` writes, much sooner.

Whoever is to be told hours waits for this; `tests/domain/test_hours_read.py` holds the two to the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ledger.access.access_log import Look
from ledger.domain.hours_read import COLLECTION, PERSONS_MAX
from ledger.domain.passing import Passing

DATA_BYTES_MAX: Final = 60_000
"""Of lists in one event: with everything around them it stays below the limit of an event."""
_SMALL: Final = 64
"""Positions that fit beside anything."""
_RANGE_BYTES: Final = 100
"""With the longest numbers there are."""
_NAME_BYTES_MORE: Final = 3
"""Around each name."""
_ENCODE: Final = msgspec.json.Encoder().encode

T = TypeVar("T")


class LookEvent(Passing, frozen=True):
    """One event to be recorded; its place is given under the lock."""

    event_id: str
    stream: str
    client: str
    actor: str
    data: bytes


class _Range(msgspec.Struct, gc=False):
    partition: int
    first_position: int
    last_position: int


class _Position(msgspec.Struct, gc=False):
    partition: int
    position: int


class _HoursRead(msgspec.Struct, gc=False):
    """`HoursRead`, in the order of its fields."""

    access: str
    caller_role: str
    call: str
    purpose: str | UnsetType
    volunteers: Sequence[str]
    volunteer_count: int
    ranges: Sequence[_Range]
    answered_at: Sequence[_Position]


def events_of(look: Look) -> list[LookEvent]:
    """The events of a look, nearly always one; more where one event would name too many persons or grow too long."""
    # No event of a partition that is read at position 0 was read.
    answered_at = [_Position(partition, position) for partition, position in look.positions.items() if position]
    ranges = [_Range(*one) for one in look.ranges]
    if len(look.volunteers) < 2 and len(ranges) < 2 and len(answered_at) <= _SMALL:
        return [_event(look, look.volunteers, ranges, answered_at)]
    room_bytes = DATA_BYTES_MAX - len(_ENCODE(answered_at))
    events = [_event(look, part, (), answered_at) for part in _parts(look.volunteers, _names(look, room_bytes))]
    events += [_event(look, (), part, answered_at) for part in _parts(ranges, room_bytes // _RANGE_BYTES)]
    return events or [_event(look, (), (), answered_at)]


def _event(
    look: Look, volunteers: Sequence[str], ranges: Sequence[_Range], answered_at: Sequence[_Position]
) -> LookEvent:
    event_id = os.urandom(16).hex()
    stream = f"{COLLECTION}/{event_id}"
    count = len(look.volunteers)
    purpose = look.purpose or UNSET
    read = _HoursRead(stream, look.role, look.method, purpose, volunteers, count, ranges, answered_at)
    return LookEvent(event_id, stream, look.client, look.actor, _ENCODE(read))


def _names(look: Look, room_bytes: int) -> int:
    """How many names go into one event."""
    longest_bytes = max(map(len, look.volunteers), default=1) + _NAME_BYTES_MORE
    return min(PERSONS_MAX, room_bytes // longest_bytes)


def _parts(items: Sequence[T], together: int) -> Iterator[Sequence[T]]:
    return (items[at : at + together] for at in range(0, len(items), together))
