"""The statements that put restored events, and the rows derived from them, into an event store; as its owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import psycopg

from ledger.domain.streams import shift_of, volunteer_of
from ledger.domain.world import Presence, ShiftPlaces
from ledger.event_bytes import Envelope

Store: TypeAlias = psycopg.Connection[Any]
StoredEvent: TypeAlias = tuple[Envelope, bytes]

_EVENTS: Final = (
    "copy events (partition, position, stream, version, type, recorded_at, body) from stdin (format binary)"
)
_EVENT_TYPES: Final = ("int4", "int8", "text", "int4", "text", "timestamptz", "bytea")
_KEY: Final = """
    insert into request_keys (client, request_id, request_hash, partition, position, event_count)
    values (%s, %s, %s, %s, %s, %s)
    on conflict (client, request_id) do update set event_count = excluded.event_count
"""
# A shift's first change takes a place; the row proposed must be a right one even where it is only changed.
_PLACES: Final = """
    insert into shift_places (shift, places_taken, waiting) values (%s, greatest(%s, 0), greatest(%s, 0))
    on conflict (shift) do update
    set places_taken = shift_places.places_taken + %s, waiting = shift_places.waiting + %s
"""
_WAITING: Final = "select registration, waiting_order from shift_waiting where registration = any(%s::text[])"
_WAITING_ROW: Final = """
    insert into shift_waiting (registration, shift, waiting_order) values (%s, %s, %s)
    on conflict (registration) do update set waiting_order = excluded.waiting_order
"""
_HEADS_ROW: Final = """
    insert into shift_heads (group_attendance, shift, heads) values (%s, %s, %s)
    on conflict (group_attendance) do update set heads = excluded.heads
"""
_PRESENCES: Final = """
    select volunteer, attendance, start_s, end_s, counted_s, recorded_order
    from unnest(%s::text[], %s::text[]) as wanted (volunteer, attendance)
    join presences using (volunteer, attendance)
"""
_PRESENCE: Final = """
    insert into presences (volunteer, attendance, start_s, end_s, counted_s, recorded_order)
    values (%s, %s, %s, %s, %s, %s)
    on conflict (volunteer, attendance) do update
    set start_s = excluded.start_s, end_s = excluded.end_s, counted_s = excluded.counted_s,
        recorded_order = excluded.recorded_order
"""
_IDENTITY: Final = "insert into volunteer_identities (identity_key, volunteer) values (%s, %s) on conflict do nothing"


def add_events(store: Store, events: Iterable[StoredEvent]) -> None:
    """The events themselves, bytes as they came."""
    with store.cursor() as cursor, cursor.copy(_EVENTS) as copy:
        copy.set_types(_EVENT_TYPES)
        for event, body in events:
            place = (event.partition, event.position, event.subject, event.streamversion)
            copy.write_row((*place, event.type, event.time, body))


def add_keys(store: Store, events: Iterable[StoredEvent]) -> None:
    """A key for each request; all events of a request must be among `events`."""
    keys: dict[tuple[str, str], list[object]] = {}
    for event, _ in events:
        if event.requestid:
            digest = bytes.fromhex(event.requesthash)
            first = [event.client, event.requestid, digest, event.partition, event.position, 0]
            key = keys.setdefault((event.client, event.requestid), first)
            key[5] = int(str(key[5])) + 1
    if keys:
        store.cursor().executemany(_KEY, list(keys.values()))


def add_places(store: Store, deltas: Mapping[str, ShiftPlaces]) -> None:
    """Places taken in shifts and people who wait for them, by how much they change."""
    if deltas:
        rows = [(shift, *change, *change) for shift, change in deltas.items()]
        store.cursor().executemany(_PLACES, rows)


def waiting_of(store: Store, registrations: Sequence[str]) -> dict[str, int | None]:
    """The places in the waiting order that are there already, by registration."""
    return dict(store.execute(_WAITING, [list(registrations)]).fetchall())


def add_waiting(store: Store, orders: Mapping[str, int | None]) -> None:
    """Places in the waiting order as they are after the page."""
    if orders:
        rows = [(registration, shift_of(registration), order) for registration, order in orders.items()]
        store.cursor().executemany(_WAITING_ROW, rows)


def add_heads(store: Store, heads: Mapping[str, int]) -> None:
    """How many people group attendances count after the page."""
    if heads:
        rows = [(name, shift_of(name), count) for name, count in heads.items()]
        store.cursor().executemany(_HEADS_ROW, rows)


def presences_of(store: Store, attendances: Sequence[str]) -> dict[str, Presence]:
    """The rows that are there already, by attendance."""
    volunteers = [volunteer_of(name) for name in attendances]
    return {
        attendance: Presence(volunteer, attendance, start, end, tuple(zip(spans[::2], spans[1::2], strict=True)), order)
        for volunteer, attendance, start, end, spans, order in store.execute(
            _PRESENCES, [volunteers, list(attendances)]
        )
    }


def add_presences(store: Store, presences: Iterable[Presence]) -> None:
    """Presences as they are after the page."""
    rows = [(*_span(one), one.recorded_order) for one in presences]
    if rows:
        store.cursor().executemany(_PRESENCE, rows)


def _span(one: Presence) -> tuple[str, str, int, int, list[int]]:
    return one.volunteer, one.attendance, one.start, one.end, [moment for span in one.counted for moment in span]


def release_identities(store: Store, volunteers: Collection[str]) -> None:
    """Of who was erased no identity number stays, even where their key is at hand again."""
    if volunteers:
        store.execute("delete from volunteer_identities where volunteer = any(%s)", [list(volunteers)])


def add_identities(store: Store, keys: Mapping[str, bytes]) -> None:
    """Volunteer → keyed hash of the identity number."""
    if keys:
        store.cursor().executemany(_IDENTITY, [(key, volunteer) for volunteer, key in keys.items()])
