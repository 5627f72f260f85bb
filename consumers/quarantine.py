"""Records that are not the ledger's, and alarms: written down where an auditor finds them, never applied."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from consumers.seen_record import RejectedRecord

BYTES_KEPT_MAX: Final = 65_536

_QUARANTINE_SQL: Final = """
    insert into quarantine (topic, kafka_partition, kafka_offset, sha256, reason, size_bytes, first_bytes)
    values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_ALARM_SQL: Final = """
    insert into alarms (partition, position, reason, details) values (%s, %s, %s, %s)
    on conflict (partition, position, reason)
    do update set details = excluded.details, last_noticed_at = clock_timestamp()
"""

_log = logging.getLogger(__name__)


class Quarantine:
    """Writes rejected records and alarms to the read database, each in its own transaction."""

    def __init__(self, connection: psycopg.Connection[Any], topic: str) -> None:
        """`connection` commits by itself and is used for nothing else."""
        self._connection = connection
        self._topic = topic

    def keep(self, partition: int, rejected: Sequence[RejectedRecord]) -> None:
        """Name each rejected record once, however often it is read."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_QUARANTINE_SQL, [_row(self._topic, partition, one) for one in rejected])
        _log.warning(
            "quarantined %s records of partition %s from offset %s: %s",
            len(rejected),
            partition,
            rejected[0].offset,
            ", ".join(sorted({one.reason for one in rejected})),
        )

    def alarm(self, partition: int, position: int, reason: str, details: str) -> None:
        """A finding that a person must look at."""
        _log.error("ALARM %s: partition %s position %s: %s", reason, partition, position, details)
        self._connection.execute(_ALARM_SQL, [partition, position, reason, details])


def _row(topic: str, partition: int, rejected: RejectedRecord) -> tuple[object, ...]:
    value = rejected.value or b""
    kept = None if rejected.value is None else value[:BYTES_KEPT_MAX]
    digest = hashlib.sha256(value).digest()
    return (topic, partition, rejected.offset, digest, rejected.reason, len(value), kept)
