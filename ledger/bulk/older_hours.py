"""The whole of an older system's hours: what they need is made, and each becomes an attendance, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from ledger.bulk.comparing import STAYS, Wanted
from ledger.bulk.days import KeptRow, OlderDays
from ledger.bulk.head_counts import HeadCounts
from ledger.bulk.kind import Import
from ledger.bulk.laying import DayRow, day_span, laid, midnight
from ledger.bulk.names import attendance_id, row_key
from ledger.bulk.older_row import is_head_count, read_older_row
from ledger.bulk.persons import Persons
from ledger.bulk.programme import ATTENDANCES, HEAD_COUNTS, KIND, Programme
from ledger.bulk.recording import Recording
from ledger.bulk.records import PAGE_RECORDS_MAX
from ledger.bulk.rows import read_id, source_time
from ledger.bulk.steps import Step, Told, refused
from ledger.sheets.rows import Line, Problem
from ledger.sheets.values import Values

DAY_HOURS: Final = 24


class OlderHours:
    """See `kind.Kind`. Where a duration is laid depends on all of a person's day: that is decided when all is read."""

    pages_at_once: Final = 4

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._mapping = shared.mapping
        self._persons = Persons(shared.questions, shared.seen, shared.mapping, shared.words)
        self._programme = Programme(shared)
        self._head_counts = HeadCounts(shared)
        self._recording = Recording(shared, KIND)
        self._days = OlderDays(shared.seen.rows)

    async def check(self, lines: Sequence[Line]) -> Sequence[Step | Told]:
        rows = [Values(line, self._mapping) for line in lines]
        persons = iter(await self._persons.names([values for values in rows if not is_head_count(values)]))
        settled: list[Step | Told] = []
        for line, values in zip(lines, rows, strict=True):
            settled += await self._checked(line, values, "" if is_head_count(values) else next(persons))
        return settled

    async def rest(self) -> AsyncIterator[Sequence[Step | Told]]:
        page: list[Step | Told] = []
        for rows in self._days.in_order():
            page += self._laid(rows)
            if len(page) >= PAGE_RECORDS_MAX:
                yield page[:PAGE_RECORDS_MAX]
                del page[:PAGE_RECORDS_MAX]
        yield page

    async def send(self, steps: Sequence[Step]) -> Sequence[Told]:
        if steps and steps[0].stage == ATTENDANCES:
            return await self._recording.send(steps)
        send = self._head_counts.send if steps and steps[0].stage == HEAD_COUNTS else self._programme.send
        return await asyncio.gather(*(send(step) for step in steps))

    async def missing(self) -> AsyncIterator[Told]:
        for told in self._recording.missing():
            yield told

    async def _checked(self, line: Line, values: Values, person: str) -> Sequence[Step | Told]:
        system = self._mapping.system
        record_id = read_id(values, self._shared.seen, line.number, lambda id_: row_key(system, id_))
        learnt = source_time(values, self._shared.file_time)
        row = read_older_row(line, values, self._mapping)
        needed: list[Step] = []
        if row is not None and not values.problems:
            needed = await self._programme.needed(line.number, row, values, learnt)
        if row is None or values.problems:
            return [*needed, refused(line.number, "", *values.problems)]
        if row.head_count:
            return [*needed, await self._head_counts.step(line.number, record_id, row, values, learnt)]
        name = f"{person}/attendances/{attendance_id(system, record_id)}"
        kept = KeptRow(
            person, row.day, row.time_zone, line.number, record_id, name, row.shift, row.span, row.seconds,
            int(learnt.timestamp()), "\n".join(values.notes),
        )  # fmt: skip
        self._days.keep(kept)
        return needed

    def _laid(self, rows: Sequence[KeptRow]) -> Iterator[Step | Told]:
        """All rows of a person and a day."""
        first = rows[0]
        zone = ZoneInfo(first.time_zone)
        default = self._mapping.defaults.get("start_time")
        begin = midnight(first.day, zone, default if isinstance(default, time) else time())
        beside = self._beside(rows)
        spans = laid([*beside, *map(self._day_row, rows)], day_span(first.day, zone), begin)[len(beside) :]
        for row, span in zip(rows, spans, strict=True):
            if span is None:
                yield self._without_room(row, sum(one.seconds for one in rows))
                continue
            learnt = datetime.fromtimestamp(row.learnt, UTC)
            notes = tuple(row.notes.splitlines())
            wanted = Wanted(row.name, row.shift, *span)
            yield self._recording.step(row.line, row.record_id, wanted, learnt, notes, ATTENDANCES)

    def _beside(self, rows: Sequence[KeptRow]) -> list[DayRow]:
        """What the ledger has of the person and this file has not: an earlier file had it, and its time is taken."""
        names = {row.name for row in rows}
        return [
            DayRow(known.end - known.start, (known.start, known.end))
            for known in self._shared.seen.listed_of(rows[0].person)
            if known.name not in names and known.state not in STAYS
        ]

    def _day_row(self, row: KeptRow) -> DayRow:
        for known in self._recording.known(row.name):
            if (known.name, known.shift) == (row.name, row.shift) and known.state not in STAYS:
                return DayRow(row.seconds, row.span, (known.start, known.end))
        return DayRow(row.seconds, row.span)

    def _without_room(self, row: KeptRow, day_seconds: int) -> Told:
        what = f"{row.seconds:,} s find no room on {row.day}: rows of this person have {day_seconds:,} s on that day"
        right = f"a day has {DAY_HOURS} hours: correct a duration or a date"
        return refused(row.line, row.name, Problem(row.line, self._shared.column("duration"), what, right))
