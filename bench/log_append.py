"""`python -m bench.log_append`: a log grows as its keeper lets it grow, in batches of one size with a checkpoint each.

It is the keeper's own lane that is driven: events read and compared with their columns, hashed, tiles written in a
transaction, a consistency proof made out of stored tiles and verified, the head signed with both keys, remembered by
fsync and rename, then published. Nothing is left out.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import psycopg

from bench.processes import print_rate
from ledger.log_keeping.log_lane import LogLane
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.tile_store import anything_published


def append_rate(database_url: str, signer_folder: Path, origin: str, sizes: range, warm_up_batches: int) -> float:
    """Leaves a second of a log that grows from one of these sizes to the next, behind so many of them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        memory = SignerMemory(signer_folder, [origin])
        memory.open(published=anything_published(connection))
        try:
            lane = LogLane(connection, 0, memory)
            lane.resume(sizes[-1])
            for size in sizes[:warm_up_batches]:
                lane.keep_up(size, at_once=True)
            first, started = lane.signed.size, time.perf_counter()
            for size in sizes[warm_up_batches:]:
                lane.keep_up(size, at_once=True)
            return (lane.signed.size - first) / (time.perf_counter() - started)
        finally:
            memory.close()


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.log_append", description=__doc__)
    parser.add_argument("--database", required=True, help="event store, as the keeper's role; its log must be empty")
    parser.add_argument("--signer-folder", required=True, type=Path)
    parser.add_argument("--origin", required=True)
    parser.add_argument("--batch-events", type=int, default=1_024)
    parser.add_argument("--batches", type=int, default=90)
    parser.add_argument("--warm-up-batches", type=int, default=10)
    wanted = parser.parse_args()
    sizes = range(wanted.batch_events, wanted.batches * wanted.batch_events + 1, wanted.batch_events)
    print_rate(append_rate(wanted.database, wanted.signer_folder, wanted.origin, sizes, wanted.warm_up_batches))


if __name__ == "__main__":
    main()
