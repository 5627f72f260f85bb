"""Which versions does a policy have, what do they say, and since where in the ledger is each of them in force?"""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from ledger.domain.policy import FIRST_DATE, FIRST_SOURCE, HoursRules, stored_rules, version_name
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import PolicyApproved, PolicyEnacted, PolicyProposed
from ledger.projections.one_row import change_one
from ledger.projections.stored_event import Batch, OtherEvent

_PROPOSED: Final = """
    insert into policies (
        name, policy, version, partition, kind, effective_date, source, rules, proposed_position, proposed_at,
        proposed_by, approved_position, approved_at, approved_by
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_APPROVED: Final = """
    update policies set approved_position = %s, approved_at = %s, approved_by = %s where name = %s
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring versions of policies up to date, event by event: there are few."""
    for event, data in batch.directory:
        match data:
            case PolicyEnacted():
                _enact(connection, event, data)
            case PolicyProposed():
                _propose(connection, event, data)
            case PolicyApproved():
                name = version_name(data.policy, data.version)
                change_one(connection, _APPROVED, [event.position, event.time, event.actor, name])
            case _:
                pass  # another projection's


def _enact(connection: ReadDatabase, event: OtherEvent, data: PolicyEnacted) -> None:
    rules = HoursRules(day_seconds_max=data.day_seconds_max, attendance_seconds_max=data.attendance_seconds_max)
    known = event.position, event.time, event.actor
    connection.execute(
        _PROPOSED,
        [
            version_name(data.policy, data.version),
            data.policy,
            data.version,
            event.partition,
            rules.kind,
            FIRST_DATE,
            FIRST_SOURCE,
            Jsonb(stored_rules(rules)),
            *known,
            *known,
        ],
    )


def _propose(connection: ReadDatabase, event: OtherEvent, data: PolicyProposed) -> None:
    connection.execute(
        _PROPOSED,
        [
            version_name(data.policy, data.version),
            data.policy,
            data.version,
            event.partition,
            data.rules["kind"],
            data.effective_date,
            data.rule_source,
            Jsonb(data.rules),
            event.position,
            event.time,
            event.actor,
            None,
            None,
            None,
        ],
    )
