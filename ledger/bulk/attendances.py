"""Attendances at shifts that the ledger has: recorded once under the name that the row's id gives them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from ledger.bulk.comparing import Wanted
from ledger.bulk.kind import Import, RowByRow
from ledger.bulk.names import attendance_id, holder_of, row_key
from ledger.bulk.persons import Persons
from ledger.bulk.recording import Recording
from ledger.bulk.rows import read_id, source_time
from ledger.bulk.served import ServedTimes, Span
from ledger.bulk.shifts import Shifts
from ledger.bulk.steps import Step, Told, refused
from ledger.sheets.rows import Line
from ledger.sheets.values import Values

KIND: Final = "attendances"


class Attendances(RowByRow):
    """See `kind.Kind`."""

    pages_at_once: Final = 4

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._system = shared.mapping.system
        self._persons = Persons(shared.questions, shared.seen, shared.mapping, shared.words)
        self._shifts = Shifts(shared.questions, shared.seen, shared.words)
        self._served = ServedTimes(shared.mapping)
        self._recording = Recording(shared, KIND)

    async def check(self, lines: Sequence[Line]) -> Sequence[Step | Told]:
        rows = [Values(line, self._shared.mapping) for line in lines]
        shifts = [values.code("shift") for values in rows]
        await self._shifts.learn(set(shifts))
        persons = await self._persons.names(rows)
        return [
            self._checked(line, values, shift, person)
            for line, values, shift, person in zip(lines, rows, shifts, persons, strict=True)
        ]

    async def send(self, steps: Sequence[Step]) -> Sequence[Told]:
        return await self._recording.send(steps)

    async def missing(self) -> AsyncIterator[Told]:
        for told in self._recording.missing():
            yield told

    def _checked(self, line: Line, values: Values, shift: str, person: str) -> Step | Told:
        record_id = read_id(values, self._shared.seen, line.number, lambda id_: row_key(self._system, id_))
        span = self._span(line, values, shift)
        learnt = source_time(values, self._shared.file_time)
        if holder_of(record_id) not in ("", person) and person:
            values.wrong("id", f"{record_id} is another person's", "correct the id, or the person")
        if values.problems or span is None:
            return refused(line.number, "", *values.problems)
        name = f"{person}/attendances/{attendance_id(self._system, record_id)}"
        return self._recording.step(line.number, record_id, Wanted(name, shift, *span), learnt, tuple(values.notes))

    def _span(self, line: Line, values: Values, shift: str) -> Span | None:
        facts = self._shifts.get(shift)
        if isinstance(facts, str):
            if not any(problem.column == values.column("shift") for problem in values.problems):
                values.wrong("shift", facts, "write one that is there, opportunities/…/shifts/…")
            return None
        span = self._served.span(line, facts)
        if isinstance(span, tuple):
            return span
        values.problems += span
        return None
