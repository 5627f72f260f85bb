"""The statements of an append, in the order they run inside its one transaction.

    1 lock       the partition's counter row, in a statement of its own: what later statements read is final
    2 look up    request keys, streams, constraint rows: all for the whole batch
    3 add        events, keys, constraint rows; raise the counter; commit

Arrays travel in binary; a batch of one and a batch of five hundred run the same statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from ledger.binary_arrays import BigintArray, BinaryArray, BytesArray, IntegerArray, TextArray
from ledger.domain.streams import shift_of
from ledger.domain.world import Presence, ShiftPlaces
from ledger.statement_pipeline import Statement

LOCK: Final = "select position, recorded_at from partition_counters where partition = %b for update"

# The clock is read after the lock was granted: taken in the locking statement it would be the time before the wait.
CLOCK: Final = "select clock_timestamp()"

CLOCK_AND_KEYS: Final = """
    select clock.now, k.client, k.request_id, k.request_hash, k.partition, k.position, k.event_count
    from (select clock_timestamp() as now) clock left join (
        unnest(%b::text[], %b::text[]) as wanted (client, request_id)
        join request_keys k on k.client = wanted.client and k.request_id = wanted.request_id
    ) on true
"""

STREAMS: Final = """
    select e.partition, e.position, e.stream, e.version, e.type, e.recorded_at, e.body
    from unnest(%b::text[], %b::integer[]) as wanted (stream, after)
    cross join lateral (
        select * from events where events.stream = wanted.stream and events.version > wanted.after order by version
    ) e
"""

EXISTS: Final = """
    select wanted.stream,
           exists (
               select from events
               where events.stream = wanted.stream and events.type in ('volunteer-erased', 'member-erased')
           ),
           exists (select from events where events.stream = wanted.stream and events.type = 'volunteer-linked')
    from unnest(%b::text[]) as wanted (stream)
    where exists (select from events where events.stream = wanted.stream and events.version = 1)
"""

PLACES: Final = "select shift, places_taken, waiting from shift_places where shift = any(%b::text[])"

HEADS: Final = "select shift, group_attendance, heads from shift_heads where shift = any(%b::text[]) and heads > 0"

WAITING: Final = """
    select w.shift, w.registration, w.waiting_order
    from unnest(%b::text[], %b::integer[]) as wanted (shift, count)
    cross join lateral (
        select * from shift_waiting
        where shift_waiting.shift = wanted.shift and waiting_order is not null order by waiting_order
        limit wanted.count
    ) w
"""

PRESENCES: Final = """
    select p.volunteer, p.attendance, p.start_s, p.end_s, p.counted_s, p.recorded_order
    from unnest(%b::text[], %b::bigint[], %b::bigint[]) as wanted (volunteer, from_s, until_s)
    cross join lateral (
        select * from presences
        where presences.volunteer = wanted.volunteer and end_s >= wanted.from_s and start_s <= wanted.until_s
    ) p
"""

IDENTITIES: Final = "select identity_key, volunteer from volunteer_identities where identity_key = any(%b::bytea[])"

_ADD_EVENTS: Final = """
    insert into events (partition, position, stream, version, type, recorded_at, body)
    select %b::integer, added.position, added.stream, added.version, added.type, %b::timestamptz, added.body
    from unnest(%b::bigint[], %b::text[], %b::integer[], %b::text[], %b::bytea[])
        as added (position, stream, version, type, body)
"""

_ADD_KEYS: Final = """
    insert into request_keys (client, request_id, request_hash, partition, position, event_count)
    select added.client, added.request_id, added.request_hash, %b::integer, added.position, added.event_count
    from unnest(%b::text[], %b::text[], %b::bytea[], %b::bigint[], %b::integer[])
        as added (client, request_id, request_hash, position, event_count)
"""

_SET_PLACES: Final = """
    insert into shift_places (shift, places_taken, waiting)
    select * from unnest(%b::text[], %b::integer[], %b::integer[])
    on conflict (shift) do update set places_taken = excluded.places_taken, waiting = excluded.waiting
"""

# Whoever waits no more keeps a row without an order: the service may not delete anything.
_SET_WAITING: Final = """
    insert into shift_waiting (shift, registration, waiting_order)
    select shift, registration, nullif(waiting_order, 0)
    from unnest(%b::text[], %b::text[], %b::bigint[]) as changed (shift, registration, waiting_order)
    on conflict (registration) do update set waiting_order = excluded.waiting_order
"""

_SET_HEADS: Final = """
    insert into shift_heads (shift, group_attendance, heads)
    select * from unnest(%b::text[], %b::text[], %b::integer[])
    on conflict (group_attendance) do update set heads = excluded.heads
"""

_SET_PRESENCES: Final = """
    insert into presences (volunteer, attendance, start_s, end_s, counted_s, recorded_order)
    select volunteer, attendance, start_s, end_s, counted_s::bigint[], recorded_order
    from unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::text[], %b::bigint[])
        as held (volunteer, attendance, start_s, end_s, counted_s, recorded_order)
    on conflict (volunteer, attendance) do update
    set start_s = excluded.start_s, end_s = excluded.end_s, counted_s = excluded.counted_s
"""

_ADD_IDENTITIES: Final = """
    insert into volunteer_identities (identity_key, volunteer) select * from unnest(%b::bytea[], %b::text[])
"""

# After the events: the function frees only what a stream says was erased. Before identities are added: the same number
# may be registered anew in the same batch.
_RELEASE_IDENTITIES: Final = "select release_identities(%b::text[])"

_RAISE_COUNTER: Final = "update partition_counters set position = %b, recorded_at = %b where partition = %b"


class EventColumns(NamedTuple):
    """Events to add, column by column; a body is the event, the rest are copies."""

    positions: Collection[int]
    streams: Collection[str]
    versions: Collection[int]
    types: Collection[str]
    bodies: Collection[bytes]


class KeyColumns(NamedTuple):
    """Which requests caused which events, column by column."""

    clients: Collection[str]
    request_ids: Collection[str]
    request_hashes: Collection[bytes]
    positions: Collection[int]
    """Of each request's first event."""
    event_counts: Collection[int]


def statements(
    partition: int,
    recorded_at: datetime,
    events: EventColumns,
    keys: KeyColumns | None,
    places: dict[str, ShiftPlaces],
    waiting: dict[str, int | None],
    heads: dict[str, int],
    presences: Iterable[Presence],
    identities: dict[bytes, str],
    erased: Collection[str],
) -> list[Statement]:
    """What is added for these events, but for the counter. `events` must not be empty."""
    added: list[Statement] = [(_ADD_EVENTS, (partition, recorded_at, *_event_columns(events)))]
    if keys is not None:
        added.append((_ADD_KEYS, (partition, *_key_columns(keys))))
    if places:
        taken, waited_for = zip(*places.values(), strict=True)
        added.append((_SET_PLACES, (TextArray(places), IntegerArray(taken), IntegerArray(waited_for))))
    if waiting:
        orders = BigintArray([order or 0 for order in waiting.values()])
        added.append((_SET_WAITING, (TextArray([shift_of(name) for name in waiting]), TextArray(waiting), orders)))
    if heads:
        shifts = TextArray([shift_of(name) for name in heads])
        added.append((_SET_HEADS, (shifts, TextArray(heads), IntegerArray(heads.values()))))
    held = list(presences)
    if held:
        added.append((_SET_PRESENCES, _presence_columns(held)))
    if erased:
        added.append((_RELEASE_IDENTITIES, (TextArray(erased),)))
    if identities:
        added.append((_ADD_IDENTITIES, (BytesArray(identities), TextArray(identities.values()))))
    return added


def raise_counter(partition: int, position: int, recorded_at: datetime) -> Statement:
    """The last statement before the commit: the partition now ends at this position."""
    return _RAISE_COUNTER, (position, recorded_at, partition)


def _event_columns(events: EventColumns) -> tuple[BinaryArray, ...]:
    return (
        BigintArray(events.positions),
        TextArray(events.streams),
        IntegerArray(events.versions),
        TextArray(events.types),
        BytesArray(events.bodies),
    )


def _key_columns(keys: KeyColumns) -> tuple[BinaryArray, ...]:
    return (
        TextArray(keys.clients),
        TextArray(keys.request_ids),
        BytesArray(keys.request_hashes),
        BigintArray(keys.positions),
        IntegerArray(keys.event_counts),
    )


def _presence_columns(held: list[Presence]) -> tuple[BinaryArray, ...]:
    return (
        TextArray([row.volunteer for row in held]),
        TextArray([row.attendance for row in held]),
        BigintArray([row.start for row in held]),
        BigintArray([row.end for row in held]),
        TextArray(["{" + ",".join([f"{start},{end}" for start, end in row.counted]) + "}" for row in held]),
        BigintArray([row.recorded_order for row in held]),
    )
