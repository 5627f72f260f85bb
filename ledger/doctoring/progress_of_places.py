"""How far are topic and projections behind the store, and what did the consumers notice?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import psycopg

from ledger.doctoring.diagnosis import Diagnosis, ok, warn, wrong
from ledger.settings import Settings
from ledger.topic_records import topic_ends

LAG_EVENTS_MAX: Final = 10_000


def lag(settings: Settings) -> Iterator[Diagnosis]:
    """Projections behind the store, partition by partition."""
    if not settings.read_database:
        return
    heads = _heads(settings)
    with psycopg.connect(settings.read_database) as connection:
        applied: dict[int, int] = dict(connection.execute("select partition, position from positions").fetchall())
    for partition, head in sorted(heads.items()):
        name, reached = f"projections, partition {partition}", applied.get(partition, 0)
        if reached > head:
            yield wrong(name, f"at position {reached}, the store ends at {head}: it lost events; restore them first")
        elif head - reached > LAG_EVENTS_MAX:
            yield warn(name, f"{head - reached} events behind the store; are relay and consumers running?")
        else:
            yield ok(name, f"position {reached} of {head}")


def topic_end(settings: Settings) -> Iterator[Diagnosis]:
    """The topic beside the store: only the count of records is looked at; `audit` reads them."""
    if not settings.kafka:
        return
    heads = _heads(settings)
    for partition, end in sorted(topic_ends(settings).items()):
        name, head = f"topic, partition {partition}", heads.get(partition, 0)
        if end.first_offset:
            yield wrong(name, f"begins at offset {end.first_offset}: its history was deleted; relay into a new topic")
        elif end.next_offset < head:
            yield warn(name, f"{end.next_offset} records for {head} events; is the relay running?")
        else:
            yield ok(name, f"{end.next_offset} records for {head} events")


def noticed(settings: Settings) -> Iterator[Diagnosis]:
    """Quarantined records and alarms."""
    if not settings.read_database:
        return
    with psycopg.connect(settings.read_database) as connection:
        quarantined = connection.execute("select count(*), max(noticed_at) from quarantine").fetchone()
        alarms = connection.execute("select reason, count(*), max(last_noticed_at) from alarms group by 1").fetchall()
    if quarantined is not None and quarantined[0]:
        yield warn(
            "quarantine", f"{quarantined[0]} records, the last at {quarantined[1]}: who else may write to the topic?"
        )
    else:
        yield ok("quarantine", "empty")
    for reason, count, last in alarms:
        yield warn("alarms", f"{reason}: {count}, last noticed {last}; run `hours-ledger audit`")
    if not alarms:
        yield ok("alarms", "none")


def _heads(settings: Settings) -> dict[int, int]:
    with psycopg.connect(settings.database) as connection:
        return dict(connection.execute("select partition, position from partition_counters").fetchall())
