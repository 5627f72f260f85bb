"""The reference of the unary lines: the bare echo, under the same load client, with the line's own requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.ground import Ground
from bench.load import Load, calls_per_second
from bench.pairing import Measure
from bench.processes import serving
from bench.references.bare_echo import METHOD

IN_FLIGHT = 64
CHANNELS = 4
MEASURED_SECONDS = 4.0


@contextmanager
def bare_echo(ground: Ground, requests: Sequence[bytes]) -> Iterator[Measure]:
    """A running echo server and how to measure its calls/s with these requests, sent over and over."""
    with serving(ground.folder, "bench.references.bare_echo", []) as address:
        load = Load(address, METHOD, in_flight=IN_FLIGHT, channels=CHANNELS, seconds=ground.seconds(MEASURED_SECONDS))
        yield lambda: calls_per_second(ground.folder, load, requests, repeat=True)
