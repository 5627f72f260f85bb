"""Who takes part? A pseudonymous name each, and details as sealed as they came: nothing here can open them.

Beside it: which charter a person accepted, and which consents of guardians there are; not who gave them.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

import msgspec
from psycopg.types.json import Jsonb

from ledger.projections.binary_rows import ReadDatabase, copy_rows, moment_or_null, text
from ledger.projections.directory_data import (
    CharterAccepted,
    GuardianConsentGiven,
    GuardianConsentWithdrawn,
    VolunteerErased,
    VolunteerPreferencesSet,
    VolunteerRegistered,
    VolunteerUpdated,
)
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch

_COPY: Final = """
    copy volunteers (partition, registered_position, registered_at, volunteer, details) from stdin (format binary)
"""
_UPDATED: Final = "update volunteers set details = (details - %s::text[]) || %s where volunteer = %s"
_ERASED: Final = """
    update volunteers set details = '{}', preferences = null, preferences_set_at = null, erased = true
    where volunteer = %s
"""
_PREFERENCES: Final = "update volunteers set preferences = %s, preferences_set_at = %s where volunteer = %s"
_CHARTER: Final = "update volunteers set charters = charters || %s where volunteer = %s"
_CONSENT: Final = "update volunteers set consents = consents || %s where volunteer = %s"
_CONSENT_WITHDRAWN: Final = """
    update volunteers set consents = jsonb_set(consents, array[%s, 'withdrawn'], 'true', false) where volunteer = %s
"""
_fixed: Final = struct.Struct("!h ii iq").pack
_jsonb: Final = struct.Struct("!iB").pack
_JSONB_VERSION: Final = 1

_Seals: TypeAlias = dict[str, dict[str, str]]


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add volunteers by COPY, then change details one by one: an update always follows its registration."""
    registered = [(event, data) for event, data in batch.directory if isinstance(data, VolunteerRegistered)]
    if registered:
        rows = (
            _fixed(5, 4, batch.partition, 8, event.position)
            + moment_or_null(event.sourcetime or event.time)
            + text(data.volunteer)
            + _packed(_seals(event.id, data.details))
            for event, data in registered
        )
        copy_rows(connection, _COPY, rows)
    for event, data in batch.directory:
        match data:
            case VolunteerUpdated():
                details = Jsonb(_seals(event.id, data.details), dumps=msgspec.json.encode)
                change_one(connection, _UPDATED, [list(data.cleared), details, data.volunteer])
            case VolunteerErased():
                change_one(connection, _ERASED, [data.volunteer])
            case VolunteerPreferencesSet():
                seal = Jsonb({"event_id": event.id, "sealed": data.preferences})
                change_one(connection, _PREFERENCES, [seal, event.time, data.volunteer])
            case CharterAccepted():
                change_one(connection, _CHARTER, [Jsonb({data.charter: data.charter_version}), data.volunteer])
            case GuardianConsentGiven():
                consent = {"until_date": data.until_date, "withdrawn": False}
                change_one(connection, _CONSENT, [Jsonb({data.consent: consent}), data.volunteer])
            case GuardianConsentWithdrawn():
                change_one(connection, _CONSENT_WITHDRAWN, [data.consent, data.volunteer])
            case _:
                pass  # another projection's


def _seals(event_id: str, details: dict[str, str]) -> _Seals:
    """Each seal with the event it was made for: to open it one must know that."""
    return {field: {"event_id": event_id, "sealed": sealed} for field, sealed in sorted(details.items())}


def _packed(seals: _Seals) -> bytes:
    raw = msgspec.json.encode(seals)
    return _jsonb(len(raw) + 1, _JSONB_VERSION) + raw
