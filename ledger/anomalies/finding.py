"""What a detector found: about whom, by which rule, with which figures and events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ledger.domain.anomaly import AnomalyKind

EVENTS_MAX: Final = 20
"""Shown of each finding; all are counted."""
_POSITION_BITS: Final = 48


@dataclass(frozen=True, slots=True)
class Finding:
    """A flag, not a verdict."""

    kind: AnomalyKind
    rule: str
    """Key of its words in `ledger.texts.anomalies`, filled in from the figures."""
    subjects: tuple[str, ...]
    """In order of their bytes."""
    organizations: tuple[str, ...]
    figures: Mapping[str, int]
    events: tuple[int, ...]
    """The first EVENTS_MAX, as `event_code` writes them."""
    event_count: int
    seconds: int
    on: date | None = None
    """The day it is about, where it is about one; else the period asked about is its period."""
    persons: tuple[str, ...] = field(default=())
    """Concerned beside those that subjects and events name."""
    cycle: tuple[str, ...] = ()
    """Of a ring: each verified hours of the next, the last of the first."""


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in order of its bytes."""
    return tuple(sorted(set(names), key=str.encode))


def first_events(codes: Iterable[int]) -> tuple[int, ...]:
    """The first of all, each once."""
    return tuple(sorted(set(codes))[:EVENTS_MAX])


def event_code(partition: int, position: int) -> int:
    """One number for a place in the ledger: facts carry many."""
    return partition << _POSITION_BITS | position


def event_place(code: int) -> tuple[int, int]:
    """Partition and position."""
    return code >> _POSITION_BITS, code & (1 << _POSITION_BITS) - 1
