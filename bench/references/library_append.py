"""Reference: the eventsourcing library's own load + save of one command at a time, on the same PostgreSQL.

Its setting: pooled connections, no database functions (they lose events for readers), two threads, the best of 1 to 8.
Two things are faster and not the same. The aggregate cache without fast-forward (1,020 to 1,220 events/s) loads nothing
and is right only while no second process writes. Several aggregates in one save let one refused or conflicting command
fail all its neighbours.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence

from bench.processes import print_rate
from bench.references.library_hours import HoursApplication
from bench.references.library_settings import library_environment

VOLUNTEERS_A_SAVE = 500
WARM_UP_COMMANDS = 50
THREADS = 2


def append_rate(database_url: str, events: int, threads: int) -> float:
    """Events a second through load, decide and save in `threads` threads on an empty or earlier used database."""
    application = HoursApplication(library_environment(database_url, connections=threads))
    try:
        first = application.recorder.max_notification_id() or 0
        numbers = range(first, first + events + WARM_UP_COMMANDS * threads)
        for begin in range(0, len(numbers), VOLUNTEERS_A_SAVE):
            application.register(numbers[begin : begin + VOLUNTEERS_A_SAVE])
        warm_up, measured = numbers[: WARM_UP_COMMANDS * threads], numbers[WARM_UP_COMMANDS * threads :]
        _record_in_threads(application, warm_up, threads)
        seconds = _record_in_threads(application, measured, threads)
        stored = (application.recorder.max_notification_id() or 0) - first
        if stored != 2 * len(numbers):
            raise RuntimeError(f"the library stored {stored} events of {2 * len(numbers)}: this run measures nothing")
    finally:
        application.close()
    return len(measured) / seconds


def _record_in_threads(application: HoursApplication, numbers: Sequence[int], threads: int) -> float:
    def record(part: Sequence[int]) -> None:
        for number in part:
            application.record(number, turn=0)

    workers = [threading.Thread(target=record, args=(numbers[index::threads],)) for index in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - started


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.references.library_append", description=__doc__)
    parser.add_argument(
        "--database", required=True, help="connection URL of a database the library may create tables in"
    )
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=THREADS)
    wanted = parser.parse_args()
    print_rate(append_rate(wanted.database, wanted.events, wanted.threads))


if __name__ == "__main__":
    main()
