"""Reference: bare hashlib, the leaf hash of each event in a plain loop; no tree, no tile, no store, no signature.

The events are those of our side, read into memory before the clock starts. Its form is the best of those tried
(thousand hashes/s of 857 bytes: the prefix's state copied 870 to 960, `sha256(prefix + event)` in a loop 740 to 750, in
a comprehension 750 to 760, prefix and event by two updates 690 to 980).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from hashlib import sha256

import psycopg

from bench.processes import print_rate
from ledger.event_store import read_page

ROUNDS = 5
PAGE_EVENTS = 10_000


def hash_rate(events: Sequence[bytes], rounds: int) -> float:
    """Leaf hashes a second, behind one round to warm up."""
    _hash_all(events)
    started = time.perf_counter()
    for _ in range(rounds):
        _hash_all(events)
    return rounds * len(events) / (time.perf_counter() - started)


def _hash_all(events: Sequence[bytes]) -> None:
    prefix = sha256(b"\x00")
    for event in events:
        leaf = prefix.copy()
        leaf.update(event)
        leaf.digest()


def stored_events(database_url: str, count: int) -> list[bytes]:
    """The stored bytes at positions 1 to `count` of the first partition."""
    events: list[bytes] = []
    with psycopg.connect(database_url) as connection:
        while page := read_page(connection, 0, len(events), min(PAGE_EVENTS, count - len(events))):
            events += page
    return events


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.references.leaf_hashing", description=__doc__)
    parser.add_argument("--database", required=True, help="event store, under a role that reads events")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args()
    print_rate(hash_rate(stored_events(wanted.database, wanted.events), wanted.rounds))


if __name__ == "__main__":
    main()
