"""Lines of the journal behind a place, for one receiver: with what was known of each when it was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.domain.delivery_pieces import Line
from ledger.projections.snapshot import ReadConnection
from volunteer_hours.v1.values_pb2 import EvidenceClass

Place = tuple[int, int]
"""Position and entry index within one partition."""
BEGINNING: Final[Place] = (0, 0)
END_OF_EVENT: Final = 2**31 - 1
"""Behind the last entry of any event."""

# What an event leaves out is as before; nearly every line says it itself, and then nothing is looked for.
_COLUMNS: Final = """
    l.partition, l.position, l.entry_index, l.seconds, l.holder, l.organization, l.shift, l.opportunity, l.attendance,
    l.from_class, l.to_class, l.service_date, l.reason, l.recorded_at, l.event_id, l.event_type,
    coalesce(l.start_time, (
        select b.start_time from journal_lines b where b.holder = l.holder and b.attendance = l.attendance
          and b.position <= l.position and b.start_time is not null order by b.position desc limit 1)),
    coalesce(l.end_time, (
        select b.end_time from journal_lines b where b.holder = l.holder and b.attendance = l.attendance
          and b.position <= l.position and b.end_time is not null order by b.position desc limit 1)),
    coalesce(l.migrated, (
        select b.migrated from journal_lines b where b.holder = l.holder and b.attendance = l.attendance
          and b.position <= l.position and b.migrated is not null order by b.position desc limit 1), false)
"""
_OF_RECEIVER: Final = """
    l.seconds is not null and (%(organizations)b::text[] = '{}' or l.organization = any(%(organizations)b))
"""
_BETWEEN: Final = f"""
    select {_COLUMNS} from journal_lines l
    where l.partition = %(partition)b and l.position >= %(position)b and l.position <= %(last)b
      and (l.position, l.entry_index) > (%(position)b, %(entry_index)b)
      and (l.position, l.entry_index) <= (%(last)b, %(last_index)b) and {_OF_RECEIVER}
    order by l.position, l.entry_index limit %(rows)b
"""
_OPEN: Final = f"""
    select o.piece, o.seconds, o.reason, {_COLUMNS}
    from open_pieces o join journal_lines l
      on l.partition = o.entry_partition and l.position = o.position and l.entry_index = o.entry_index
    where o.subscription = %(subscription)b and o.piece > %(after)b order by o.piece limit %(rows)b
"""
_PLACES: Final = """
    unnest(%(partitions)b::int[], %(after)b::bigint[], %(after_index)b::int[]) as p (partition, position, entry_index)
"""
_BEHIND: Final = f"""
    select p.partition, n.position, n.entry_index, n.recorded_at
    from {_PLACES}
    cross join lateral (
        select l.position, l.entry_index, l.recorded_at from journal_lines l
        where l.partition = p.partition and l.position >= p.position
          and (l.position, l.entry_index) > (p.position, p.entry_index) and {_OF_RECEIVER}
        order by l.position, l.entry_index limit 1
    ) n
"""
_SUMS: Final = f"""
    select p.partition, count(*), sum(l.seconds)::bigint
    from {_PLACES}
    join journal_lines l on l.partition = p.partition and l.position >= p.position
     and (l.position, l.entry_index) > (p.position, p.entry_index)
    where {_OF_RECEIVER} group by p.partition
"""


class LineRow(NamedTuple):
    """A line, in the order of the columns."""

    partition: int
    position: int
    entry_index: int
    seconds: int
    holder: str
    organization: str
    shift: str
    opportunity: str
    attendance: str
    from_class: EvidenceClass.ValueType
    to_class: EvidenceClass.ValueType
    service_date: date
    reason: str | None
    recorded_at: datetime
    event_id: str
    event_type: str
    start_time: datetime | None
    end_time: datetime | None
    migrated: bool

    @property
    def line(self) -> Line:
        """What decides about its pieces."""
        timed = self.start_time is not None and self.end_time is not None
        return Line(
            self.partition,
            self.position,
            self.entry_index,
            self.seconds,
            self.holder,
            self.organization,
            self.shift,
            timed,
        )


class OpenRow(NamedTuple):
    """An open piece and its line."""

    piece: str
    seconds: int
    reason: str
    row: LineRow


class Behind(NamedTuple):
    """The first entry of a partition that was not acknowledged."""

    partition: int
    place: Place
    recorded_at: datetime


async def lines_between(
    connection: ReadConnection, organizations: Sequence[str], partition: int, after: Place, upto: Place, rows: int
) -> list[LineRow]:
    """The first `rows` lines of these organisations (none: all) behind `after` and up to `upto`."""
    asked = {
        "partition": partition,
        "position": after[0],
        "entry_index": after[1],
        "last": upto[0],
        "last_index": upto[1],
        "organizations": list(organizations),
        "rows": rows,
    }
    found = await (await connection.execute(_BETWEEN, asked, binary=True)).fetchall()
    return [LineRow(*row) for row in found]


async def open_lines(connection: ReadConnection, subscription: str, after: str, rows: int) -> list[OpenRow]:
    """Open pieces behind the one called `after`, by name."""
    asked = {"subscription": subscription, "after": after, "rows": rows}
    found = await (await connection.execute(_OPEN, asked, binary=True)).fetchall()
    return [OpenRow(row[0], row[1], row[2], LineRow(*row[3:])) for row in found]


async def behind(
    connection: ReadConnection, organizations: Sequence[str], places: Mapping[int, Place]
) -> dict[int, Behind]:
    """Partition → the first entry behind its place; partitions without one are missing."""
    found = await (await connection.execute(_BEHIND, _asked(organizations, places), binary=True)).fetchall()
    return {row[0]: Behind(row[0], (row[1], row[2]), row[3]) for row in found}


async def sums_behind(
    connection: ReadConnection, organizations: Sequence[str], places: Mapping[int, Place]
) -> dict[int, tuple[int, int]]:
    """Partition → how many entries are behind its place, and their seconds."""
    found = await (await connection.execute(_SUMS, _asked(organizations, places), binary=True)).fetchall()
    return {row[0]: (row[1], row[2]) for row in found}


def _asked(organizations: Sequence[str], places: Mapping[int, Place]) -> dict[str, object]:
    return {
        "partitions": list(places),
        "after": [place[0] for place in places.values()],
        "after_index": [place[1] for place in places.values()],
        "organizations": list(organizations),
    }
