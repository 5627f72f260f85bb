"""The one statement that adds up what rules for anomalies look at: one pass over the journal, grouped by the database.

`served` is each attendance once, as it was recorded, with the shift it was for; `judged` each act of verifying or
declining. All facts are groups of these two. Only groups that a rule could flag leave the database, at most FACTS_MAX
of a kind; the rest of the rules are pure Python (`ledger.anomalies`).
"""

from __future__ import annotations

from typing import Final, LiteralString

FACTS_MAX: Final = 20_000
"""Rows of one kind of fact, the largest; an answer says of which kinds there were more."""

_PERSON: Final = "starts_with(holder, 'volunteers/')"
_EVENTS: Final = "(array_agg(code order by code))[1:%(events_max)b::int] as events"
_PLANNED: Final = "closes > opens"
_JSON: Final = "row_to_json(fact)::text"
_LIMIT: Final = "limit %(facts_max)b + 1"

_BASE: Final = """
    person as (select volunteer, least(volunteer, linked) as person from volunteer_links where ended_position is null),
    folded as (
        select holder, attendance, min(partition::bigint << 48 | position) as code, min(shift) as shift,
               min(organization collate "C") as organization, min(service_date) as service_date,
               max(head_count) as heads,
               max(actor collate "C") filter (where from_class = 0) as recorder,
               min(recorded_at) filter (where from_class = 0) as noted_at,
               bool_or(event_type = 'volunteer-checked-in') as clocked, bool_or(actor collate "C" = holder) as acted,
               bool_or(coalesce(migrated, false)) as migrated,
               max(array[position, extract(epoch from start_time)::bigint, extract(epoch from end_time)::bigint])
                   filter (where flags is not null and end_time is not null) as times,
               coalesce(sum(seconds) filter (where from_class = 0), 0)::bigint as seconds,
               coalesce(sum(seconds * ((to_class between 1 and 4)::int - (from_class between 1 and 4)::int)), 0)::bigint
                   as counted,
               coalesce(sum(seconds * ((to_class between 1 and 5)::int - (from_class between 1 and 5)::int)), 0) > 0
                   as stands
        from journal_lines
        group by holder, attendance
        having min(service_date) between coalesce(%(start_date)b::date, '-infinity')
                                     and coalesce(%(end_date)b::date, 'infinity')
    ),
    served as materialized (
        select coalesce(p.person, f.holder) as person, f.holder, f.attendance, f.code, f.organization, f.shift,
               f.service_date, f.heads, f.recorder, f.noted_at, f.clocked, f.acted, f.migrated, f.seconds, f.counted,
               f.stands,
               f.times[2] as began, f.times[3] as ended, extract(epoch from s.start_time)::bigint as opens,
               extract(epoch from s.end_time)::bigint as closes, coalesce(s.time_zone, 'UTC') as time_zone,
               s.city_key, s.region, coalesce(s.online, false) as online
        from folded f left join shifts s on s.shift = f.shift left join person p on p.volunteer = f.holder
    ),
    judgement as (
        select holder, attendance, min(partition::bigint << 48 | position) as code, min(actor collate "C") as verifier,
               min(recorded_at) as judged_at, bool_or(event_type = any(%(declining)b)) as declined,
               coalesce(sum(seconds) filter (where to_class = 3), 0)::bigint as seconds
        from journal_lines where event_type = any(%(judging)b)
        group by holder, attendance, partition, position
    ),
    judged as materialized (
        select j.verifier, coalesce(p.person, j.verifier) as judge, s.person, s.holder, s.organization, s.shift,
               s.time_zone, s.migrated, s.noted_at, j.judged_at, j.declined, j.seconds, j.code
        from judgement j join served s using (holder, attendance) left join person p on p.volunteer = j.verifier
    ),
    people as materialized (
        select organization, holder, count(*) as attendances, sum(counted)::bigint as seconds,
               count(*) filter (where not clocked) as unclocked, bool_or(clocked) as clocked, bool_or(acted) as acted,
               min(recorder) as first_recorder, max(recorder) as last_recorder,
               count(*) filter (where closes > opens) as scheduled,
               count(*) filter (where closes > opens and seconds > closes - opens + 900) as above_schedule,
               count(*) filter (where closes > opens and (closes - opens) %% 3600 <> 0) as uneven,
               count(*) filter (where closes > opens and (closes - opens) %% 3600 <> 0 and seconds %% 3600 = 0)
                   as round_hours,
               min(code) as first_code, max(code) as last_code
        from served where starts_with(holder, 'volunteers/') and counted > 0
        group by organization, holder
    ),
    verified as (
        select person, sum(seconds)::bigint as verified_seconds from judged where not declined group by person
    ),
    usual as (
        select organization, percentile_disc(0.5) within group (order by seconds) as usual_seconds, count(*) as usual_of
        from served where starts_with(holder, 'volunteers/') and seconds > 0
        group by organization
    ),
    acts as (
        select verifier as actor, 'verified' as act, judged_at as acted_at, organization, shift, time_zone, seconds,
               code
        from judged where not declined and not migrated
        union all
        select recorder, 'recorded', noted_at, organization, shift, time_zone, seconds, code
        from served where recorder is not null and not clocked and not acted and not migrated
    ),
    busy as (
        select actor, act, date_bin('30 minutes', acted_at, '2000-01-01 00:00:00+00') as half_hour
        from acts group by 1, 2, 3 having count(*) >= %(night_count_min)b
    ),
    busy_minutes as (
        select verifier, date_trunc('minute', judged_at) as minute
        from judged where not declined and not migrated group by 1, 2 having count(*) >= %(minute_count_min)b
    ),
    unplanned as materialized (
        select organization, holder, recorder, clocked, began / 60 %% 1440 as minute, ended - began as length_seconds,
               shift, service_date, seconds, code
        from served
        where starts_with(holder, 'volunteers/') and closes > opens and stands
          and (began / 60 <> opens / 60 or ended / 60 <> closes / 60)
    ),
    often as (
        select holder, minute, length_seconds
        from unplanned group by 1, 2, 3 having count(*) >= %(identical_days_min)b
    ),
    habits as (
        select organization, recorder, minute, length_seconds
        from unplanned where not clocked group by 1, 2, 3, 4 having count(*) >= %(habit_count_min)b
    ),
    movers as (
        select person from served where not online
        group by person having min(coalesce(city_key, region)) <> max(coalesce(city_key, region))
    ),
    journeys as (
        select person, array[lag(organization) over journey, organization] as organizations,
               lag(city_key) over journey as from_city, lag(region) over journey as from_region,
               city_key as to_city, region as to_region, lag(ended) over journey as left_at, began as came_at,
               service_date::text as day, lag(seconds) over journey + seconds as seconds,
               array[lag(code) over journey, code] as events
        from served join movers using (person)
        where starts_with(holder, 'volunteers/') and ended is not null and stands and not online
          and (city_key is not null or region is not null)
        window journey as (partition by person order by began, code)
    )
"""

_PAIRS: Final = f"""
    select judge, person, array_agg(distinct verifier) || array_agg(distinct holder) as names,
           array_agg(distinct organization) as organizations, count(*) as count, sum(seconds)::bigint as seconds,
           min(verified_seconds) as verified_seconds, {_EVENTS}
    from judged join verified using (person)
    where not declined and starts_with(verifier, 'volunteers/') and {_PERSON}
      and person in (select judge from judged where starts_with(verifier, 'volunteers/'))
    group by judge, person
    order by seconds desc, judge, person
"""
_VERIFIERS: Final = f"""
    select * from (
        select organization, verifier, count(*) filter (where not declined) as verified,
               count(*) filter (where declined) as declined, sum(seconds)::bigint as seconds,
               percentile_disc(0.5) within group (order by extract(epoch from judged_at - noted_at)::bigint)
                   filter (where not migrated and noted_at is not null) as wait_seconds,
               count(*) filter (where not migrated and noted_at is not null) as waited,
               count(*) over (partition by organization) as verifiers,
               sum(sum(seconds)) over (partition by organization)::bigint as organization_seconds, {_EVENTS}
        from judged group by organization, verifier
    ) as one
    where verified + declined >= least(%(speed_count_min)b, %(share_count_min)b, %(approval_count_min)b)
    order by verified desc, organization, verifier
"""
_MINUTES: Final = f"""
    select organization, verifier, count(*) as count, count(distinct shift) as shifts,
           sum(seconds)::bigint as seconds, {_EVENTS}
    from judged join busy_minutes b using (verifier)
    where not declined and not migrated and date_trunc('minute', judged_at) = b.minute
    group by organization, verifier, b.minute
    having count(*) >= %(minute_count_min)b and count(distinct shift) >= %(minute_shifts_min)b
    order by count desc, events
"""
_ORGANIZATIONS: Final = """
    select organization, count(*) as volunteers, sum(attendances)::bigint as attendances,
           sum(seconds)::bigint as seconds, sum(unclocked)::bigint as unclocked,
           sum(scheduled)::bigint as scheduled, sum(above_schedule)::bigint as above_schedule,
           sum(uneven)::bigint as uneven, sum(round_hours)::bigint as round_hours,
           array[min(first_code), max(last_code)] as events
    from people group by organization
    order by seconds desc, organization
"""
_SAME_TIMES: Final = f"""
    select organization, holder, '' as recorder, minute, length_seconds, count(*) as count,
           count(distinct service_date) as distinct, sum(seconds)::bigint as seconds, {_EVENTS}
    from unplanned join often using (holder, minute, length_seconds)
    group by organization, holder, minute, length_seconds
    having count(*) >= %(identical_days_min)b
    union all
    select organization, '', recorder, minute, length_seconds, count(*), count(distinct shift), sum(seconds)::bigint,
           {_EVENTS}
    from unplanned join habits using (organization, recorder, minute, length_seconds)
    where not clocked
    group by organization, recorder, minute, length_seconds
    having count(distinct shift) >= %(habit_shifts_min)b
    order by count desc, events
"""
_LEGS: Final = """
    select person, organizations, from_city, from_region, to_city, to_region, left_at, came_at, day, seconds, events
    from journeys
    where came_at - left_at < %(travel_gap_seconds_max)b
      and case when from_city is not null and to_city is not null then from_city <> to_city
          else from_region <> to_region end
    order by came_at - left_at, events
"""
_NIGHTS: Final = f"""
    select actor, act, min((acted_at at time zone time_zone)::date)::text as night, count(*) as count,
           count(distinct shift) as shifts, count(distinct acted_at) as moments,
           array_agg(distinct organization) as organizations, sum(seconds)::bigint as seconds, {_EVENTS}
    from acts join busy using (actor, act)
    where date_bin('30 minutes', acted_at, '2000-01-01 00:00:00+00') = half_hour
      and extract(hour from acted_at at time zone time_zone) >= %(night_from_hour)b
      and extract(hour from acted_at at time zone time_zone) < %(night_until_hour)b
    group by actor, act, half_hour
    having count(*) >= %(night_count_min)b and count(distinct shift) >= %(night_shifts_min)b
    order by count desc, events
"""
_LONGS: Final = f"""
    select one.organization, one.holder, shift, heads, one.seconds, scheduled_seconds, usual_seconds,
           coalesce(attendances, 0) as of_attendances, code as event
    from (
        select organization, holder, shift, case when {_PERSON} then 0 else greatest(heads, 1) end as heads,
               seconds, seconds / case when {_PERSON} then 1 else greatest(heads, 1) end as each,
               case when {_PLANNED} then closes - opens end as scheduled_seconds,
               case when usual_of >= %(usual_count_min)b then usual_seconds end as usual_seconds, code
        from served left join usual using (organization)
        where seconds > 0
    ) as one left join people p on p.organization = one.organization and p.holder = one.holder
    where each > %(head_seconds_max)b
       or each * 1000 >= %(inflated_per_mille)b * scheduled_seconds
          and each - scheduled_seconds >= %(inflated_excess_seconds)b
       or scheduled_seconds is null and heads = 0 and each * 1000 >= %(usual_per_mille)b * usual_seconds
          and each - usual_seconds >= %(inflated_excess_seconds)b
    order by each desc, code
"""
_UNSEEN: Final = """
    select p.organization, p.first_recorder as recorder, p.holder,
           extract(epoch from v.registered_at)::bigint as registered_at, p.attendances as count, p.seconds,
           array[p.first_code, p.last_code] as events
    from people p join volunteers v on v.volunteer = p.holder
    where p.first_recorder = p.last_recorder and not p.clocked and not p.acted
      and p.attendances >= %(ghost_count_min)b and p.seconds >= %(ghost_seconds_min)b
      and v.charters = '{}' and v.preferences is null and not v.erased
      and not exists (select from people o where o.holder = p.holder and o.organization <> p.organization)
      and not exists (select from judged j where j.verifier = p.holder)
    order by p.organization, recorder, registered_at, p.holder
"""

FACTS: Final[LiteralString] = f"""
    with {_BASE}
    (select 'pairs', {_JSON} from (select * from ({_PAIRS}) as every {_LIMIT}) as fact)
    union all
    (select 'verifiers', {_JSON} from (select * from ({_VERIFIERS}) as every {_LIMIT}) as fact)
    union all
    (select 'minutes', {_JSON} from (select * from ({_MINUTES}) as every {_LIMIT}) as fact)
    union all
    (select 'organizations', {_JSON} from (select * from ({_ORGANIZATIONS}) as every {_LIMIT}) as fact)
    union all
    (select 'same_times', {_JSON} from (select * from ({_SAME_TIMES}) as every {_LIMIT}) as fact)
    union all
    (select 'legs', {_JSON} from (select * from ({_LEGS}) as every {_LIMIT}) as fact)
    union all
    (select 'nights', {_JSON} from (select * from ({_NIGHTS}) as every {_LIMIT}) as fact)
    union all
    (select 'longs', {_JSON} from (select * from ({_LONGS}) as every {_LIMIT}) as fact)
    union all
    (select 'unseen', {_JSON} from (select * from ({_UNSEEN}) as every {_LIMIT}) as fact)
"""
"""Rows of kind and fact, as `ledger.anomalies.facts` has them."""
