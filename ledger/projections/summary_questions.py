"""How many hours by organisation, opportunity, sector, event type or month?

The present is read from the sums kept by month, and so is a past moment that is not long past: less what came behind
it. One that is long past, or of another clock, and a period that cuts a month, are added up from the entries. Small
groups can be put together, for publication: all groups still add up to the total.
Sector and event type are those known at the moment asked about: an opportunity's history decides, not its present.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, LiteralString, TypeAlias

from ledger.projections.as_of import CUT_SQL, View, view
from ledger.projections.basis import Basis, Ground, ReadPool
from ledger.projections.month_questions import months_now
from ledger.projections.sums import CLASS_COUNT, COUNTED, OF_ENTRIES, evidence_seconds, period_dates
from volunteer_hours.v1 import hours_service_pb2 as pb

Row: TypeAlias = Sequence[Any]
"""Key, number of entries, seconds by class."""

_KEYS: Final[dict[int, LiteralString]] = {
    pb.SUMMARY_DIMENSION_ORGANIZATION: "e.organization",
    pb.SUMMARY_DIMENSION_OPPORTUNITY: "e.opportunity",
    pb.SUMMARY_DIMENSION_SECTOR: "coalesce(d.sector, '')",
    pb.SUMMARY_DIMENSION_EVENT_TYPE: "coalesce(d.event_type, '')",
    pb.SUMMARY_DIMENSION_MONTH: "to_char(e.service_date, 'YYYY-MM')",
}

_FILTERS: Final = """
    (%(organization)b = '' or e.organization = %(organization)b)
    and (%(opportunity)b = '' or e.opportunity = %(opportunity)b)
"""

_DIMENSIONS: Final = """
    dimensions as (
        select distinct on (v.opportunity) v.opportunity, v.sector, v.event_type
        from opportunity_versions v join cut on cut.partition = v.partition and v.position <= cut.upto
        where %(known_until)b::timestamptz is null
           or coalesce(v.source_recorded_at, v.recorded_at) <= %(known_until)b
        order by v.opportunity, v.position desc
    )
"""

_OF_MONTHS: Final = """
    sum(e.entry_count)::bigint,
    sum(e.claimed_seconds)::bigint, sum(e.attended_seconds)::bigint, sum(e.verified_seconds)::bigint,
    sum(e.disputed_seconds)::bigint, sum(e.withheld_seconds)::bigint, sum(e.reversed_seconds)::bigint
"""

_NAMES: Final = "n, s1, s2, s3, s4, s5, s6"
_LESS_THE_TAIL: Final = """
    (kept.n - coalesce(tail.n, 0))::bigint,
    (kept.s1 - coalesce(tail.s1, 0))::bigint, (kept.s2 - coalesce(tail.s2, 0))::bigint,
    (kept.s3 - coalesce(tail.s3, 0))::bigint, (kept.s4 - coalesce(tail.s4, 0))::bigint,
    (kept.s5 - coalesce(tail.s5, 0))::bigint, (kept.s6 - coalesce(tail.s6, 0))::bigint
"""
_APPLIED: Final = "select coalesce(sum(position), 0)::bigint from positions"


async def summarize_hours(
    pool: ReadPool, ground: Ground, request: pb.SummarizeHoursRequest, seconds_left: float | None
) -> pb.SummarizeHoursResponse:
    """See HoursQuestions.summarize_hours."""
    first, last = period_dates(request.period)
    if not request.HasField("as_of") and _of_everything(request) and _whole_months(first, last):
        return _response(request, *await months_now(pool, ground, request.positions, first, last, seconds_left))
    as_of = request.as_of if request.HasField("as_of") else None
    async with view(pool, ground, request.positions, as_of, seconds_left) as seen:
        tail_only = await _tail_is_shorter(seen)
        statement = _statement(request, seen, whole_months=_whole_months(first, last), tail_only=tail_only)
        parameters = {
            **seen.cut,
            "organization": request.organization,
            "opportunity": request.opportunity,
            "start_date": first,
            "end_date": last,
        }
        cursor = await seen.connection.execute(statement, parameters, binary=True)
        rows = await cursor.fetchall()
    return _response(request, rows, seen.basis)


def _response(request: pb.SummarizeHoursRequest, rows: Sequence[Row], basis: Basis) -> pb.SummarizeHoursResponse:
    total = [sum(row[2 + index] for row in rows) for index in range(CLASS_COUNT)]
    shown, together = _put_together(rows, request.entry_count_min)
    groups = [pb.HoursGroup(key=row[0], entry_count=row[1], seconds=evidence_seconds(row[2:])) for row in shown]
    if together:
        sums = [sum(row[1 + index] for row in together) for index in range(1 + CLASS_COUNT)]
        seconds = evidence_seconds(sums[1:])
        groups.append(pb.HoursGroup(entry_count=sums[0], seconds=seconds, groups_together=len(together)))
    return pb.SummarizeHoursResponse(
        groups=groups,
        total=evidence_seconds(total),
        positions=basis.position_messages(),
        recorded_through=basis.recorded_through_message(),
    )


def _put_together(rows: Sequence[Row], entry_count_min: int) -> tuple[Sequence[Row], Sequence[Row]]:
    """The groups that are shown, and those too small to be: never a single one, which the total would give away."""
    small = [row for row in rows if row[1] < entry_count_min]
    large = [row for row in rows if row[1] >= entry_count_min]
    if len(small) == 1 and large:
        smallest = min(large, key=lambda row: row[1])
        small, large = [*small, smallest], [row for row in large if row is not smallest]
    return large, small


def _statement(request: pb.SummarizeHoursRequest, seen: View, *, whole_months: bool, tail_only: bool) -> LiteralString:
    key = _KEYS[request.group_by]
    described = request.group_by in (pb.SUMMARY_DIMENSION_SECTOR, pb.SUMMARY_DIMENSION_EVENT_TYPE)
    dimensions: LiteralString = f", {_DIMENSIONS}" if described else ""
    join: LiteralString = "left join dimensions d on d.opportunity = e.opportunity" if described else ""
    if not whole_months or not (seen.present or tail_only):
        return f"""
            with {CUT_SQL}{dimensions}
            select {key}, count(*), {OF_ENTRIES}
            from entries e join cut on cut.partition = e.partition and e.position <= cut.upto {join}
            where {COUNTED} and {_FILTERS}
            group by 1 order by 1
        """
    sums: LiteralString = "hours_of_months" if _of_everything(request) else "hours_by_month"
    filters: LiteralString = "true" if _of_everything(request) else _FILTERS
    kept = f"""
        select {key} as key, {_OF_MONTHS}
        from (select h.*, h.service_month as service_date from {sums} h) e {join}
        where e.service_month between %(start_date)b and %(end_date)b and {filters}
        group by 1
    """
    if seen.present:
        return f"with {CUT_SQL}{dimensions} {kept} order by 1"
    return f"""
        with {CUT_SQL}{dimensions}, kept (key, {_NAMES}) as ({kept}), tail (key, {_NAMES}) as (
            select {key}, count(*), {OF_ENTRIES}
            from entries e join cut on cut.partition = e.partition and e.position > cut.upto {join}
            where {COUNTED} and {_FILTERS}
            group by 1
        )
        select key, {_LESS_THE_TAIL}
        from kept left join tail using (key)
        where kept.n > coalesce(tail.n, 0) order by 1
    """


async def _tail_is_shorter(seen: View) -> bool:
    """Whether fewer events lie behind the answer's positions than before them: then the sums kept ready, less these."""
    if seen.present or seen.known_until is not None:
        return False  # a source time leaves out events anywhere
    row = await (await seen.connection.execute(_APPLIED)).fetchone()
    before = sum(seen.basis.positions.values())
    return row is not None and row[0] - before < before


def _of_everything(request: pb.SummarizeHoursRequest) -> bool:
    """Whether a month's sum over everything answers: then it does not matter how many opportunities there are."""
    by_month = request.group_by == pb.SUMMARY_DIMENSION_MONTH
    return by_month and not request.organization and not request.opportunity


def _whole_months(first: date, last: date) -> bool:
    """Whether a period begins with a month's first day and ends with a month's last."""
    return first.day == 1 and (last == date.max or (last + timedelta(days=1)).day == 1)
