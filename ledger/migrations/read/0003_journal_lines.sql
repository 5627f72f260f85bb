-- One table in place of two: a movement and what its event says of the attendance were two rows with two keys.
--
-- A line for each movement of seconds; an event of an attendance that moves none has one line without a movement. What
-- an event says of the attendance stands in its first line (entry_index 0); null is "as before".
--
-- The former rows lack what a line says of an event that moves nothing. So all rows are forgotten, and made anew from the
-- first position: consumers find position 0 and read from the beginning, as after `hours-ledger rebuild`.

truncate positions, applied_batches, balances, outside_balances, hours_by_month, organizations, appointments, volunteers,
    opportunities, opportunity_versions, shifts, registrations;
drop view attendances;
drop table entries;
drop table attendance_versions;

create table journal_lines (
    holder             text        collate "C" not null,  -- the first two parts of the attendance's name
    position           bigint      not null,
    entry_index        smallint    not null,
    partition          integer     not null,
    -- The movement, or nulls.
    from_class         smallint,
    to_class           smallint,
    seconds            bigint,
    service_date       date,
    reason             text,
    -- The event.
    recorded_at        timestamptz not null,
    source_recorded_at timestamptz,
    event_id           text        not null,
    event_type         text        not null,
    actor              text        not null,
    attendance         text        collate "C" not null,
    shift              text        collate "C" not null,
    opportunity        text        not null,
    organization       text        not null,
    -- The attendance, in an event's first line.
    start_time         timestamptz,
    end_time           timestamptz,
    version            integer,     -- of the stream
    head_count         integer,     -- 0: as before
    migrated           boolean,
    state              text,
    policy             text,
    flags              text[],
    withheld_reasons   text[],
    -- A holder's lines all lie in one partition: position alone orders them.
    primary key (holder, position, entry_index),
    check (num_nulls(from_class, to_class, seconds, service_date) in (0, 4))
);
create index journal_lines_in_order on journal_lines (partition, position);
-- Four bytes a row instead of ninety: who asks by shift compares the name too.
create index journal_lines_of_shift on journal_lines (hashtext(shift)) where version = 1;

create view entries as
select partition, position, entry_index, from_class, to_class, seconds, service_date, recorded_at, source_recorded_at,
       event_id, event_type, holder, attendance, shift, opportunity, organization, actor, reason
from journal_lines where seconds is not null;

create view attendance_versions as
select holder, position, partition, attendance, version, shift, state, start_time, end_time, head_count, flags,
       withheld_reasons, policy, migrated
from journal_lines where version is not null;

-- Ask it by holder and attendance: a holder's lines lie together.
create view attendances as
select holder,
       attendance,
       min(partition) as partition,
       min(shift) as shift,
       max(version) as version,
       (array_agg(state order by version desc) filter (where state is not null))[1] as state,
       (array_agg(start_time order by version desc) filter (where start_time is not null))[1] as start_time,
       (array_agg(end_time order by version desc) filter (where end_time is not null))[1] as end_time,
       (array_agg(head_count order by version desc) filter (where head_count > 0))[1] as head_count,
       -- Arrays of several lengths cannot be gathered in one array, texts can.
       (array_agg(flags::text order by version desc) filter (where flags is not null))[1]::text[] as flags,
       (array_agg(withheld_reasons::text order by version desc)
           filter (where withheld_reasons is not null))[1]::text[] as withheld_reasons,
       (array_agg(policy order by version desc) filter (where policy is not null))[1] as policy,
       bool_or(migrated) as migrated,
       coalesce(sum(seconds * ((to_class = 1)::int - (from_class = 1)::int)), 0)::bigint as claimed_seconds,
       coalesce(sum(seconds * ((to_class = 2)::int - (from_class = 2)::int)), 0)::bigint as attended_seconds,
       coalesce(sum(seconds * ((to_class = 3)::int - (from_class = 3)::int)), 0)::bigint as verified_seconds,
       coalesce(sum(seconds * ((to_class = 4)::int - (from_class = 4)::int)), 0)::bigint as disputed_seconds,
       coalesce(sum(seconds * ((to_class = 5)::int - (from_class = 5)::int)), 0)::bigint as withheld_seconds,
       coalesce(sum(seconds * ((to_class = 6)::int - (from_class = 6)::int)), 0)::bigint as reversed_seconds
from journal_lines
group by holder, attendance;

grant select, insert, update, delete, truncate on journal_lines to ledger_projector;
grant select on journal_lines, entries, attendance_versions, attendances to ledger_projector, ledger_reader;
