"""What a requirement is evaluated from: when somebody served last, and how much of it is what in a period.

All of it as of the positions, and the source time, of one view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from ledger.projections.as_of import CUT_SQL, View
from ledger.projections.requirement_lookups import ASKED_SQL, asked_parameters, served_by_number
from ledger.projections.sums import KNOWN, OF_ENTRIES
from ledger.requirements.evaluation import Served
from ledger.requirements.period import Bounds

_NEWEST: Final = f"""
    with {CUT_SQL}
    select e.holder, max(e.service_date)
    from entries e join cut on cut.partition = e.partition and e.position <= cut.upto
    where e.holder = any(%(holders)b) and {KNOWN}
    group by e.holder
"""
_SERVED: Final = f"""
    with {CUT_SQL}, {ASKED_SQL}
    select asked.number, served.*
    from asked cross join lateral (
        select coalesce(o.compulsory_service, false), count(*), {OF_ENTRIES}
        from entries e join cut on cut.partition = e.partition and e.position <= cut.upto
        left join lateral (
            select v.compulsory_service
            from opportunity_versions v join cut c on c.partition = v.partition and v.position <= c.upto
            where v.opportunity = e.opportunity
              and (%(known_until)b::timestamptz is null
                   or coalesce(v.source_recorded_at, v.recorded_at) <= %(known_until)b)
            order by v.position desc limit 1
        ) o on true
        where e.holder = asked.holder and e.service_date between asked.first_date and asked.last_date and {KNOWN}
        group by 1
    ) served
"""


async def newest_dates(seen: View, holders: Sequence[str]) -> Mapping[str, date]:
    """The newest service of each holder; without any the holder is absent."""
    parameters = {**seen.cut, "holders": list(holders)}
    cursor = await seen.connection.execute(_NEWEST, parameters, binary=True)
    return dict(await cursor.fetchall())


async def served_in(seen: View, asked: Sequence[tuple[str, Bounds]]) -> Mapping[int, Served]:
    """What each (holder, period) served, by its number from 1; without an entry in the period it is absent."""
    parameters = {**seen.cut, **asked_parameters(asked)}
    cursor = await seen.connection.execute(_SERVED, parameters, binary=True)
    return served_by_number(await cursor.fetchall())
