"""The reference of the projection and replay lines: the eventsourcing library's ProjectionRunner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.ground import Ground
from bench.pairing import Measure
from bench.processes import measured_rate

LIBRARY_EVENTS = 5000


@contextmanager
def library_projection(ground: Ground) -> Iterator[Measure]:
    """A database with the library's own stored events; every run projects them into new tables."""
    with ground.fresh_database() as database:
        arguments = [f"--database={database}", f"--events={ground.scaled(LIBRARY_EVENTS, least=500)}"]
        yield lambda: measured_rate(ground.folder, "bench.references.library_projection", arguments)
