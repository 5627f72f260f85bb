"""How was somebody last told to stand with a watched requirement? One row a person, policy and period."""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import RequirementLost, RequirementMet
from ledger.projections.stored_event import Batch

_TOLD: Final = """
    insert into requirement_standings (
        standing, partition, requirement, period_start, period_end, level, counted_seconds, evaluated_at,
        cause_partition, cause_position, position, recorded_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (standing) do update set
        requirement = excluded.requirement, period_start = excluded.period_start, period_end = excluded.period_end,
        level = excluded.level, counted_seconds = excluded.counted_seconds, evaluated_at = excluded.evaluated_at,
        cause_partition = excluded.cause_partition, cause_position = excluded.cause_position,
        position = excluded.position, recorded_at = excluded.recorded_at
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring standings up to date: the last event of each in the batch says all of it."""
    latest: dict[str, list[object]] = {}
    for event, data in batch.directory:
        if isinstance(data, RequirementMet | RequirementLost):
            latest[data.standing] = [
                data.standing,
                event.partition,
                data.requirement,
                data.period_start,
                data.period_end,
                data.level if isinstance(data, RequirementMet) else None,
                data.counted_seconds,
                Jsonb({str(one.partition): one.position for one in data.evaluated_at}),
                data.cause.partition,
                data.cause.position,
                event.position,
                event.time,
            ]
    if latest:
        with connection.cursor() as cursor:
            cursor.executemany(_TOLD, latest.values())
