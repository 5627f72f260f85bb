"""ReplayEvents to one client that reads every event, beside the library's ProjectionRunner.

Our side is not written yet; the plan: a store filled before the clock starts, one `serve` process, one client process
that takes every page and reads every event's position and length; positions must be dense from 1 to n.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.ground import Ground
from bench.lines.library_projection import library_projection
from bench.pairing import Line, Sides


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The library's runner: what a reader of its events gets out of it."""
    with library_projection(ground) as reference:
        yield Sides(reference=reference)


LINE = Line(name="replay_events", unit="events/s", floor=60.0, sides=sides)
