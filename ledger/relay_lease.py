"""One relay is active: a lease row per partition, with an epoch that grows with every holder.

A lease keeps two relays from doubling each other's work. It is not what keeps the topic right: a relay that was paused
between its check and its send only repeats records, and consumers skip those by position and hash.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

LEASE_SECONDS: Final = 5
RENEW_SECONDS: Final = 1.5

_TAKE_SQL: Final = """
    insert into relay_lease as held (partition, epoch, holder, held_until)
    select partition, 1, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s)
    from unnest(%(partitions)s::integer[]) as wanted (partition)
    on conflict (partition) do update
    set epoch = held.epoch + 1, holder = excluded.holder, held_until = excluded.held_until
    where held.held_until < clock_timestamp()
    returning partition, epoch
"""
_RENEW_SQL: Final = """
    update relay_lease as held set held_until = clock_timestamp() + make_interval(secs => %(seconds)s)
    from unnest(%(partitions)s::integer[], %(epochs)s::bigint[]) as mine (partition, epoch)
    where held.partition = mine.partition and held.epoch = mine.epoch and held.holder = %(holder)s
"""
_HELD_SQL: Final = """
    select count(*) from relay_lease as held
    join unnest(%(partitions)s::integer[], %(epochs)s::bigint[]) as mine (partition, epoch) using (partition, epoch)
    where held.holder = %(holder)s and held.held_until > clock_timestamp()
"""
_RELEASE_SQL: Final = """
    update relay_lease as held set held_until = clock_timestamp()
    from unnest(%(partitions)s::integer[], %(epochs)s::bigint[]) as mine (partition, epoch)
    where held.partition = mine.partition and held.epoch = mine.epoch and held.holder = %(holder)s
"""


class LeaseLost(Exception):
    """Another relay holds a partition that this one was working on: this one ends."""


@dataclass
class RelayLease:
    """The lease of one relay over its partitions, on an autocommit connection of role ledger_relay."""

    connection: psycopg.Connection[Any]
    holder: str
    epochs: dict[int, int]
    renewed_at: float
    """time.monotonic() of the last renewal, in seconds."""

    @classmethod
    def take(cls, connection: psycopg.Connection[Any], partitions: Sequence[int], holder: str) -> RelayLease | None:
        """Take all of `partitions`, or none: None while another relay holds one of them."""
        now = time.monotonic()
        values = {"holder": holder, "seconds": LEASE_SECONDS, "partitions": sorted(partitions)}
        epochs: dict[int, int] = {}
        with connection.transaction() as transaction:
            epochs = {int(row[0]): int(row[1]) for row in connection.execute(_TAKE_SQL, values).fetchall()}
            if len(epochs) != len(partitions):
                # Half a lease would starve two relays for ever: give back what was free.
                raise psycopg.Rollback(transaction)
        return cls(connection, holder, epochs, now) if len(epochs) == len(partitions) else None

    def check(self) -> None:
        """Before each send: still ours? Renews when a third of the lease has passed. Raises LeaseLost."""
        now = time.monotonic()
        if now - self.renewed_at >= RENEW_SECONDS:
            held = self.connection.execute(_RENEW_SQL, self._values()).rowcount
            self.renewed_at = now
        else:
            row = self.connection.execute(_HELD_SQL, self._values()).fetchone()
            held = 0 if row is None else int(row[0])
        if held != len(self.epochs):
            raise LeaseLost(f"relay {self.holder} lost its lease: another relay is active")

    def release(self) -> None:
        """Let the next relay start at once."""
        self.connection.execute(_RELEASE_SQL, self._values())

    def _values(self) -> dict[str, object]:
        return {
            "holder": self.holder,
            "seconds": LEASE_SECONDS,
            "partitions": list(self.epochs),
            "epochs": list(self.epochs.values()),
        }
