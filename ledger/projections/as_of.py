"""Which events an answer about a past moment counts: exact positions, a record time, or a source time.

A record time is first resolved to positions, and the answer names them. A source time keeps, at the answer's positions,
the events whose source time (record time where there is none) is not later. Neither is answered before it is closed:
while an event of that time could still come, the same question could get two answers.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.domain.refusals import Reason, refuse
from ledger.projections.basis import Basis, Ground, Patience, ReadPool
from ledger.projections.binary_rows import microseconds
from ledger.projections.snapshot import ReadConnection, Snapshot, snapshot
from volunteer_hours.v1.positions_pb2 import AsOf, Position

_BATCHES_SQL: Final = """
    select p.partition, b.first_position, b.recorded_times
    from positions p
    join lateral (
        select first_position, recorded_times from applied_batches
        where partition = p.partition and recorded_from <= %b
        order by recorded_from desc, first_position desc limit 1
    ) b on true
    where p.partition = any(%b)
"""
_TIME_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class View:
    """The events that count, of one snapshot of the read database."""

    connection: ReadConnection
    basis: Basis
    """Its positions are the answer's."""
    known_until: datetime | None
    """Only events with a source time (else record time) not later; None: all."""
    present: bool
    """Whether every event applied counts: then sums kept ready can answer."""

    @property
    def cut(self) -> dict[str, object]:
        """Parameters of the statements below: %(partitions)b, %(upto)b, %(known_until)b."""
        positions = self.basis.positions
        return {"partitions": list(positions), "upto": list(positions.values()), "known_until": self.known_until}


CUT_SQL: Final = "cut as (select * from unnest(%(partitions)b::int[], %(upto)b::bigint[]) as c (partition, upto))"
"""A common table expression: up to which position each partition counts."""


@asynccontextmanager
async def view(
    pool: ReadPool,
    ground: Ground,
    asked: Iterable[Position],
    as_of: AsOf | None,
    seconds_left: float | None,
    pinned: Mapping[int, int] | None = None,
) -> AsyncIterator[View]:
    """The events that count for a question with these `positions` and this `as_of`.

    A later page passes the positions of the first one as `pinned`: what it rested on was closed then.

    Refuses POSITION_UNKNOWN, INVALID_ARGUMENT (a time out of range) and, when the deadline comes first, NOT_YET_KNOWN.
    Raises NotYetApplied.
    """
    wanted, patience = ground.wanted(asked), Patience.of(seconds_left)
    moment = None if as_of is None else moment_of(as_of)
    limits = dict(pinned or {})
    if as_of is not None and as_of.HasField("positions"):
        limits = limits or ground.wanted(as_of.positions.positions)
    while True:
        async with snapshot(pool, ground, wanted, patience) as found:
            if _closed(found.basis, limits, None if pinned else moment):
                basis = await _limited(found, as_of, limits)
                known_until = moment if as_of is not None and as_of.HasField("source_time") else None
                yield View(found.connection, basis, known_until, present=as_of is None and not pinned)
                return
            through = found.basis.recorded_through
        if not await patience.wait():
            refuse(Reason.NOT_YET_KNOWN, recorded_through="nothing" if through is None else through.isoformat())


def moment_of(as_of: AsOf) -> datetime | None:
    """The record time or source time asked about; None for exact positions. Refuses INVALID_ARGUMENT (out of range)."""
    if as_of.HasField("record_time"):
        return _datetime("as_of.record_time", as_of.record_time)
    return _datetime("as_of.source_time", as_of.source_time) if as_of.HasField("source_time") else None


def _datetime(field: str, timestamp: Timestamp) -> datetime:
    try:
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        refuse(Reason.INVALID_ARGUMENT, violations=f"{field}: give a time in the years 1 to 9999")


def _closed(basis: Basis, limits: Mapping[int, int], moment: datetime | None) -> bool:
    if any(basis.positions.get(partition, 0) < position for partition, position in limits.items()):
        return False
    # An event recorded at this very moment may still come: only what is before `recorded_through` is closed.
    return moment is None or (basis.recorded_through is not None and basis.recorded_through > moment)


async def _limited(found: Snapshot, as_of: AsOf | None, limits: Mapping[int, int]) -> Basis:
    positions = found.basis.positions
    if as_of is not None and as_of.HasField("record_time") and not limits:
        moment = _datetime("as_of.record_time", as_of.record_time)
        reached = await _positions_at(found.connection, list(positions), moment)
        limits = {partition: reached.get(partition, 0) for partition in positions}
    return Basis({**positions, **limits}, found.basis.recorded_through)


async def _positions_at(connection: ReadConnection, partitions: list[int], moment: datetime) -> dict[int, int]:
    """The last position of each partition recorded not later than `moment`."""
    reached: dict[int, int] = {}
    cursor = await connection.execute(_BATCHES_SQL, (moment, partitions), binary=True)
    for partition, first_position, recorded_times in await cursor.fetchall():
        times = struct.unpack(f"!{len(recorded_times) // _TIME_BYTES}q", recorded_times)
        reached[partition] = first_position - 1 + bisect_right(times, microseconds(moment))
    return reached
