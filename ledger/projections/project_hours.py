"""SQL that adds a project's hours up: from the sums kept by month, or from the entries of its opportunities.

The entries are found by an index over opportunities: they cost what the project is, not what the ledger is.
"""

from __future__ import annotations

from typing import Final

from ledger.projections.as_of import CUT_SQL
from ledger.projections.sums import COUNTED, OF_ENTRIES

KEPT: Final = """
    select organization, sum(entry_count)::bigint, sum(claimed_seconds)::bigint, sum(attended_seconds)::bigint,
           sum(verified_seconds)::bigint, sum(disputed_seconds)::bigint, sum(withheld_seconds)::bigint,
           sum(reversed_seconds)::bigint
    from hours_by_month
    where partition = any(%(partitions)b) and opportunity = any(%(opportunities)b)
      and service_month between %(start_date)b and %(end_date)b
    group by organization order by organization
"""
"""Of the present, and of whole months."""

_LINES: Final = f"""
    with {CUT_SQL}, holders as (
        select distinct f.holder
        from unnest(%(opportunities)b::text[]) as linked (opportunity)
        join journal_lines f on hashtext(f.opportunity) = hashtext(linked.opportunity) and f.version = 1
            and f.opportunity = linked.opportunity
    ), lines as (
        -- Each holder's lines once: attendance by attendance, who served often would be read again and again.
        select e.* from holders join entries e on e.holder = holders.holder and e.opportunity = any(%(opportunities)b)
        join cut on cut.partition = e.partition and e.position <= cut.upto
        where {COUNTED}
    )
"""
OF_LINES: Final = f"""
    {_LINES}
    select e.organization, count(*), {OF_ENTRIES} from lines e group by e.organization order by e.organization
"""
"""Of any moment and any dates."""

VOLUNTEERS: Final = f"""
    {_LINES}, verified as (
        select holder, attendance, sum(seconds * ((to_class = 3)::int - (from_class = 3)::int)) as seconds
        from lines group by holder, attendance having sum(seconds * ((to_class = 3)::int - (from_class = 3)::int)) > 0
    )
    select (select count(distinct holder) from verified where holder like 'volunteers/%%')
         + (select coalesce(sum(counted.heads), 0) from verified, lateral (
                select head_count as heads from journal_lines j join cut on cut.partition = j.partition
                where j.holder = verified.holder and j.attendance = verified.attendance and j.head_count > 0
                  and j.position <= cut.upto
                  and (%(known_until)b::timestamptz is null
                       or coalesce(j.source_recorded_at, j.recorded_at) <= %(known_until)b)
                order by j.position desc limit 1
            ) counted where verified.holder not like 'volunteers/%%')
"""
"""Different names with verified seconds, and the heads of verified head counts."""
