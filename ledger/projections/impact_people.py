"""How many volunteers were registered by when, how many were active in which month, and who came again?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from ledger.impact.periods import DAY, Span, months
from ledger.impact.suppression import retention, told, told_parts
from ledger.projections.as_of import CUT_SQL, View
from ledger.projections.sums import COUNTED
from volunteer_hours.v1 import impact_service_pb2 as pb

_REGISTERED: Final = f"""
    with {CUT_SQL}
    select to_char(v.registered_at at time zone 'UTC', 'YYYY-MM'), v.registered_at >= %(begins)b, count(*)
    from volunteers v join cut on cut.partition = v.partition and v.registered_position <= cut.upto
    where v.registered_at < %(ends)b and (%(known_until)b::timestamptz is null or v.registered_at <= %(known_until)b)
    group by 1, 2
"""
# Seconds attended or verified, by person and month; the period before is a month of its own, called ''.
_ACTIVE: Final = f"""
    with {CUT_SQL}, counted as (
        select e.holder,
               case when e.service_date < %(first)b then '' else to_char(e.service_date, 'YYYY-MM') end as month,
               sum(e.seconds * ((e.to_class in (2, 3))::int - (e.from_class in (2, 3))::int)) as seconds
        from entries e join cut on cut.partition = e.partition and e.position <= cut.upto
        where {COUNTED} and starts_with(e.holder, 'volunteers/')
        group by 1, 2
    ), persons as (
        select holder,
               coalesce(sum(seconds) filter (where month = ''), 0) > 0 as was,
               coalesce(sum(seconds) filter (where month <> ''), 0) > 0 as now
        from counted group by holder
    )
    select month, count(*) from counted where month <> '' and seconds > 0 group by month
    union all select 'active', count(*) from persons where now
    union all select 'before', count(*) from persons where was
    union all select 'retained', count(*) from persons where was and now
"""


async def fill_people(
    seen: View, report: pb.ImpactReport, period: Span, period_before: Span | None, persons_min: int
) -> None:
    """Put people and months into a report."""
    new, registered_before = await _registered(seen, period)
    active = await _active(seen, period, period_before)
    names = months(period)
    people = report.people
    registered = registered_before + sum(new.values())
    grown = told_parts([registered_before, *(new.get(month, 0) for month in names)], persons_min)
    _set_registered(people, grown[0], told(registered, persons_min))
    kept = retention(active.get("active", 0), active.get("before", 0), active.get("retained", 0), persons_min)
    for field, count in kept._asdict().items():
        if count is not None:
            setattr(people, field, count)
    for month, newly in zip(names, grown[1:], strict=True):
        report.months.add(month=month, newly_registered=newly, active=told(active.get(month, 0), persons_min))


def _set_registered(people: pb.ImpactPeople, before: int | None, registered: int | None) -> None:
    if registered is not None:
        people.registered = registered
        if before is not None:
            people.registered_before = before


async def _registered(seen: View, period: Span) -> tuple[dict[str, int], int]:
    """New ones by month of the period, and how many there were before it."""
    parameters = {"begins": _midnight(period.first), "ends": _midnight(period.last + DAY)}
    cursor = await seen.connection.execute(_REGISTERED, {**seen.cut, **parameters}, binary=True)
    rows = await cursor.fetchall()
    return {month: count for month, inside, count in rows if inside}, sum(row[2] for row in rows if not row[1])


async def _active(seen: View, period: Span, period_before: Span | None) -> dict[str, int]:
    first = period.first if period_before is None else period_before.first
    dates = {"start_date": first, "end_date": period.last, "first": period.first}
    cursor = await seen.connection.execute(_ACTIVE, {**seen.cut, **dates}, binary=True)
    return dict(await cursor.fetchall())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
