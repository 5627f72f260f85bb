"""How many hours by organisation, opportunity, sector, event type, level, place or month, and what are they worth?

The present is read from the sums kept by month, and so is a past moment that is not long past: less what came behind
it. One that is long past, or of another clock, and a period or a rate that cuts a month, are added up from the entries.
Small groups can be put together, for publication: all groups still add up to the total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from ledger.projections import summary_statements
from ledger.projections.as_of import View, view
from ledger.projections.basis import Basis, Ground, ReadPool
from ledger.projections.closing_date import closing_date
from ledger.projections.month_questions import months_now
from ledger.projections.summary_groups import GroupSums, Row, show_groups
from ledger.projections.summary_statements import PLACES_DIFFER, REGION, REGION_OF_SHIFTS, Key, SumStatements
from ledger.projections.summary_values import Valuation, valuation_of
from ledger.projections.sums import period_dates
from ledger.valuation.rated_periods import Dates, dates_of, whole_months
from volunteer_hours.v1 import hours_service_pb2 as pb

_KEYS: Final[Mapping[int, Key]] = {
    pb.SUMMARY_DIMENSION_ORGANIZATION: summary_statements.ORGANIZATION,
    pb.SUMMARY_DIMENSION_OPPORTUNITY: summary_statements.OPPORTUNITY,
    pb.SUMMARY_DIMENSION_SECTOR: summary_statements.SECTOR,
    pb.SUMMARY_DIMENSION_EVENT_TYPE: summary_statements.EVENT_TYPE,
    pb.SUMMARY_DIMENSION_LEVEL: summary_statements.LEVEL,
    pb.SUMMARY_DIMENSION_REGION: REGION,
    pb.SUMMARY_DIMENSION_MONTH: summary_statements.MONTH,
    pb.SUMMARY_DIMENSION_PARTNER_TYPE: summary_statements.PARTNER_TYPE,
}
_APPLIED: Final = "select coalesce(sum(position), 0)::bigint from positions"


async def summarize_hours(
    pool: ReadPool, ground: Ground, request: pb.SummarizeHoursRequest, seconds_left: float | None
) -> pb.SummarizeHoursResponse:
    """See HoursQuestions.summarize_hours."""
    first, last = period_dates(request.period)
    everything = _of_everything(request)
    if everything and not request.rates and not request.HasField("as_of") and whole_months(first, last):
        rows, basis = await months_now(pool, ground, request.positions, first, last, seconds_left)
        return answer(request, rows, basis)
    as_of = request.as_of if request.HasField("as_of") else None
    async with view(pool, ground, request.positions, as_of, seconds_left) as seen:
        closing = await closing_date(seen, as_of, last) if request.rates else None
        valuation = await valuation_of(seen, request, first, last, closing)
        rows = await summed(seen, request, first, last, valuation)
    return answer(request, rows, seen.basis, valuation, closing)


async def summed(
    seen: View, request: pb.SummarizeHoursRequest, first: date, last: date, valuation: Valuation | None
) -> Sequence[Row]:
    """Sums by the request's dimension, which is no age band, at this moment; served from `first` to `last`."""
    key = await key_of(seen, request)
    statements = SumStatements(key, divided=valuation is not None, everything=_of_everything(request))
    kept = None if key.of_shift else await _kept(seen, statements)
    if valuation is not None:
        return await _valued_rows(seen, request, statements, kept, valuation)
    statement = kept if kept is not None and whole_months(first, last) else statements.of_entries()
    return await _rows(seen, statement, {**filters(request), "start_date": first, "end_date": last})


def answer(
    request: pb.SummarizeHoursRequest,
    rows: Sequence[Row],
    basis: Basis,
    valuation: Valuation | None = None,
    closing: date | None = None,
) -> pb.SummarizeHoursResponse:
    """The answer with these groups. Refuses VALUE_TOO_LARGE."""
    response = pb.SummarizeHoursResponse(
        positions=basis.position_messages(),
        recorded_through=basis.recorded_through_message(),
        closing_date="" if closing is None else closing.isoformat(),
    )
    show_groups(response, rows, request.entry_count_min, valuation)
    return response


def filters(request: pb.SummarizeHoursRequest) -> dict[str, object]:
    """Parameters of summary_statements.FILTERS."""
    return {"organization": request.organization, "opportunity": request.opportunity}


def dates_parameters(parts: Sequence[Dates]) -> dict[str, object]:
    """Parameters of statements that are `divided`."""
    return {
        "numbers": [part.number for part in parts],
        "first_dates": [part.first for part in parts],
        "last_dates": [part.last for part in parts],
    }


async def _valued_rows(
    seen: View,
    request: pb.SummarizeHoursRequest,
    statements: SumStatements,
    kept: LiteralString | None,
    valuation: Valuation,
) -> list[Row]:
    """Whole months from the sums kept by month where these answer; the days of a month that a rate cuts, apart."""
    sums = GroupSums(valuation)
    parts = dates_of(valuation.periods)
    ready = [part for part in parts if part.whole_months and kept is not None]
    others = [part for part in parts if part not in ready]
    for statement, of in ((kept, ready), (statements.of_entries(), others)):
        if statement is None or not of:
            continue
        for key, number, *counts in await _rows(seen, statement, {**filters(request), **dates_parameters(of)}):
            sums.add(key, number, counts)
    return sums.rows()


async def _rows(seen: View, statement: LiteralString, parameters: Mapping[str, object]) -> list[Any]:
    cursor = await seen.connection.execute(statement, {**seen.cut, **parameters}, binary=True)
    return await cursor.fetchall()


async def key_of(seen: View, request: pb.SummarizeHoursRequest) -> Key:
    """What the request's dimension is, at this moment, over entries."""
    key = _KEYS[request.group_by]
    if key is REGION:
        [(differ,)] = await _rows(seen, PLACES_DIFFER, filters(request))
        return REGION_OF_SHIFTS if differ else REGION
    return key


async def _kept(seen: View, statements: SumStatements) -> LiteralString | None:
    """The statement over sums kept by month that answers for whole months; None where none does."""
    if seen.present:
        return statements.kept_by_month()
    return statements.kept_less_the_tail() if await _tail_is_shorter(seen) else None


async def _tail_is_shorter(seen: View) -> bool:
    """Whether fewer events lie behind the answer's positions than before them: then the sums kept ready, less these."""
    if seen.known_until is not None:
        return False  # a source time leaves out events anywhere
    row = await (await seen.connection.execute(_APPLIED)).fetchone()
    before = sum(seen.basis.positions.values())
    return row is not None and row[0] - before < before


def _of_everything(request: pb.SummarizeHoursRequest) -> bool:
    """Whether a month's sum over everything answers: then it does not matter how many opportunities there are."""
    by_month = request.group_by == pb.SUMMARY_DIMENSION_MONTH
    return by_month and not request.organization and not request.opportunity
