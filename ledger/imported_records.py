"""Which record of another system does an event come from? The stored bytes say it: projections carry no more than
questions need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken
from ledger.projections.basis import timestamp
from ledger.projections.binary_rows import moment
from volunteer_hours.v1.bulk_reading_pb2 import AttendanceSums
from volunteer_hours.v1.positions_pb2 import ImportedFrom

_BODIES: Final = """
    select e.partition, e.position, e.body from unnest(%b::int[], %b::bigint[]) as wanted (partition, position)
    join events e using (partition, position)
"""


class _Record(msgspec.Struct, frozen=True):
    system: str
    record_id: str


class _Data(msgspec.Struct, frozen=True):
    imported_from: _Record | None = None


class _Event(msgspec.Struct, frozen=True):
    data: _Data
    sourcetime: str | None = None


_EVENT: Final = msgspec.json.Decoder(_Event)


async def fill_imported(
    pool: AsyncConnectionPool[AsyncConnection[Any]], attendances: Mapping[tuple[int, int], AttendanceSums]
) -> None:
    """Set `imported_from` of attendances, each by the partition and position of its first event.

    `pool` reaches the event store under a role that may read events. Raises InvariantBroken where an event is gone.
    """
    if not attendances:
        return
    partitions, positions = zip(*attendances, strict=True)
    async with pool.connection() as connection:
        rows = await (await connection.execute(_BODIES, (list(partitions), list(positions)), binary=True)).fetchall()
    if len(rows) != len(attendances):
        raise InvariantBroken(f"{len(attendances) - len(rows)} events are projected and missing")
    for partition, position, body in rows:
        try:
            event = _EVENT.decode(body)
        except msgspec.MsgspecError as error:
            raise InvariantBroken(
                f"partition {partition} position {position}: data is none of an event: {error}"
            ) from error
        record = event.data.imported_from
        if record is not None and event.sourcetime is not None:
            attendances[partition, position].imported_from.CopyFrom(
                ImportedFrom(
                    system=record.system,
                    record_id=record.record_id,
                    source_record_time=timestamp(moment(event.sourcetime)),
                )
            )
