"""Who held which level since where, until where? Milestones as told last, nominations, and a row for each time held."""

from __future__ import annotations

from typing import Final, TypeAlias

from psycopg.types.json import Jsonb

from ledger.domain.milestone import level_of, recognition_of
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.one_row import change_one
from ledger.projections.recognition_data import MilestoneLost, MilestoneReached, NominationDecided, NominationMade
from ledger.projections.stored_event import Batch, OtherEvent

HONOUR_COLUMNS: Final = (
    "honour, since_position, partition, recognition, level, holder, recognition_version, since_at, counted_seconds,"
    " months, skills_count, organizations_count, persons_count, evaluated_at, cause_partition, cause_position"
)
_TOLD: Final = """
    insert into milestones (
        milestone, partition, recognition_version, reached, counted_seconds, months, skills_count, organizations_count,
        persons_count, evaluated_at, cause_partition, cause_position, position, recorded_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (milestone) do update set
        recognition_version = excluded.recognition_version, reached = excluded.reached,
        counted_seconds = excluded.counted_seconds, months = excluded.months, skills_count = excluded.skills_count,
        organizations_count = excluded.organizations_count, persons_count = excluded.persons_count,
        evaluated_at = excluded.evaluated_at,
        cause_partition = excluded.cause_partition, cause_position = excluded.cause_position,
        position = excluded.position, recorded_at = excluded.recorded_at
"""
_HELD: Final = f"""
    insert into honours ({HONOUR_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ENDED: Final = "update honours set until_position = %s, until_at = %s where until_position is null and honour = %s"
_NOMINATED: Final = """
    insert into nominations (
        nomination, partition, volunteer, recognition_version, level, organization, nominated_by, state, decided_by,
        positions
    ) values (%s, %s, %s, %s, %s, %s, %s, 'made', '{}', %s)
"""
_DECIDED: Final = """
    update nominations set
        state = case when %s = 'declined' then 'declined' when state = 'made' then 'seconded' else 'approved' end,
        decided_by = decided_by || %s::text, reason = %s, positions = positions || %s::bigint
    where nomination = %s
"""
_APPROVED: Final = """
    insert into honours (
        honour, since_position, partition, recognition, level, holder, recognition_version, since_at
    )
    select nomination, %s, partition, split_part(recognition_version, '/versions/', 1), level, volunteer,
           recognition_version, %s
    from nominations where nomination = %s and state = 'approved'
"""

Row: TypeAlias = list[object]


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring honours up to date, in order: a level may be reached and lost within one batch."""
    latest: dict[str, Row] = {}
    held: list[Row] = []
    for event, data in batch.directory:
        match data:
            case MilestoneReached():
                held.append(honour_row(event, data))
                latest[data.milestone] = _milestone_row(event, data, reached=True)
            case MilestoneLost():
                _insert(connection, _HELD, held)
                held = []
                change_one(connection, _ENDED, [event.position, event.time, data.milestone])
                latest[data.milestone] = _milestone_row(event, data, reached=False)
            case NominationMade():
                _nominate(connection, event, data)
            case NominationDecided():
                decided: Row = [data.decision, event.actor, data.reason, event.position, data.nomination]
                change_one(connection, _DECIDED, decided)
                connection.execute(_APPROVED, [event.position, event.time, data.nomination])
            case _:
                pass  # another projection's
    _insert(connection, _HELD, held)
    _insert(connection, _TOLD, list(latest.values()))


def honour_row(event: OtherEvent, data: MilestoneReached) -> Row:
    """HONOUR_COLUMNS of the time that begins with an event."""
    return [
        data.milestone,
        event.position,
        event.partition,
        recognition_of(data.milestone),
        level_of(data.milestone),
        data.holder,
        data.recognition_version,
        event.time,
        *_counted(data),
    ]


def _milestone_row(event: OtherEvent, data: MilestoneReached | MilestoneLost, *, reached: bool) -> Row:
    told: Row = [data.milestone, event.partition, data.recognition_version, reached]
    return [*told, *_counted(data), event.position, event.time]


def _counted(data: MilestoneReached | MilestoneLost) -> Row:
    return [
        data.counted_seconds,
        data.months,
        data.skills_count,
        data.organizations_count,
        data.persons_count,
        Jsonb({str(one.partition): one.position for one in data.evaluated_at}),
        data.cause.partition,
        data.cause.position,
    ]


def _nominate(connection: ReadDatabase, event: OtherEvent, data: NominationMade) -> None:
    row = [
        data.nomination,
        event.partition,
        data.volunteer,
        data.recognition_version,
        data.level,
        data.organization,
        event.actor,
        [event.position],
    ]
    connection.execute(_NOMINATED, row)


def _insert(connection: ReadDatabase, statement: str, rows: list[Row]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)
