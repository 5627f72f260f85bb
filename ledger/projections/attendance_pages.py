"""All presences of a ledger, an organisation or a holder, each folded at one moment, page by page in order of holder.

A holder's lines lie together, so each is read once, and no attendance is cut in two.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import CUT_SQL
from ledger.projections.basis import timestamp
from ledger.projections.bulk_pages import BulkPages, Reading, one_ahead
from ledger.projections.sums import KNOWN, evidence_seconds
from volunteer_hours.v1.bulk_reading_pb2 import AttendanceSums, StreamAttendancesRequest
from volunteer_hours.v1.bulk_reading_pb2 import StreamAttendancesResponse as Page

STEP_HOLDERS: Final = 500
"""Whose lines are read in one step."""
ROWS_MAX: Final = 2_000
"""Of a page: some 2 MB with long names, and clients accept 4 MiB."""
_NAMED_AT_ONCE: Final = 5_000
"""Holders of an organisation are looked for this often, not for each step."""

_HOLDERS: Final = """
    (select volunteer as holder from volunteers where volunteer >= %(from)b order by volunteer limit %(many)b)
    union
    (select holder from balances where holder >= %(from)b order by holder limit %(many)b)
    order by holder limit %(many)b
"""
_HOLDERS_OF_ORGANISER: Final = """
    select distinct holder from journal_lines
    where version = 1 and organization = %(organiser)b and holder >= %(from)b
      and hashtext(opportunity) = any(
          array(select hashtext(opportunity) from opportunities where organization = %(organiser)b)
      )
    order by holder limit %(many)b
"""
_CLASS_SUMS: Final = """
    coalesce(sum(case 1 when e.to_class then e.seconds when e.from_class then -e.seconds end)
        filter (where within), 0)::bigint,
    coalesce(sum(case 2 when e.to_class then e.seconds when e.from_class then -e.seconds end)
        filter (where within), 0)::bigint,
    coalesce(sum(case 3 when e.to_class then e.seconds when e.from_class then -e.seconds end)
        filter (where within), 0)::bigint,
    coalesce(sum(case 4 when e.to_class then e.seconds when e.from_class then -e.seconds end)
        filter (where within), 0)::bigint,
    coalesce(sum(case 5 when e.to_class then e.seconds when e.from_class then -e.seconds end)
        filter (where within), 0)::bigint,
    coalesce(sum(case 6 when e.to_class then e.seconds when e.from_class then -e.seconds end)
        filter (where within), 0)::bigint
"""
_ATTENDANCES: Final = f"""
    with {CUT_SQL}, folded as (
        select e.holder, e.attendance, min(e.organization), min(e.opportunity), min(e.shift) as shift,
               (array_agg(e.start_time order by e.version desc)
                   filter (where e.start_time is not null))[1] as start_time,
               (array_agg(e.end_time order by e.version desc) filter (where e.end_time is not null))[1],
               min(e.service_date) filter (where within) as service_date,
               (array_agg(e.head_count order by e.version desc) filter (where e.head_count > 0))[1],
               (array_agg(e.reason order by e.position desc, e.entry_index desc)
                   filter (where within and e.to_class in (5, 6)))[1],
               min(e.partition), min(e.position) filter (where e.version = 1),
               bool_or(e.source_recorded_at is not null) filter (where e.version = 1),
               {_CLASS_SUMS},
               coalesce(bool_or(within), false) as has_seconds
        from (
            select *, service_date between %(start_date)b and %(end_date)b as within from journal_lines
            where holder = any(%(holders)b)
        ) e
        join cut on cut.partition = e.partition and e.position <= cut.upto
        where (%(organiser)b::text = '' or e.organization = %(organiser)b) and {KNOWN}
        group by e.holder, e.attendance
    )
    select folded.*, shifts.time_zone, (folded.start_time at time zone shifts.time_zone)::date
    from folded left join shifts on shifts.shift = folded.shift
    where has_seconds or %(any_period)b
    order by folded.holder, folded.attendance
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A page, and where the first event of each of its imported attendances lies."""

    page: Page
    imported: Mapping[tuple[int, int], AttendanceSums]
    """By partition and position."""


class AttendancePages:
    """Reads presences for StreamAttendances. Safe to share between calls."""

    def __init__(self, pages: BulkPages) -> None:
        self._pages = pages

    async def stream(
        self, request: StreamAttendancesRequest, seconds_left: float | None = None
    ) -> AsyncGenerator[Found, None]:
        """The pages asked for, in order of holder and name; one at least, to tell what they rest on.

        What the stored events alone say of an import is not filled in. Refuses what `BulkPages.reading` refuses.
        """
        reading = await self._pages.reading(request, seconds_left)
        after = _after(reading)
        told = False
        steps = self._steps(reading, after[0])
        async with aclosing(steps), aclosing(one_ahead(steps, partial(self._read, reading))) as read:
            async for _, rows in read:
                wanted = [row for row in rows if (row[0], row[1]) > after]
                for start in range(0, len(wanted), ROWS_MAX):
                    yield _found(reading, wanted[start : start + ROWS_MAX])
                    told = True
        if not told:
            yield _found(reading, [])

    async def _steps(self, reading: Reading, first: str) -> AsyncGenerator[Sequence[str], None]:
        """Holders, some at a time, from `first` on: its last page may have been cut within it."""
        if reading.holder:
            yield [reading.holder]
            return
        following = first
        while True:
            names = await self._holders(reading, following)
            for start in range(0, len(names), STEP_HOLDERS):
                yield names[start : start + STEP_HOLDERS]
            if len(names) < _NAMED_AT_ONCE:
                return
            following = names[-1] + "!"  # the first text behind it that a name could be

    async def _holders(self, reading: Reading, first: str) -> list[str]:
        statement = _HOLDERS_OF_ORGANISER if reading.organiser else _HOLDERS
        parameters = {"from": first, "many": _NAMED_AT_ONCE, "organiser": reading.organiser}
        async with self._pages.page(reading) as connection:
            cursor = await connection.execute(statement, parameters, binary=True)
            return [row[0] for row in await cursor.fetchall()]

    async def _read(self, reading: Reading, holders: Sequence[str]) -> list[Sequence[Any]]:
        positions = reading.basis.positions
        parameters = {
            **reading.counted,
            "partitions": list(positions),
            "upto": list(positions.values()),
            "holders": list(holders),
            "organiser": reading.organiser,
            "any_period": (reading.first_date, reading.last_date) == (date.min, date.max),
        }
        async with self._pages.page(reading) as connection:
            cursor = await connection.execute(_ATTENDANCES, parameters, binary=True)
            return list(await cursor.fetchall())


def _after(reading: Reading) -> tuple[str, str]:
    keys = [key for key in reading.after if isinstance(key, str)]
    if not reading.after:
        return "", ""
    if len(keys) != 2 or len(reading.after) != 2:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return keys[0], keys[1]


def _found(reading: Reading, rows: Sequence[Sequence[Any]]) -> Found:
    messages = [_message(row) for row in rows]
    after = (rows[-1][0], rows[-1][1]) if rows else reading.after or ("", "")
    page = Page(
        attendances=messages,
        positions=reading.basis.position_messages(),
        recorded_through=reading.basis.recorded_through_message(),
        next_page_token=reading.token(after),
    )
    imported = {(row[10], row[11]): message for row, message in zip(rows, page.attendances, strict=True) if row[12]}
    return Found(page, imported)


def _message(row: Sequence[Any]) -> AttendanceSums:
    began_on = row[21] or row[7]
    return AttendanceSums(
        name=row[1],
        volunteer=row[0] if row[0].startswith("volunteers/") else "",
        organization=row[2],
        opportunity=row[3],
        shift=row[4],
        start_time=None if row[5] is None else timestamp(row[5]),
        end_time=None if row[6] is None else timestamp(row[6]),
        service_date="" if began_on is None else began_on.isoformat(),
        head_count=row[8],
        reason=(row[9] or "") if row[17] or row[18] else "",
        seconds=evidence_seconds(row[13:19]),
        time_zone=row[20] or "",
    )
