"""Opening a ledger: its partitions, and the events every partition begins with.

Position 1 of each partition is `ledger-opened`; in a ledger of hours the built-in policy follows in the partition its
stream lives in.
Opening an open ledger changes nothing; opening it with another id or number of partitions is refused.
"""

from __future__ import annotations

import secrets
import threading
from typing import Any, Final

import psycopg

from ledger.domain.event import NewEvent
from ledger.domain.ledger_kind import LedgerKind, kind_of_ledger
from ledger.domain.ledger_opened import FORMAT_VERSION, LedgerOpened
from ledger.domain.policy import STANDARD_POLICY_STREAM, STANDARD_POLICY_V1
from ledger.domain.streams import ROUTING_RULE, ledger_stream, partition_of
from ledger.recorder import library_store, pending
from ledger.settings import Settings, WrongSetting

OPENED_SECONDS: Final = 0.5
_ACTOR = "ledger/opening"


def open_ledger(settings: Settings) -> bool:
    """Open the ledger under the owner role; True if it was not open before.

    Raises:
        WrongSetting: it is open already under another id or with another number of partitions.
    """
    with psycopg.connect(settings.owner_database) as connection:
        created = _create_rows(connection, settings)
    for partition in range(settings.partitions):
        _begin(settings, partition)
    return created


def _create_rows(connection: psycopg.Connection[Any], settings: Settings) -> bool:
    connection.execute("lock table ledger in exclusive mode")
    row = connection.execute("select ledger_id, partitions from ledger").fetchone()
    if row is not None:
        check_same_ledger(settings, row[0], row[1])
        return False
    connection.execute(
        "insert into ledger (ledger_id, partitions) values (%s, %s)", (settings.ledger_id, settings.partitions)
    )
    connection.execute(
        "insert into partition_counters select n, 0, timestamptz '1970-01-01 00:00:00Z' from generate_series(0, %s) n",
        (settings.partitions - 1,),
    )
    return True


def check_same_ledger(settings: Settings, ledger_id: str, partitions: int) -> None:
    """Raise WrongSetting if the store belongs to another ledger than the settings say."""
    if ledger_id != settings.ledger_id:
        raise WrongSetting(f"LEDGER_LEDGER_ID is {settings.ledger_id}; this database holds the ledger {ledger_id}")
    if partitions != settings.partitions:
        raise WrongSetting(
            f"LEDGER_PARTITIONS is {settings.partitions}; this ledger was opened with {partitions}, fixed for ever"
        )


def wait_until_opened(connection: psycopg.Connection[Any], settings: Settings, stop: threading.Event) -> bool:
    """Wait until the ledger of these settings is opened; False if `stop` was set before.

    Raises:
        WrongSetting: the store belongs to another ledger.
    """
    while not stop.is_set():
        row = connection.execute("select ledger_id, partitions from ledger").fetchone()
        if row is not None:
            check_same_ledger(settings, row[0], row[1])
            return True
        stop.wait(OPENED_SECONDS)
    return False


def _begin(settings: Settings, partition: int) -> None:
    """Record what is missing of the first events. If we crash between two of them, the next opening goes on here."""
    store = library_store(
        lambda: psycopg.connect(settings.owner_database), settings.ledger_id, partition, settings.partitions
    )
    opened = LedgerOpened(
        ledger_id=settings.ledger_id,
        partitions=settings.partitions,
        routing_rule=ROUTING_RULE,
        format_version=FORMAT_VERSION,
    )
    first = [NewEvent(ledger_stream(partition), opened)]
    of_hours = kind_of_ledger(settings.ledger_id) is LedgerKind.HOURS
    if of_hours and partition_of(STANDARD_POLICY_STREAM, settings.partitions) == partition:
        first.append(NewEvent(STANDARD_POLICY_STREAM, STANDARD_POLICY_V1))
    missing = [new for new in first if not list(store.get(new.stream, limit=1))]
    store.put([pending(new, 1, secrets.token_hex(16), _ACTOR) for new in missing])
