"""From the topic to balances, entries and positions: one process, and two processes on two partitions.

Our side is not written yet; the plan: a topic filled by the relay before the clock starts; `consume` processes on an
empty read database, measured from the first applied event to the last committed one. Balances must then equal the
sums of their entries, and positions n.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.ground import Ground
from bench.lines.library_projection import library_projection
from bench.pairing import Line, Sides


@contextmanager
def one_process(ground: Ground) -> Iterator[Sides]:
    """The library's runner; our side: one `consume` process on a topic of one partition."""
    with library_projection(ground) as reference:
        yield Sides(reference=reference)


@contextmanager
def two_processes(ground: Ground) -> Iterator[Sides]:
    """The library's runner (it can only be one); our side: two `consume` processes on a topic of two partitions."""
    with library_projection(ground) as reference:
        yield Sides(reference=reference)


ONE_PROCESS = Line(name="projection_one_process", unit="events/s", floor=25.0, sides=one_process)
TWO_PROCESSES = Line(name="projection_two_processes", unit="events/s", floor=45.0, sides=two_processes)
