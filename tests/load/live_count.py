"""What devices were answered, counted by the declared rule of docs/live-lessons.md: written from that page alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.load.live_load import Connection


def seconds_there(connections: Iterable[Connection], silence_seconds: int, ended: int) -> dict[str, set[int]]:
    """Person → every second for the whole of which they were there; who was there for none is left out."""
    there: dict[str, set[int]] = {}
    for one in connections:
        last = one.joined
        for sign in [*one.signs, *([] if one.left is None else [one.left])]:
            if sign - last > silence_seconds:
                break
            last = max(last, sign)
        is_over = one.left is not None or ended - last > silence_seconds
        there.setdefault(one.person, set()).update(range(one.joined, last if is_over else ended))
    return {person: seconds for person, seconds in there.items() if seconds}


def counted_curve(there: dict[str, set[int]]) -> dict[int, int]:
    """Second → participants, of every second in which somebody was there."""
    participants: Counter[int] = Counter()
    for seconds in there.values():
        participants.update(seconds)
    return dict(participants)


def peak_of(participants: dict[int, int]) -> tuple[int, int]:
    """The largest number, and the first second that has it."""
    highest = max(participants.values())
    return highest, min(second for second, count in participants.items() if count == highest)
