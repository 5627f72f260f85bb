"""Which projects are there, with which goals, and what counted for them at any moment?"""

from __future__ import annotations

from typing import Final

import msgspec
from psycopg.types.json import Jsonb

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.one_row import change_one
from ledger.projections.project_data import Plan, ProjectClosed, ProjectOpened, ProjectUpdated
from ledger.projections.stored_event import Batch, OtherEvent

_OPENED: Final = "insert into projects values (%s, %s, %s, %s, 'open', %s)"
_UPDATED: Final = "update projects set plan = %s where project = %s"
_CLOSED: Final = "update projects set state = 'closed' where project = %s"
_VERSION: Final = """
    insert into project_versions (project, position, partition, recorded_at, organization, state, plan)
    select project, %s, partition, %s, organization, state, plan from projects where project = %s
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring projects up to date and add what changed to their history, event by event: they are few."""
    for event, data in batch.directory:
        match data:
            case ProjectOpened():
                row = [data.project, event.partition, event.position, data.organization, _json(data.plan)]
                connection.execute(_OPENED, row)
                _remember(connection, event, data.project)
            case ProjectUpdated():
                change_one(connection, _UPDATED, [_json(data.plan), data.project])
                _remember(connection, event, data.project)
            case ProjectClosed():
                change_one(connection, _CLOSED, [data.project])
                _remember(connection, event, data.project)
            case _:
                pass  # another projection's


def _remember(connection: ReadDatabase, event: OtherEvent, project: str) -> None:
    change_one(connection, _VERSION, [event.position, event.time, project])


def _json(plan: Plan) -> Jsonb:
    return Jsonb(plan, dumps=msgspec.json.encode)
