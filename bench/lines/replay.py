"""ReplayEvents to one client that reads every event, beside the library's ProjectionRunner; and both sides' memory.

The client takes every page and reads every event's position and length; positions must be dense from 1 to n.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.lines.library_projection import library_projection
from bench.pairing import Direction, Line, Sides
from bench.processes import Measured, measured
from bench.served import Served, served

VOLUNTEERS: Final = 100_000
ATTENDANCES_EACH: Final = 9
REPLAYED_EVENTS: Final = 300_000
MEMORY_EVENTS: Final = 1_000_000
GROWTH_MIB_MAX: Final = 100.0
GROWTH_MIB_MIN: Final = 0.1
"""A process that gave memory back is said to have grown by this: no ratio can be made of less than nothing."""


def _history(ground: Ground) -> BenchLedger:
    volunteers = ground.scaled(VOLUNTEERS, least=5_000)
    return ground.ledgers.filled(Filling(volunteers, attendances_each=ATTENDANCES_EACH))


def replayed(ground: Ground, server: Served, events: int) -> Measured:
    """The first `events` events of a server, read by one client."""
    arguments = [f"--address={server.address}", f"--events={events}", f"--server-pid={server.pid}"]
    return measured(ground.folder, "bench.replay_client", arguments)


@contextmanager
def speed(ground: Ground) -> Iterator[Sides]:
    """The library's runner: what a reader of its events gets out of it."""
    history = _history(ground)
    events = ground.scaled(REPLAYED_EVENTS, least=30_000)
    with (
        library_projection(ground) as reference,
        served(ground.folder, history.settings, "serve-replay") as server,
    ):
        yield Sides(reference=reference, ours=lambda: replayed(ground, server, events).rate)


@contextmanager
def memory(ground: Ground) -> Iterator[Sides]:
    """How much the server and the client together grow at most while a million events pass, beside what is allowed."""
    history = _history(ground)
    events = ground.scaled(MEMORY_EVENTS, least=50_000)
    with served(ground.folder, history.settings, "serve-replay-memory") as server:

        def growth_mib() -> float:
            counts = replayed(ground, server, events).counts
            return max(GROWTH_MIB_MIN, counts["client_growth_mib"] + counts["server_growth_mib"])

        yield Sides(reference=lambda: GROWTH_MIB_MAX, ours=growth_mib)


REPLAY_EVENTS = Line(name="replay_events", unit="events/s", floor=60.0, sides=speed)
REPLAY_MEMORY = Line(name="replay_memory", unit="MiB", floor=1.0, sides=memory, direction=Direction.AT_MOST)
