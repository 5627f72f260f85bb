"""RecordAttendances in pages of 500, beside the eventsourcing library's load + save of one command at a time.

Our side is not written yet; the plan: one `serve` process on a fresh database; volunteers and shifts are made before
the clock starts; one client streams pages with a request_id each and counts an item only when the page's results say
that it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.ground import Ground
from bench.pairing import Line, Sides
from bench.processes import measured_rate

LIBRARY_EVENTS = 3000


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The library on a database of its own, every run with new volunteers."""
    with ground.fresh_database() as database:
        arguments = [f"--database={database}", f"--events={ground.scaled(LIBRARY_EVENTS, least=200)}"]
        yield Sides(reference=lambda: measured_rate(ground.folder, "bench.references.library_append", arguments))


LINE = Line(name="record_attendances", unit="events/s", floor=15.0, sides=sides)
