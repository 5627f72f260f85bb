"""Which initiatives are there, and who answers for them?"""

from __future__ import annotations

from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import InitiativeRegistered
from ledger.projections.stored_event import Batch

_REGISTERED: Final = """
    insert into initiatives (initiative, partition, display_name_ar, display_name_en, responsible)
    values (%s, %s, %s, %s, %s)
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add initiatives, one by one: there are few."""
    for _, data in batch.directory:
        if isinstance(data, InitiativeRegistered):
            shown = data.display_name
            connection.execute(
                _REGISTERED, [data.initiative, batch.partition, shown.ar, shown.en, list(data.responsible)]
            )
