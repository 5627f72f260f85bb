"""Who is to have which hours, up to where do they have them, and what have they not got?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from ledger.domain.delivery_pieces import entry_of_piece, parts_of
from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent
from ledger.projections.subscription_data import (
    DeliveryAcknowledged,
    Limits,
    SubscriptionChanged,
    SubscriptionClosed,
    SubscriptionOpened,
)

_OPENED: Final = """
    insert into subscriptions (
        subscription, partition, position, client, organizations, limits_version, state, opened_at, taken_pieces
    ) values (%s, %s, %s, %s, %s, 1, 'open', %s, 0)
"""
_LIMITS: Final = """
    insert into subscription_limits (subscription, version, partition, position, limits)
    select subscription, limits_version, partition, %s, %s from subscriptions where subscription = %s
"""
_CHANGED: Final = "update subscriptions set limits_version = limits_version + 1 where subscription = %s"
_VERSION: Final = "select limits_version from subscriptions where subscription = %s"
_CLOSED: Final = "update subscriptions set state = 'closed' where subscription = %s"
_ACKNOWLEDGED: Final = """
    update subscriptions set acknowledged_at = %s, taken_pieces = taken_pieces + %s where subscription = %s
"""
_REACHED: Final = """
    insert into delivery_places (
        subscription, entry_partition, partition, position, entry_index, taken_seconds
    ) values (%s, %s, %s, %s, %s, %s)
    on conflict (subscription, entry_partition) do update set
        position = excluded.position, entry_index = excluded.entry_index,
        taken_seconds = delivery_places.taken_seconds + excluded.taken_seconds
"""
_RETAKEN: Final = (
    "delete from open_pieces where subscription = %s and piece = any(%s) returning entry_partition, seconds"
)
_TAKEN: Final = """
    update delivery_places set taken_seconds = taken_seconds + %s where entry_partition = %s and subscription = %s
"""
_AGAIN: Final = "update open_pieces set reason = %s, held = %s where piece = %s and subscription = %s"
_OPEN: Final = """
    insert into open_pieces (
        subscription, piece, partition, entry_partition, position, entry_index, seconds, reason, held, opened_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_TOO_LONG: Final = """
    delete from open_pieces where subscription = %s and seconds > %s
    returning piece, seconds, reason, held, opened_at
"""
_SECONDS_MAX: Final = """
    select version, (limits ->> 'seconds_max')::bigint from subscription_limits
    where subscription = %s and version > %s order by version
"""


class _Open(NamedTuple):
    """A piece that is open."""

    piece: str
    seconds: int
    reason: str
    held: bool
    opened_at: datetime


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring subscriptions up to date, event by event: what each does depends on those before."""
    for event, data in batch.directory:
        match data:
            case SubscriptionOpened():
                place = [data.subscription, event.partition, event.position]
                connection.execute(_OPENED, [*place, data.client, data.organizations, event.time])
                _remember(connection, event, data.subscription, data.limits)
            case SubscriptionChanged():
                change_one(connection, _CHANGED, [data.subscription])
                _remember(connection, event, data.subscription, data.limits)
                _split_open(connection, event, data)
            case SubscriptionClosed():
                change_one(connection, _CLOSED, [data.subscription])
            case DeliveryAcknowledged():
                _acknowledge(connection, event, data)
            case _:
                pass  # another projection's


def _remember(connection: ReadDatabase, event: OtherEvent, subscription: str, limits: Limits) -> None:
    told = Jsonb(limits, dumps=msgspec.json.encode)
    change_one(connection, _LIMITS, [event.position, told, subscription])


def _split_open(connection: ReadDatabase, event: OtherEvent, data: SubscriptionChanged) -> None:
    if data.limits.seconds_max is None:
        return
    rows = connection.execute(_TOO_LONG, [data.subscription, data.limits.seconds_max]).fetchall()
    if rows:
        [(version,)] = connection.execute(_VERSION, [data.subscription]).fetchall()
        pieces = [_Open(*row) for row in rows]
        _open(connection, event, data.subscription, pieces, [(version, data.limits.seconds_max)])


def _acknowledge(connection: ReadDatabase, event: OtherEvent, data: DeliveryAcknowledged) -> None:
    reached = data.upto
    if reached is not None:
        row = [reached.partition, event.partition, reached.position, reached.entry_index, data.taken_seconds]
        connection.execute(_REACHED, [data.subscription, *row])
    if data.retaken:
        rows = connection.execute(_RETAKEN, [data.subscription, data.retaken]).fetchall()
        if len(rows) != len(data.retaken):
            raise InvariantBroken(f"{data.subscription} takes a piece that is not open")
        for entry_partition, seconds in rows:
            change_one(connection, _TAKEN, [seconds, entry_partition, data.subscription])
    opened = _not_open_yet(connection, data, event.time)
    _open(connection, event, data.subscription, opened, _versions_after(connection, data) if opened else ())
    refused = sum(not one.held for one in opened)
    taken = data.piece_count - refused + len(data.retaken)
    change_one(connection, _ACKNOWLEDGED, [event.time, taken, data.subscription])


def _not_open_yet(connection: ReadDatabase, data: DeliveryAcknowledged, moment: datetime) -> list[_Open]:
    """Those that are open from now on; of those that are already the reason is the new one."""
    opened: list[_Open] = []
    for one in data.opened:
        changed = connection.execute(_AGAIN, [one.reason, one.held, one.piece, data.subscription])
        if changed.rowcount == 0:
            opened.append(_Open(one.piece, one.seconds, one.reason, one.held, moment))
    return opened


def _versions_after(connection: ReadDatabase, data: DeliveryAcknowledged) -> Sequence[tuple[int, int | None]]:
    return connection.execute(_SECONDS_MAX, [data.subscription, data.limits_version]).fetchall()


def _open(
    connection: ReadDatabase,
    event: OtherEvent,
    subscription: str,
    pieces: Iterable[_Open],
    versions: Sequence[tuple[int, int | None]],
) -> None:
    """Insert open pieces, each split by every version of the limits that it has not met."""
    rows: list[list[object]] = []
    for piece in pieces:
        parts = [(piece.piece, piece.seconds)]
        for version, seconds_max in versions:
            parts = [part for one in parts for part in parts_of(*one, seconds_max, version)]
        for name, seconds in parts:
            place = [subscription, name, event.partition, *entry_of_piece(name)]
            rows.append([*place, seconds, piece.reason, piece.held, piece.opened_at])
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_OPEN, rows)
