"""When and where can one serve, how many places are there, and how many are taken?"""

from __future__ import annotations

from collections import Counter
from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import (
    RegistrationAccepted,
    RegistrationWithdrawn,
    ShiftCancelled,
    ShiftOpened,
    ShiftRescheduled,
    ShiftUpdated,
)
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent

_OPENED: Final = """
    insert into shifts (
        shift, partition, opportunity, start_time, end_time, time_zone, service_date, places, places_taken,
        region, online, city, imported_system, imported_record_id, source_recorded_at, opened_position, opened_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_UPDATED: Final = "update shifts set places = %s where shift = %s"
_RESCHEDULED: Final = "update shifts set start_time = %s, end_time = %s where shift = %s"
_CANCELLED: Final = "update shifts set state = 'cancelled' where shift = %s"
_TAKEN: Final = "update shifts set places_taken = places_taken + %s where shift = %s"


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring shifts up to date; the places taken change by one update a shift, however many registered."""
    taken: Counter[str] = Counter()
    for event, data in batch.directory:
        match data:
            case ShiftOpened():
                _open(connection, event, data)
            case ShiftUpdated():
                change_one(connection, _UPDATED, [data.places, data.shift])
            case ShiftRescheduled():
                change_one(connection, _RESCHEDULED, [data.start, data.end, data.shift])
            case ShiftCancelled():
                change_one(connection, _CANCELLED, [data.shift])
            case RegistrationAccepted():
                taken[data.shift] += 1
            case RegistrationWithdrawn():
                taken[data.shift] -= 1
            case _:
                pass  # another projection's
    for shift, change in sorted(taken.items()):
        change_one(connection, _TAKEN, [change, shift])


def _open(connection: ReadDatabase, event: OtherEvent, data: ShiftOpened) -> None:
    imported = data.imported_from
    system, record_id = (None, None) if imported is None else (imported.system, imported.record_id)
    connection.execute(
        _OPENED,
        [
            data.shift,
            event.partition,
            data.opportunity,
            data.start,
            data.end,
            data.time_zone,
            data.service_date,
            data.places,
            data.place.region,
            data.place.online,
            data.place.city,
            system,
            record_id,
            event.sourcetime,
            event.position,
            event.time,
        ],
    )
