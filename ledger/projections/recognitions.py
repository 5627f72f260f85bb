"""Which versions does a programme of recognition have, and since where in the ledger is each of them in force?"""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from ledger.domain.recognition import version_name
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.one_row import change_one
from ledger.projections.recognition_data import RecognitionApproved, RecognitionProposed
from ledger.projections.stored_event import Batch

_PROPOSED: Final = """
    insert into recognitions (
        name, recognition, version, partition, effective_date, source, display_name, levels, proposed_position,
        proposed_at, proposed_by
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_APPROVED: Final = """
    update recognitions set approved_position = %s, approved_at = %s, approved_by = %s where name = %s
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring versions of programmes up to date, event by event: there are few."""
    for event, data in batch.directory:
        match data:
            case RecognitionProposed():
                row = [
                    version_name(data.recognition, data.version),
                    data.recognition,
                    data.version,
                    event.partition,
                    data.effective_date,
                    data.rule_source,
                    Jsonb(data.display_name),
                    Jsonb(data.levels),
                    event.position,
                    event.time,
                    event.actor,
                ]
                connection.execute(_PROPOSED, row)
            case RecognitionApproved():
                name = version_name(data.recognition, data.version)
                change_one(connection, _APPROVED, [event.position, event.time, event.actor, name])
            case _:
                pass  # another projection's
