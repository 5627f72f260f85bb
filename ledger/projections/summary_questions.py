"""How many hours by organisation, opportunity, sector, event type or month?

The present is read from the sums kept by month; a past moment, or a period that cuts a month, from the entries.
Sector and event type are those known at the moment asked about: an opportunity's history decides, not its present.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, LiteralString

from ledger.projections.as_of import CUT_SQL, View, view
from ledger.projections.basis import Ground, ReadPool
from ledger.projections.sums import CLASS_COUNT, COUNTED, OF_ENTRIES, evidence_seconds, period_dates
from volunteer_hours.v1 import hours_service_pb2 as pb

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


async def summarize_hours(
    pool: ReadPool, ground: Ground, request: pb.SummarizeHoursRequest, seconds_left: float | None
) -> pb.SummarizeHoursResponse:
    """See HoursQuestions.summarize_hours."""
    first, last = period_dates(request.period)
    as_of = request.as_of if request.HasField("as_of") else None
    async with view(pool, ground, request.positions, as_of, seconds_left) as seen:
        statement = _statement(request, seen, whole_months=_whole_months(first, last))
        parameters = {
            **seen.cut,
            "organization": request.organization,
            "opportunity": request.opportunity,
            "start_date": first,
            "end_date": last,
        }
        cursor = await seen.connection.execute(statement, parameters, binary=True)
        rows = await cursor.fetchall()
    total = [sum(row[2 + index] for row in rows) for index in range(CLASS_COUNT)]
    return pb.SummarizeHoursResponse(
        groups=[pb.HoursGroup(key=row[0], entry_count=row[1], seconds=evidence_seconds(row[2:])) for row in rows],
        total=evidence_seconds(total),
        positions=seen.basis.position_messages(),
        recorded_through=seen.basis.recorded_through_message(),
    )


def _statement(request: pb.SummarizeHoursRequest, seen: View, *, whole_months: bool) -> LiteralString:
    key = _KEYS[request.group_by]
    described = request.group_by in (pb.SUMMARY_DIMENSION_SECTOR, pb.SUMMARY_DIMENSION_EVENT_TYPE)
    dimensions: LiteralString = f", {_DIMENSIONS}" if described else ""
    join: LiteralString = "left join dimensions d on d.opportunity = e.opportunity" if described else ""
    if seen.present and whole_months:
        return f"""
            with {CUT_SQL}{dimensions}
            select {key}, {_OF_MONTHS}
            from (select h.*, h.service_month as service_date from hours_by_month h) e {join}
            where e.service_month between %(start_date)b and %(end_date)b and {_FILTERS}
            group by 1 order by 1
        """
    return f"""
        with {CUT_SQL}{dimensions}
        select {key}, count(*), {OF_ENTRIES}
        from entries e join cut on cut.partition = e.partition and e.position <= cut.upto {join}
        where {COUNTED} and {_FILTERS}
        group by 1 order by 1
    """


def _whole_months(first: date, last: date) -> bool:
    """Whether a period begins with a month's first day and ends with a month's last."""
    return first.day == 1 and (last == date.max or (last + timedelta(days=1)).day == 1)
