"""How many hours by age? Birth dates are sealed: they are opened for this one answer, some at a time, and kept nowhere.

The hours are first added up by person, in the database. Then the persons come by, some hundred at a time, and what a
birth date told is forgotten with them: only the bands' sums remain. Each person costs about as much as a small question
of its own, so one question about ages is answered at a time, and only up to a number of persons.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, LiteralString

from ledger.domain.refusals import Reason, refuse
from ledger.projections.age_bands import NOT_STATED, AgeBands
from ledger.projections.as_of import CUT_SQL, View, view
from ledger.projections.basis import Ground, ReadPool
from ledger.projections.birth_dates import BirthDates
from ledger.projections.closing_date import closing_date
from ledger.projections.summary_groups import GroupSums
from ledger.projections.summary_questions import answer, dates_parameters, filters
from ledger.projections.summary_statements import FILTERS, HOLDER, SumStatements
from ledger.projections.summary_values import valuation_of
from ledger.projections.sums import COUNTED, period_dates
from ledger.valuation.rated_periods import dates_of
from volunteer_hours.v1 import hours_service_pb2 as pb

PERSONS_MAX: Final = 100_000
"""Whose birth dates one question may open."""
QUESTIONS_MAX: Final = 8
"""Asked at once, the one that is answered and those that wait: each holds one of the server's calls."""
PERSONS_TOGETHER: Final = 200
"""Opened at once: between them the server serves others, which wait for some milliseconds."""

_PERSON: Final = "volunteers/"
_IS_PERSON: Final = "starts_with(holder, 'volunteers/')"
_BALANCES: Final = """
    select holder, entry_count, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds,
           withheld_seconds, reversed_seconds
    from balances where entry_count > 0 order by 1
"""
_EVER: Final = f"""
    select count(*) from (select from balances where entry_count > 0 and {_IS_PERSON} limit %(limit)b) as person
"""
_COUNTED: Final = f"""
    with {CUT_SQL}
    select count(*) from (
        select distinct holder from entries e join cut on cut.partition = e.partition and e.position <= cut.upto
        where {COUNTED} and {FILTERS} and {_IS_PERSON} limit %(limit)b
    ) as person
"""


class AgeQuestions:
    """Sums by age band, one question at a time. Safe to share between calls."""

    def __init__(self, pool: ReadPool, ground: Ground, persons_max: int = PERSONS_MAX) -> None:
        self._pool = pool
        self._ground = ground
        self._persons_max = persons_max
        self._turn = asyncio.Lock()
        self._asking = 0

    async def summarize(
        self, request: pb.SummarizeHoursRequest, birth_dates: BirthDates, seconds_left: float | None
    ) -> pb.SummarizeHoursResponse:
        """See HoursQuestions.summarize_by_age."""
        if self._asking >= QUESTIONS_MAX:
            refuse(Reason.SERVER_BUSY)
        self._asking += 1
        try:
            # Who asks about what is not there yet waits here, and keeps nobody from a turn.
            as_of = request.as_of if request.HasField("as_of") else None
            async with view(self._pool, self._ground, request.positions, as_of, seconds_left):
                pass
            async with self._turn:
                return await self._summarize(request, birth_dates, seconds_left)
        finally:
            self._asking -= 1

    async def _summarize(
        self, request: pb.SummarizeHoursRequest, birth_dates: BirthDates, seconds_left: float | None
    ) -> pb.SummarizeHoursResponse:
        first, last = period_dates(request.period)
        as_of = request.as_of if request.HasField("as_of") else None
        bands = AgeBands(request.age_band_starts)
        async with view(self._pool, self._ground, request.positions, as_of, seconds_left) as seen:
            closing = await closing_date(seen, as_of, last)
            valuation = await valuation_of(seen, request, first, last, closing)
            parameters = {**seen.cut, **filters(request), "start_date": first, "end_date": last}
            await need_few(seen, parameters, self._persons_max)
            if valuation is not None:
                parameters |= dates_parameters(dates_of(valuation.periods))
            divided = valuation is not None
            statement = SumStatements(HOLDER, divided=divided).of_entries()
            if _of_all_time(request, seen) and not divided:
                statement = _BALANCES
            sums = GroupSums(valuation)
            async for together in by_person(seen, statement, parameters):
                people = sorted({holder for holder, *_ in together if holder.startswith(_PERSON)})
                births = await birth_dates(people, seen.basis.positions) if people else {}
                for holder, *counts in together:
                    born = births.get(holder)
                    key = NOT_STATED if closing is None else bands.key(born, closing)
                    number = counts.pop(0) if divided else 0
                    sums.add(key, number, counts)
        return answer(request, sums.rows([NOT_STATED, *bands.keys]), seen.basis, valuation, closing)


async def need_few(seen: View, parameters: Mapping[str, object], persons_max: int) -> None:
    """Refuses PERSONS_TOO_MANY. Whoever has hours in a question has a balance: few of those are told at once."""
    counting: tuple[LiteralString, ...] = (_EVER, _COUNTED)
    for statement in counting:
        cursor = await seen.connection.execute(statement, {**parameters, "limit": persons_max + 1}, binary=True)
        [(persons,)] = await cursor.fetchall()
        if persons <= persons_max:
            return
    refuse(Reason.PERSONS_TOO_MANY, persons_max=persons_max)


def _of_all_time(request: pb.SummarizeHoursRequest, seen: View) -> bool:
    """Whether balances, kept ready, are what the question asks to be added up."""
    period, narrowed = request.period, request.organization or request.opportunity
    return seen.present and not narrowed and not period.start_date and not period.end_date


async def by_person(
    seen: View, statement: LiteralString, parameters: Mapping[str, object]
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Rows in order of their holder, some hundred at a time: the rest stays in the database."""
    async with seen.connection.cursor("by_person", scrollable=False) as cursor:
        await cursor.execute(statement, parameters, binary=True)
        while rows := await cursor.fetchmany(PERSONS_TOGETHER):
            yield rows
