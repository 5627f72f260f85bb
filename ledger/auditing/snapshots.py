"""One moment of each place, taken so that none is ahead of what it is made from.

The read database first, then the end of the topic, then the event store: while the ledger is being written to, what is
seen of the projections and of the topic is always a prefix of what is seen of the store. Places are compared there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import psycopg

from ledger.settings import Settings
from ledger.topic_records import TopicEnd, topic_ends

Database: TypeAlias = psycopg.Connection[Any]

_COUNTERS: Final = """
    select partition, position, recorded_at, coalesce(
        (select position from events where partition = counters.partition order by position desc limit 1), 0
    ) from partition_counters as counters
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """How far the projections of one partition are, and the record time they name."""

    position: int
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshots:
    """What the audit reads."""

    store: Database
    read: Database | None
    """None: no read database is set."""
    keys: Database | None
    ledger_id: str
    partitions: int
    heads: dict[int, tuple[int, datetime]]
    """Partition → the counter row: last position, its record time. Never beyond the last event there is."""
    missing_tails: dict[int, tuple[int, int]]
    """Partition → last event and counter, where the counter is beyond it."""
    applied: dict[int, Applied]
    topic_ends: dict[int, TopicEnd]

    def prefix(self, partition: int) -> int:
        """Up to which position the projections have got; 0 where there are none."""
        return self.applied[partition].position if partition in self.applied else 0


@contextmanager
def taken(settings: Settings) -> Iterator[Snapshots]:
    """Take the snapshots; they end with the block."""
    with ExitStack() as stack:
        read = stack.enter_context(_moment(settings.read_database)) if settings.read_database else None
        applied = {} if read is None else _applied(read)
        ends = topic_ends(settings) if settings.kafka else {}
        store = stack.enter_context(_moment(settings.database))
        counters = store.execute(_COUNTERS).fetchall()
        ledger = store.execute("select ledger_id, partitions from ledger").fetchone()
        keys = stack.enter_context(_moment(settings.keys_database)) if settings.keys_database else None
        yield Snapshots(
            store=store,
            read=read,
            keys=keys,
            ledger_id="" if ledger is None else ledger[0],
            partitions=0 if ledger is None else ledger[1],
            # A counter may say anything; nobody walks a thousand years of positions that are not there.
            heads={row[0]: (min(row[1], row[3]), row[2]) for row in counters},
            missing_tails={row[0]: (row[3], row[1]) for row in counters if row[1] > row[3]},
            applied=applied,
            topic_ends=ends,
        )


@contextmanager
def _moment(url: str) -> Iterator[Database]:
    with psycopg.connect(url, autocommit=True) as connection:
        # While one place is read for hours the others wait in open transactions, which servers end to free locks.
        connection.execute("set idle_in_transaction_session_timeout = 0")
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection
        connection.rollback()


def _applied(read: Database) -> dict[int, Applied]:
    rows = read.execute("select partition, position, recorded_at from positions").fetchall()
    return {row[0]: Applied(row[1], row[2]) for row in rows}
