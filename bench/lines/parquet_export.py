"""`save entries` of a whole ledger into a Parquet file, beside ReplayEvents to a client that reads every event.

Ours reads the entries through the service as columns and writes the file, typed and compressed. The reference reads the
position and length of each event and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.ground import Ground
from bench.ledgers import Filling
from bench.lines.replay import replayed
from bench.pairing import Line, Sides
from bench.processes import measured
from bench.served import served

VOLUNTEERS: Final = 30_000
ATTENDANCES_EACH: Final = 9


@contextmanager
def speed(ground: Ground) -> Iterator[Sides]:
    """Both sides on the same ledger and server, one after another."""
    volunteers = ground.scaled(VOLUNTEERS, least=5_000)
    history = ground.ledgers.filled(Filling(volunteers, attendances_each=ATTENDANCES_EACH, projected=True))
    events = volunteers * (1 + ATTENDANCES_EACH)
    with served(ground.folder, history.settings, "serve-parquet-export") as server:
        arguments = [f"--address={server.address}", f"--folder={ground.folder}"]
        yield Sides(
            reference=lambda: replayed(ground, server, events).rate,
            ours=lambda: measured(ground.folder, "bench.save_client", arguments).rate,
        )


LINE = Line(name="parquet_export", unit="rows/s", floor=0.5, sides=speed)
