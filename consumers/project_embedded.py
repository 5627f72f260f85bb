"""The event store → projections without Kafka, for the embedded ledger: the same applying code, fed straight.

Run it as `python -m consumers.project_embedded`. A database that is away is waited for.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Final

import psycopg

from ledger.event_store import heads, read_page
from ledger.logs import configure
from ledger.process_end import run_as_process
from ledger.projections.projector import Projector
from ledger.settings import Settings
from ledger.told_errors import told

PAGE_EVENTS: Final = 5_000
IDLE_SECONDS_MIN: Final = 0.01
IDLE_SECONDS_MAX: Final = 0.1
RECONNECT_SECONDS: Final = 0.5

_log = logging.getLogger(__name__)


def feed(event_database_url: str, projector_url: str, stop: threading.Event) -> None:
    """Apply what is stored, partition by partition, until `stop` is set.

    `event_database_url` needs a role that may read events and counters. A lost connection is made again.

    Raises:
        ForkDetected: the read database holds another history.
        InvariantBroken: a row contradicts its bytes, or an event cannot be read by this program.
    """
    while not stop.is_set():
        try:
            with (
                psycopg.connect(event_database_url, autocommit=True) as events,
                psycopg.connect(projector_url, autocommit=True) as rows,
            ):
                _feed_while_connected(events, Projector(rows), stop)
        except psycopg.OperationalError as error:
            _log.warning("a database is away, trying again: %s", told(error))
            stop.wait(RECONNECT_SECONDS)


def _feed_while_connected(events: psycopg.Connection[Any], projector: Projector, stop: threading.Event) -> None:
    idle_seconds = IDLE_SECONDS_MIN
    while not stop.is_set():
        if _apply_once(events, projector):
            idle_seconds = IDLE_SECONDS_MIN
        else:
            stop.wait(idle_seconds)
            idle_seconds = min(IDLE_SECONDS_MAX, idle_seconds * 2)


def _apply_once(events: psycopg.Connection[Any], projector: Projector) -> bool:
    """One page of each partition that has more; says whether there was any."""
    known = projector.applied()
    moved = False
    for partition, head in heads(events).items():
        begun = known.get(partition)
        after = 0 if begun is None else begun.position
        if head.position > after:
            projector.apply(partition, read_page(events, partition, after, PAGE_EVENTS), None)
            moved = True
    return moved


def main() -> None:
    """The process: settings from LEDGER_… variables, ended by SIGTERM or SIGINT."""
    configure("consume")
    settings = Settings()
    run_as_process(lambda stop: feed(settings.relay_database, settings.projector_database, stop))


if __name__ == "__main__":
    main()
