"""Which pieces a receiver is sent for one entry of the journal: a pure function of the entry and of its limits.

Nothing that may change later enters it, so a range of entries means the same pieces when it is sent, when it is
acknowledged, and when it is audited (docs/deliveries.md, Pieces).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.domain.streams import opportunity_of
from ledger.domain.subscription_events import FIELD_MISSING, PIECES_TOO_MANY, DeliveryLimits

PIECES_OF_ENTRY_MAX: Final = 250
"""An entry is never cut by a page: what is acknowledged together must fit into one event."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, as far as it decides about its pieces."""

    partition: int
    position: int
    entry_index: int
    seconds: int
    holder: str
    organization: str
    shift: str
    timed: bool
    """When it was recorded, it was known from when to when."""

    @property
    def place(self) -> tuple[int, int]:
        """Its place within the partition."""
        return self.position, self.entry_index


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of an entry, or all of it."""

    name: str
    """{partition}-{position}-{entry_index}-{i}of{n}@{version of the limits}"""
    seconds: int
    line: Line
    lacks: str | None
    """Why it is not sent; None: it is."""


def pieces_of(line: Line, limits: DeliveryLimits, version: int) -> list[Piece]:
    """The pieces of an entry under one version of the limits; their seconds add up to the entry's."""
    stem = f"{line.partition}-{line.position}-{line.entry_index}"
    lacks = FIELD_MISSING if missing_fields(line, limits) else None
    parts = _split(line.seconds, limits.seconds_max)
    if parts is None:
        parts, lacks = [line.seconds], PIECES_TOO_MANY
    return [Piece(name, seconds, line, lacks) for name, seconds in _named(stem, parts, version)]


def parts_of(name: str, seconds: int, seconds_max: int | None, version: int) -> list[tuple[str, int]]:
    """What an open piece becomes under new limits: its parts, or itself where it fits or would need too many."""
    parts = _split(seconds, seconds_max)
    return [(name, seconds)] if parts is None or len(parts) == 1 else list(_named(name, parts, version))


def missing_fields(line: Line, limits: DeliveryLimits) -> list[str]:
    """What the receiver demands of every record and this entry lacks."""
    there = {
        "receiver_position": receiver_position(line, limits) is not None,
        "volunteer": line.holder.startswith("volunteers/"),
        "times": line.timed,
    }
    return [name for name in limits.required_fields if not there[name]]


def receiver_position(line: Line, limits: DeliveryLimits) -> str | None:
    """What the receiver calls the work: of the shift, the opportunity, who offers it, or all; None: nothing is said."""
    said = {one.done_for or "": one.receiver_position for one in limits.receiver_positions}
    closest = (line.shift, opportunity_of(line.shift), line.organization, "")
    return next((said[name] for name in closest if name in said), None)


def partition_of_piece(name: str) -> int:
    """The ledger partition of the entry that a piece is part of."""
    return int(name.partition("-")[0])


def entry_of_piece(name: str) -> tuple[int, int, int]:
    """Partition, position and index of the entry that a piece is part of."""
    partition, position, entry_index, _ = name.split("-", 3)
    return int(partition), int(position), int(entry_index)


def _split(seconds: int, seconds_max: int | None) -> list[int] | None:
    """Equal parts of the most that is allowed, and a rest; None: there would be too many."""
    if seconds_max is None or seconds <= seconds_max:
        return [seconds]
    count = -(-seconds // seconds_max)
    if count > PIECES_OF_ENTRY_MAX:
        return None
    return [*[seconds_max] * (count - 1), seconds - seconds_max * (count - 1)]


def _named(stem: str, parts: list[int], version: int) -> Iterator[tuple[str, int]]:
    for number, seconds in enumerate(parts, 1):
        yield f"{stem}-{number}of{len(parts)}@{version}", seconds
