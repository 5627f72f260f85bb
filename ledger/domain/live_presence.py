"""The declared rule of live sessions: which events make which person a participant of which second.

A pure fold over the events of one session. Certificates, hours and the audit count by it; the read database counts in
SQL, and the audit compares the two. Moments are whole seconds since 1970 UTC; a span [start, end) holds the seconds for
the whole of which somebody was there (docs/live-lessons.md, The declared rule).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import NamedTuple

from ledger.domain.event import Event
from ledger.domain.hours import Span
from ledger.domain.live_session_events import (
    LivePresencesRecorded,
    LiveRule,
    LiveSessionEnded,
    LiveSessionOpened,
    LiveSignsRecorded,
)
from ledger.domain.refusals import InvariantBroken


class Peak(NamedTuple):
    """The largest number of participants of one second."""

    participants: int
    first_second: int | None
    """None: nobody was there."""
    seconds: int
    """How many seconds have it."""


@dataclass(slots=True)
class Connection:
    """One device of one person."""

    volunteer: str
    joined: int
    last_sign: int
    has_ended: bool = False


class Presences:
    """Who was there when, as far as the events given so far tell."""

    def __init__(self) -> None:
        self.rule: LiveRule | None = None
        self.connections: list[Connection] = []
        """Number n is at n - 1."""
        self.through = 0
        """The newest second that an event tells of."""
        self.has_ended = False

    def add(self, data: Event) -> None:
        """One more event of the session. Raises InvariantBroken on one that cannot follow."""
        match data:
            case LiveSessionOpened() if self.rule is None:
                self.rule = data.rule
                self.through = epoch(data.at)
            case LivePresencesRecorded() if self.is_open:
                self._presences(data)
            case LiveSignsRecorded() if self.is_open:
                self._signs(data)
            case LiveSessionEnded() if self.is_open:
                self.through = epoch(data.at)
                self.has_ended = True
            case _ if self.is_open or not isinstance(
                data, LivePresencesRecorded | LiveSignsRecorded | LiveSessionOpened
            ):
                pass  # tells of no presence
            case _:
                raise InvariantBroken(f"a live session cannot hold {type(data).__name__} here")

    @property
    def is_open(self) -> bool:
        """Whether somebody can be there."""
        return self.rule is not None and not self.has_ended

    def _presences(self, data: LivePresencesRecorded) -> None:
        base = epoch(data.base)
        if data.first_number != len(self.connections) + 1:
            raise InvariantBroken(f"connection {data.first_number} follows {len(self.connections)}")
        for one in data.joined:
            joined = base + one.seconds
            self.connections.append(Connection(one.volunteer, joined, joined))
            self.through = max(self.through, joined)
        for gone in data.ended:
            connection = self._connection(gone.number)
            if gone.ended_by == "left":
                self._sign(connection, base + gone.seconds)
                self.through = max(self.through, base + gone.seconds)
            connection.has_ended = True

    def _signs(self, data: LiveSignsRecorded) -> None:
        base = epoch(data.base)
        for heard in data.signs:
            for number in accumulate(heard.numbers):
                self._sign(self._connection(number), base + heard.seconds)
        self.through = max(self.through, base + data.through_seconds)

    def _sign(self, connection: Connection, second: int) -> None:
        # After longer silence than declared it had ended at its last sign: what comes then does not count.
        if not connection.has_ended and second - connection.last_sign <= self._silence:
            connection.last_sign = max(connection.last_sign, second)

    def _connection(self, number: int) -> Connection:
        if not 1 <= number <= len(self.connections):
            raise InvariantBroken(f"connection {number} never joined; there are {len(self.connections)}")
        return self.connections[number - 1]

    @property
    def _silence(self) -> int:
        if self.rule is None:
            raise InvariantBroken("the session was never opened")
        return self.rule.silence_seconds

    def spans(self) -> dict[str, list[Span]]:
        """Person → when they were there, ascending and disjoint; excluded ones and empty spans are left out."""
        excluded = set(() if self.rule is None else self.rule.excluded)
        found: dict[str, list[Span]] = {}
        for connection in self.connections:
            end = self._end(connection)
            if end > connection.joined and connection.volunteer not in excluded:
                found.setdefault(connection.volunteer, []).append((connection.joined, end))
        return {volunteer: list(merged(spans)) for volunteer, spans in found.items()}

    def _end(self, connection: Connection) -> int:
        if not connection.has_ended and self.through - connection.last_sign <= self._silence:
            return max(self.through, connection.last_sign)
        return connection.last_sign


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The same seconds as disjoint spans, ascending; spans that touch become one."""
    current: Span | None = None
    for start, end in sorted(spans):
        if current is None or start > current[1]:
            if current is not None:
                yield current
            current = (start, end)
        else:
            current = (current[0], max(current[1], end))
    if current is not None:
        yield current


def curve(spans: Mapping[str, Sequence[Span]]) -> list[tuple[int, int]]:
    """(second, participants from then on), ascending: every second at which the number changes."""
    changes: Counter[int] = Counter()
    for of_person in spans.values():
        for start, end in of_person:
            changes[start] += 1
            changes[end] -= 1
    points: list[tuple[int, int]] = []
    participants = 0
    for second in sorted(changes):
        if changes[second]:
            participants += changes[second]
            points.append((second, participants))
    return points


def peak(points: Sequence[tuple[int, int]]) -> Peak:
    """Of a curve."""
    highest = max((participants for _, participants in points), default=0)
    if highest == 0:
        return Peak(0, None, 0)
    first = next(second for second, participants in points if participants == highest)
    seconds = sum(
        following - second for (second, participants), (following, _) in pairwise(points) if participants == highest
    )
    return Peak(highest, first, seconds)


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970. Raises InvariantBroken for a moment between two seconds."""
    seconds = moment.timestamp()
    if seconds != math.floor(seconds):
        raise InvariantBroken(f"{moment.isoformat()} is no whole second")
    return int(seconds)
