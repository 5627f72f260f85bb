"""Were the places of past shifts taken, did those who took them come, and which skills were not found?"""

from __future__ import annotations

from typing import Final

from ledger.impact.periods import Span
from ledger.impact.suppression import told
from ledger.projections.as_of import CUT_SQL, View
from ledger.projections.closing_date import moment_told
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf

_KNOWN: Final = "(%(known_until)b::timestamptz is null or v.known_at <= %(known_until)b)"
_LINE_KNOWN: Final = """
    (%(known_until)b::timestamptz is null or coalesce(l.source_recorded_at, l.recorded_at) <= %(known_until)b)
"""
# Each shift as it was known; of its registrations, those that hold a place, and whether their person has an attendance.
_PAST: Final = f"""
    with {CUT_SQL}, past as (
        select s.* from (select distinct shift from shift_versions where local_day between %(first)b and %(last)b) one
        cross join lateral (
            select v.* from shift_versions v join cut on cut.partition = v.partition and v.position <= cut.upto
            where v.shift = one.shift and {_KNOWN} order by v.position desc limit 1
        ) s
        where s.state = 'open' and s.local_day between %(first)b and %(last)b and s.ends_at <= %(moment)b
    ), told as (
        select distinct on (v.registration) v.shift, v.volunteer, v.state
        from past join registration_versions v on v.shift = past.shift
        join cut on cut.partition = v.partition and v.position <= cut.upto
        where {_KNOWN} order by v.registration, v.position desc
    ), taken as (
        select shift, count(*) filter (where state in ('accepted', 'absent')) as places,
               count(*) filter (where state in ('accepted', 'absent') and not exists (
                   select from journal_lines l join cut on cut.partition = l.partition and l.position <= cut.upto
                   where hashtext(l.shift) = hashtext(told.shift) and l.shift = told.shift and l.version = 1
                     and l.holder = told.volunteer and {_LINE_KNOWN}
               )) as no_shows
        from told group by shift
    ), counted as (
        select past.shift, past.opportunity, past.places, coalesce(taken.places, 0) as taken,
               coalesce(taken.no_shows, 0) as no_shows
        from past left join taken using (shift)
        where taken.shift is not null or not exists (
            select from journal_lines l join cut on cut.partition = l.partition and l.position <= cut.upto
            where hashtext(l.shift) = hashtext(past.shift) and l.shift = past.shift and l.version = 1
              and l.head_count > 0 and starts_with(l.holder, 'opportunities/') and {_LINE_KNOWN}
        )
    )
"""
_SHIFTS: Final = f"""
    {_PAST} select count(*), coalesce(sum(places), 0)::bigint, coalesce(sum(taken), 0)::bigint,
                   coalesce(sum(no_shows), 0)::bigint from counted
"""
_DEMAND: Final = f"""
    {_PAST}
    select skill, sum(places)::bigint, sum(open)::bigint
    from (select opportunity, sum(places) as places,
                 sum(greatest(places - taken, 0)) as open from counted group by opportunity) o
    cross join lateral (
        select v.skills from opportunity_versions v
        join cut on cut.partition = v.partition and v.position <= cut.upto
        where v.opportunity = o.opportunity
          and (%(known_until)b::timestamptz is null
               or coalesce(v.source_recorded_at, v.recorded_at) <= %(known_until)b)
        order by v.position desc limit 1
    ) known
    cross join lateral (select distinct unnest(known.skills) as skill) s
    group by skill order by skill collate "C"
"""


async def fill_shifts(seen: View, report: pb.ImpactReport, period: Span, as_of: AsOf | None, persons_min: int) -> None:
    """Put places, absences and demand into a report."""
    moment = await moment_told(seen, as_of)
    parameters = {**seen.cut, "first": period.first, "last": period.last, "moment": moment}
    cursor = await seen.connection.execute(_SHIFTS, parameters, binary=True)
    [(shifts, places, taken, no_shows)] = await cursor.fetchall()
    report.shifts.CopyFrom(pb.ImpactShifts(shifts=shifts, places=places, places_taken=taken))
    if told(taken, persons_min) is not None:
        report.shifts.no_shows = no_shows
    for skill, wanted, left in await (await seen.connection.execute(_DEMAND, parameters, binary=True)).fetchall():
        report.demand.add(skill=skill, places=wanted, places_left=left)
