"""Who is registered for a shift? One row a registration: its state now."""

from __future__ import annotations

import struct
from typing import Final

from ledger.projections.binary_rows import ReadDatabase, copy_rows, text
from ledger.projections.directory_data import RegistrationAccepted, RegistrationWithdrawn
from ledger.projections.stored_event import Batch

_STAGE: Final = "create temp table if not exists staged_registrations (like registrations) on commit delete rows"
_COPY: Final = """
    copy staged_registrations (partition, registration, shift, volunteer, state) from stdin (format binary)
"""
_MERGE: Final = """
    insert into registrations select * from staged_registrations
    on conflict (registration) do update set state = excluded.state
"""
_fixed: Final = struct.Struct("!h ii").pack


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Set the states of the registrations that changed, one upsert for all: thousands may come in a minute."""
    latest: dict[str, tuple[str, str, str]] = {}
    for _, data in batch.directory:
        match data:
            case RegistrationAccepted():
                latest[data.registration] = (data.shift, data.volunteer, "accepted")
            case RegistrationWithdrawn():
                latest[data.registration] = (data.shift, data.volunteer, "withdrawn")
            case _:
                pass  # another projection's
    if latest:
        connection.execute(_STAGE)
        rows = (
            _fixed(5, 4, batch.partition) + b"".join(map(text, (name, *columns)))
            for name, columns in sorted(latest.items())
        )
        copy_rows(connection, _COPY, rows)
        connection.execute(_MERGE)
