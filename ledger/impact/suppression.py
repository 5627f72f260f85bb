"""Which groups of a table of hours stand together, so that none of few people can be told: decision 30.

Pure. Tables share nothing but their total, and each hides two groups or none: no arithmetic over them brings one back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

PERSONS_MIN: Final = 5
"""Where nothing else is asked for."""


class Grouping(NamedTuple):
    """The keys of a table, each once."""

    shown: list[str]
    together: list[str]
    """None, or at least two; or the only one there is, and then its sum is the total."""


def group(keys: Sequence[str], persons: Mapping[str, int], persons_min: int) -> Grouping:
    """`persons`: how many people stand behind a key for certain; a key that is not in it has none."""
    small = [key for key in keys if persons.get(key, 0) < persons_min]
    large = [key for key in keys if persons.get(key, 0) >= persons_min]
    if small and large:
        # Alone they would be told by the total; without a large one their sum could be that of one person.
        cover = min(large, key=lambda key: (persons[key], key))
        large.remove(cover)
        small.append(cover)
    return Grouping(large, [key for key in keys if key in set(small)])


def told(count: int, persons_min: int) -> int | None:
    """A count of people that stands by itself; None: it is too small to be told. That there is nobody is told."""
    return None if 0 < count < persons_min else count


def told_parts(counts: Sequence[int], persons_min: int) -> list[int | None]:
    """Counts of people that add up to one that is told: none is left out alone."""
    hidden = {at for at, count in enumerate(counts) if 0 < count < persons_min}
    others = [at for at in range(len(counts)) if at not in hidden]
    if hidden and others:
        # One that has people if there is one, else an empty one: either can hold what the hidden one holds.
        enough = [at for at in others if counts[at] > 0]
        hidden.add(min(enough or others, key=lambda at: (counts[at], at)))
    return [None if at in hidden else count for at, count in enumerate(counts)]


class Retention(NamedTuple):
    """People active now, before, and in both; None: left out."""

    active: int | None
    active_before: int | None
    retained: int | None


def retention(active: int, active_before: int, retained: int, persons_min: int) -> Retention:
    """All of the three, or only those active now, where one of them or what lies between two is small."""
    parts = (active_before, retained, active - retained, active_before - retained)
    if any(told(part, persons_min) is None for part in parts):
        return Retention(told(active, persons_min), None, None)
    return Retention(told(active, persons_min), active_before, retained)
