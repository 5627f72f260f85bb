"""Who is registered for a shift, who asks to be, and who waits? A row a registration, and one a change of it."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from ledger.projections.binary_rows import NULL, ReadDatabase, copy_rows, moment_or_null, text
from ledger.projections.directory_data import (
    AbsenceRecorded,
    DirectoryData,
    RegistrationAccepted,
    RegistrationDeclined,
    RegistrationRequested,
    RegistrationWaitlisted,
    RegistrationWithdrawn,
    WaitingEnded,
)
from ledger.projections.stored_event import Batch, OtherEvent

_STATES: Final[dict[type[DirectoryData], str]] = {
    RegistrationAccepted: "accepted",
    RegistrationRequested: "requested",
    RegistrationWaitlisted: "waitlisted",
    RegistrationDeclined: "declined",
    RegistrationWithdrawn: "withdrawn",
    WaitingEnded: "withdrawn",
    AbsenceRecorded: "absent",
}
_STAGE: Final = "create temp table if not exists staged_registrations (like registrations) on commit delete rows"
_COPY: Final = """
    copy staged_registrations (partition, waiting_order, registration, shift, volunteer, state)
    from stdin (format binary)
"""
_MERGE: Final = """
    insert into registrations (partition, waiting_order, registration, shift, volunteer, state)
    select partition, waiting_order, registration, shift, volunteer, state from staged_registrations
    on conflict (registration) do update set state = excluded.state, waiting_order = excluded.waiting_order
"""
_HISTORY: Final = """
    copy registration_versions (partition, position, known_at, registration, shift, volunteer, state)
    from stdin (format binary)
"""
_fixed: Final = struct.Struct("!h ii").pack
_version: Final = struct.Struct("!h ii iq").pack
_bigint: Final = struct.Struct("!iq").pack


class _Row(NamedTuple):
    shift: str
    volunteer: str
    state: str
    waiting_order: int | None


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Set the states of the registrations that changed, one upsert for all: thousands may come in a minute."""
    latest: dict[str, _Row] = {}
    history: list[bytes] = []
    for event, data in batch.directory:
        match data:
            case (
                RegistrationAccepted()
                | RegistrationRequested()
                | RegistrationWaitlisted()
                | RegistrationDeclined()
                | RegistrationWithdrawn()
                | WaitingEnded()
                | AbsenceRecorded()
            ):
                order = event.position if isinstance(data, RegistrationWaitlisted) else None
                row = latest[data.registration] = _Row(data.shift, data.volunteer, _STATES[type(data)], order)
                history.append(_as_version(event, data.registration, row))
            case _:
                pass  # another projection's
    if latest:
        connection.execute(_STAGE)
        copy_rows(connection, _COPY, (_packed(batch.partition, name, row) for name, row in sorted(latest.items())))
        connection.execute(_MERGE)
        copy_rows(connection, _HISTORY, history)


def _packed(partition: int, name: str, row: _Row) -> bytes:
    order = NULL if row.waiting_order is None else _bigint(8, row.waiting_order)
    return _fixed(6, 4, partition) + order + b"".join(map(text, (name, row.shift, row.volunteer, row.state)))


def _as_version(event: OtherEvent, name: str, row: _Row) -> bytes:
    """What is known of it from this event on."""
    fixed = _version(7, 4, event.partition, 8, event.position)
    known_at = moment_or_null(event.sourcetime or event.time)
    return fixed + known_at + b"".join(map(text, (name, row.shift, row.volunteer, row.state)))
