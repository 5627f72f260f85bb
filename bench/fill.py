"""Filling a store before the clock starts: valid events by COPY, dense positions, all the rows that belong to them.

What is written is what the service would have written for the same facts: stored bytes by the ledger's own encoder,
request keys, constraint rows, the counter raised under its lock. Only the way in is shorter.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec
import psycopg

from bench.programme import Fact
from ledger.domain.policy import STANDARD_POLICY_V1_NAME
from ledger.domain.registration import RegistrationAccepted
from ledger.domain.streams import partition_of, shift_of
from ledger.event_bytes import Envelope, encode
from ledger.projections.binary_rows import copy_rows, microseconds, text
from ledger.settings import Settings

CHUNK_FACTS: Final = 100_000
INDEXES_APART_FACTS: Final = 300_000
"""From here on it is quicker to build the indexes behind the rows."""

_EVENTS: Final = """
    copy events (partition, position, version, recorded_at, stream, type, body) from stdin (format binary)
"""
_KEYS: Final = """
    copy request_keys (partition, position, event_count, client, request_id, request_hash) from stdin (format binary)
"""
_PRESENCES: Final = """
    copy presences (start_s, end_s, recorded_order, counted_s, volunteer, attendance) from stdin (format binary)
"""
_PLACES: Final = """
    insert into shift_places values (%s, %s)
    on conflict (shift) do update set places_taken = shift_places.places_taken + excluded.places_taken
"""
_event_fixed: Final = struct.Struct("!h ii iq ii iq").pack
_key_fixed: Final = struct.Struct("!h ii iq ii").pack
_presence_fixed: Final = struct.Struct("!h iq iq iq iiiiiiiqiq").pack
_length: Final = struct.Struct("!i").pack
_CLIENT: Final = "bench"
_ACTOR: Final = "staff/synthetic-coordinator"


@dataclass(slots=True)
class _Rows:
    """The packed rows of a chunk, by table."""

    events: list[bytes] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    presences: list[bytes] = field(default_factory=list)


def store_facts(settings: Settings, facts: Iterable[Fact], expected: int) -> int:
    """Append facts, all in one transaction; returns how many. `expected`: about how many there will be."""
    with psycopg.connect(settings.owner_database) as connection:
        filling = _Filling(settings, connection)
        apart = expected >= INDEXES_APART_FACTS
        indexes = _drop_indexes(connection) if apart else []
        remaining = iter(facts)
        while chunk := list(islice(remaining, CHUNK_FACTS)):
            filling.add(chunk)
        filling.finish()
        for statement in indexes:
            connection.execute(statement)
    with psycopg.connect(settings.owner_database, autocommit=True) as connection:
        connection.execute("vacuum (analyze) events, request_keys, presences, shift_places")
    return filling.stored


class _Filling:
    """One transaction at work; every partition's counter is locked until it ends."""

    def __init__(self, settings: Settings, connection: psycopg.Connection[Any]) -> None:
        self._settings = settings
        self._connection = connection
        # The server frees a partition's lock when its holder thinks for 5 s; nobody else waits for this one.
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        rows = connection.execute(
            "select partition, position, recorded_at from partition_counters order by partition for update"
        ).fetchall()
        clock = connection.execute("select clock_timestamp()").fetchall()[0][0]
        self._now: datetime = max([clock, *(row[2] for row in rows)])
        self._positions: dict[int, int] = {row[0]: row[1] for row in rows}
        self._places: dict[str, int] = {}
        self.stored = 0

    def add(self, facts: Sequence[Fact]) -> None:
        rows = _Rows()
        for fact in facts:
            self._pack(fact, rows)
        copy_rows(self._connection, _EVENTS, rows.events)
        copy_rows(self._connection, _KEYS, rows.keys)
        copy_rows(self._connection, _PRESENCES, rows.presences)
        self.stored += len(facts)

    def finish(self) -> None:
        for shift, taken in self._places.items():
            self._connection.execute(_PLACES, [shift, taken])
        for partition, position in self._positions.items():
            self._connection.execute(
                "update partition_counters set position = %s, recorded_at = %s where partition = %s",
                [position, self._now, partition],
            )

    def _pack(self, fact: Fact, rows: _Rows) -> None:
        partition = partition_of(fact.stream, self._settings.partitions)
        position = self._positions[partition] = self._positions[partition] + 1
        stream, chance = text(fact.stream), secrets.token_hex(32)
        # A random key, as callers choose them: the index of keys is then as scattered as in life.
        request_id = f"{chance[:8]}-{chance[8:12]}-4{chance[13:16]}-8{chance[17:20]}-{chance[20:32]}"
        body = self._body(fact, partition, position, request_id, chance)
        fixed = _event_fixed(7, 4, partition, 8, position, 4, 1, 8, microseconds(self._now))
        rows.events.append(b"".join((fixed, stream, text(fact.type), _length(len(body)), body)))
        key = _key_fixed(6, 4, partition, 8, position, 4, 1)
        request_hash = bytes.fromhex(chance)
        rows.keys.append(b"".join((key, text(_CLIENT), text(request_id), _length(len(request_hash)), request_hash)))
        if fact.presence is not None:
            volunteer, start, end = fact.presence
            counted = (44, 1, 0, 20, 2, 1, 8, start, 8, end)  # an int8[] of two elements
            presence = _presence_fixed(6, 8, start, 8, end, 8, position, *counted)
            rows.presences.append(b"".join((presence, text(volunteer), stream)))
        if fact.type == RegistrationAccepted.stored_name:
            shift = shift_of(fact.stream)
            self._places[shift] = self._places.get(shift, 0) + 1

    def _body(self, fact: Fact, partition: int, position: int, request_id: str, request_hash: str) -> bytes:
        return encode(
            Envelope(
                specversion="1.0",
                id=secrets.token_hex(16),
                source=self._settings.ledger_id,
                type=fact.type,
                subject=fact.stream,
                time=self._now,
                partition=partition,
                position=position,
                streamversion=1,
                schemaversion=1,
                actor=_ACTOR,
                client=_CLIENT,
                requestid=request_id,
                requesthash=request_hash,
                data=msgspec.Raw(fact.data),
                policy=STANDARD_POLICY_V1_NAME if fact.presence is not None else None,
            )
        )


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Take the indexes of the big tables away; returns what makes each of them again, as the migrations defined it."""
    again: list[str] = []
    for table in ("events", "request_keys", "presences"):
        constraints = connection.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = %s::regclass and contype in ('p', 'u')",
            [table],
        ).fetchall()
        for name, definition in constraints:
            connection.execute(f'alter table {table} drop constraint "{name}"'.encode())
            again.append(f'alter table {table} add constraint "{name}" {definition}')
        indexes = connection.execute("select indexname, indexdef from pg_indexes where tablename = %s", [table])
        for name, definition in indexes.fetchall():
            connection.execute(f'drop index "{name}"'.encode())
            again.append(definition)
    return [statement.encode() for statement in again]
