"""Who takes part? A pseudonymous name each, and details as sealed as they came: nothing here can open them."""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

import msgspec
from psycopg.types.json import Jsonb

from ledger.projections.binary_rows import ReadDatabase, copy_rows, text
from ledger.projections.directory_data import VolunteerRegistered, VolunteerUpdated
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch

_COPY: Final = "copy volunteers (partition, volunteer, details) from stdin (format binary)"
_UPDATED: Final = "update volunteers set details = (details - %s::text[]) || %s where volunteer = %s"
_fixed: Final = struct.Struct("!h ii").pack
_jsonb: Final = struct.Struct("!iB").pack
_JSONB_VERSION: Final = 1

_Seals: TypeAlias = dict[str, dict[str, str]]


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add volunteers by COPY, then change details one by one: an update always follows its registration."""
    registered = [(event, data) for event, data in batch.directory if isinstance(data, VolunteerRegistered)]
    if registered:
        rows = (
            _fixed(3, 4, batch.partition) + text(data.volunteer) + _packed(_seals(event.id, data.details))
            for event, data in registered
        )
        copy_rows(connection, _COPY, rows)
    for event, data in batch.directory:
        if isinstance(data, VolunteerUpdated):
            details = Jsonb(_seals(event.id, data.details), dumps=msgspec.json.encode)
            change_one(connection, _UPDATED, [list(data.cleared), details, data.volunteer])


def _seals(event_id: str, details: dict[str, str]) -> _Seals:
    """Each seal with the event it was made for: to open it one must know that."""
    return {field: {"event_id": event_id, "sealed": sealed} for field, sealed in sorted(details.items())}


def _packed(seals: _Seals) -> bytes:
    raw = msgspec.json.encode(seals)
    return _jsonb(len(raw) + 1, _JSONB_VERSION) + raw
