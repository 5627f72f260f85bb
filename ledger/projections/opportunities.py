"""What is offered, by whom, in which sector, of which type and level, and what was known of that at any moment?"""

from __future__ import annotations

from typing import Final

import msgspec
from psycopg.types.json import Jsonb

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import (
    OpportunityClosed,
    OpportunityDetails,
    OpportunityPublished,
    OpportunityUpdated,
    RegistrationRulesSet,
)
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent

_PUBLISHED: Final = """
    insert into opportunities (
        opportunity, partition, organization, state, details, imported_system, imported_record_id, source_recorded_at
    ) values (%s, %s, %s, 'published', %s, %s, %s, %s)
"""
_UPDATED: Final = "update opportunities set details = %s where opportunity = %s"
_CLOSED: Final = "update opportunities set state = 'closed' where opportunity = %s"
_RULES: Final = "update opportunities set approval_required = %s, waiting_places = %s where opportunity = %s"
_VERSION: Final = """
    insert into opportunity_versions (
        opportunity, position, partition, recorded_at, source_recorded_at, organization, sector, event_type,
        compulsory_service, level, partner_type, skills
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring opportunities up to date and add what changed to their history."""
    for event, data in batch.directory:
        match data:
            case OpportunityPublished():
                _publish(connection, event, data)
                _remember(connection, event, data)
            case OpportunityUpdated():
                change_one(connection, _UPDATED, [_json(data.details), data.opportunity])
                _remember(connection, event, data)
            case OpportunityClosed():
                change_one(connection, _CLOSED, [data.opportunity])
            case RegistrationRulesSet():
                change_one(connection, _RULES, [data.approval_required, data.waiting_places, data.opportunity])
            case _:
                pass  # another projection's


def _publish(connection: ReadDatabase, event: OtherEvent, data: OpportunityPublished) -> None:
    imported = data.imported_from
    system, record_id = (None, None) if imported is None else (imported.system, imported.record_id)
    connection.execute(
        _PUBLISHED,
        [
            data.opportunity,
            event.partition,
            data.organization,
            _json(data.details),
            system,
            record_id,
            event.sourcetime,
        ],
    )


def _remember(connection: ReadDatabase, event: OtherEvent, data: OpportunityPublished | OpportunityUpdated) -> None:
    connection.execute(
        _VERSION,
        [
            data.opportunity,
            event.position,
            event.partition,
            event.time,
            event.sourcetime,
            data.organization,
            data.details.sector,
            data.details.event_type,
            data.details.compulsory_service,
            data.details.level,
            data.details.partner_type,
            list(data.details.skills),
        ],
    )


def _json(details: OpportunityDetails) -> Jsonb:
    return Jsonb(details, dumps=msgspec.json.encode)
