-- The read database: rows made from the topic alone. It can be dropped and rebuilt at any time.
--
-- Every row belongs to the ledger partition whose events made it: consumers of different partitions never wait for each
-- other. Names are compared byte by byte ("C"), so that "all attendances of a person" is one range of a primary key.
-- Classes are the numbers of the proto's EvidenceClass, 0 is outside the ledger.

create table positions (
    partition   integer     primary key,
    position    bigint      not null check (position >= 0),
    recorded_at timestamptz,  -- of the event at `position`; null before the first
    next_offset bigint        -- where the topic is read on: a hint, `position` decides
);

-- What was applied, batch by batch, so that a repeated record can be compared with the one that was applied.
create table applied_batches (
    partition      integer     not null,
    first_position bigint      not null,
    last_position  bigint      not null,
    recorded_from  timestamptz not null,  -- record time of the first event
    hashes         bytea       not null,  -- SHA-256 of the stored bytes, 32 bytes each, in order of position
    recorded_times bytea       not null,  -- record times: int64 microseconds since 2000, 8 bytes each, same order
    primary key (partition, first_position),
    check (octet_length(hashes) = 32 * (last_position - first_position + 1)),
    check (octet_length(recorded_times) = 8 * (last_position - first_position + 1))
);
create index applied_batches_by_time on applied_batches (partition, recorded_from);

create table entries (
    partition          integer     not null,
    position           bigint      not null,
    entry_index        smallint    not null,
    from_class         smallint    not null,
    to_class           smallint    not null,
    seconds            bigint      not null,
    service_date       date        not null,
    recorded_at        timestamptz not null,
    source_recorded_at timestamptz,
    event_id           text        not null,
    event_type         text        not null,
    holder             text        collate "C" not null,
    attendance         text        not null,
    shift              text        not null,
    opportunity        text        not null,
    organization       text        not null,
    actor              text        not null,
    reason             text,
    -- A holder's entries all lie in one partition: position alone orders them.
    primary key (holder, position, entry_index)
);
create index entries_in_order on entries (partition, position);

create table balances (
    holder            text    collate "C" primary key,
    partition         integer not null,
    claimed_seconds   bigint  not null,
    attended_seconds  bigint  not null,
    verified_seconds  bigint  not null,
    disputed_seconds  bigint  not null,
    withheld_seconds  bigint  not null,
    reversed_seconds  bigint  not null,
    entry_count       bigint  not null
) with (fillfactor = 70);  -- room to change a row where it stands

-- The other side of every first recording: with it all accounts of a partition sum to zero at every position.
create table outside_balances (
    partition integer primary key,
    seconds   bigint  not null
);

-- Sums for reports about the present; reports about a past moment add the entries themselves.
create table hours_by_month (
    partition         integer not null,
    opportunity       text    collate "C" not null,
    organization      text    collate "C" not null,
    service_month     date    not null,  -- its first day
    claimed_seconds   bigint  not null,
    attended_seconds  bigint  not null,
    verified_seconds  bigint  not null,
    disputed_seconds  bigint  not null,
    withheld_seconds  bigint  not null,
    reversed_seconds  bigint  not null,
    entry_count       bigint  not null,
    primary key (partition, opportunity, organization, service_month)
);

-- One row for each event of an attendance, by person or by head count: null is "as before". The view folds them.
create table attendance_versions (
    holder           text        collate "C" not null,  -- the first two parts of the attendance's name
    position         bigint      not null,
    partition        integer     not null,
    attendance       text        collate "C" not null,
    version          integer     not null,  -- of the stream
    shift            text        collate "C" not null,
    state            text,
    start_time       timestamptz,
    end_time         timestamptz,
    head_count       integer     not null,  -- 0: as before
    flags            text[],
    withheld_reasons text[],
    policy           text,
    migrated         boolean     not null,
    primary key (holder, position)
);
-- Four bytes a row instead of ninety: who asks by shift compares the name too.
create index attendances_of_shift on attendance_versions (hashtext(shift)) where version = 1;

-- Ask it by holder and attendance: a holder's rows lie together.
create view attendances as
select v.holder,
       v.attendance,
       min(v.partition) as partition,
       min(v.shift) as shift,
       max(v.version) as version,
       (array_agg(v.state order by v.version desc) filter (where v.state is not null))[1] as state,
       (array_agg(v.start_time order by v.version desc) filter (where v.start_time is not null))[1] as start_time,
       (array_agg(v.end_time order by v.version desc) filter (where v.end_time is not null))[1] as end_time,
       (array_agg(v.head_count order by v.version desc) filter (where v.head_count > 0))[1] as head_count,
       -- Arrays of several lengths cannot be gathered in one array, texts can.
       (array_agg(v.flags::text order by v.version desc) filter (where v.flags is not null))[1]::text[] as flags,
       (array_agg(v.withheld_reasons::text order by v.version desc)
           filter (where v.withheld_reasons is not null))[1]::text[] as withheld_reasons,
       (array_agg(v.policy order by v.version desc) filter (where v.policy is not null))[1] as policy,
       bool_or(v.migrated) as migrated,
       coalesce(sum(e.claimed), 0)::bigint as claimed_seconds,
       coalesce(sum(e.attended), 0)::bigint as attended_seconds,
       coalesce(sum(e.verified), 0)::bigint as verified_seconds,
       coalesce(sum(e.disputed), 0)::bigint as disputed_seconds,
       coalesce(sum(e.withheld), 0)::bigint as withheld_seconds,
       coalesce(sum(e.reversed), 0)::bigint as reversed_seconds
from attendance_versions v
cross join lateral (
    select sum(seconds * ((to_class = 1)::int - (from_class = 1)::int)) as claimed,
           sum(seconds * ((to_class = 2)::int - (from_class = 2)::int)) as attended,
           sum(seconds * ((to_class = 3)::int - (from_class = 3)::int)) as verified,
           sum(seconds * ((to_class = 4)::int - (from_class = 4)::int)) as disputed,
           sum(seconds * ((to_class = 5)::int - (from_class = 5)::int)) as withheld,
           sum(seconds * ((to_class = 6)::int - (from_class = 6)::int)) as reversed
    from entries where entries.holder = v.holder and entries.position = v.position
) e
group by v.holder, v.attendance;

create table organizations (
    organization     text    collate "C" primary key,
    partition        integer not null,
    display_name_ar  text,
    display_name_en  text,
    state            text    not null,
    accredited_until date
);

create table appointments (
    appointment  text        collate "C" primary key,
    organization text        collate "C" not null,
    partition    integer     not null,
    member       text        not null,
    role         text        not null,
    from_time    timestamptz not null,
    until_time   timestamptz
);
create index appointments_of_organization on appointments (organization);

create table volunteers (
    volunteer text    collate "C" primary key,
    partition integer not null,
    details   jsonb   not null  -- field: {"event_id", "sealed"}; nothing here can open a seal
);

-- What an opportunity is now, and its history below: sums by sector and event type use them as known at a moment.
create table opportunities (
    opportunity        text    collate "C" primary key,
    partition          integer not null,
    organization       text    collate "C" not null,
    state              text    not null,
    details            jsonb   not null,
    imported_system    text,
    imported_record_id text,
    source_recorded_at timestamptz
);
create index opportunities_of_organization on opportunities (organization, opportunity);

create table opportunity_versions (
    opportunity        text        collate "C" not null,
    position           bigint      not null,
    partition          integer     not null,
    recorded_at        timestamptz not null,
    source_recorded_at timestamptz,
    organization       text        not null,
    sector             text,
    event_type         text,
    primary key (opportunity, position)
);

create table shifts (
    shift              text    collate "C" primary key,
    partition          integer not null,
    opportunity        text    collate "C" not null,
    start_time         timestamptz,
    end_time           timestamptz,
    time_zone          text    not null,
    service_date       date,
    places             integer not null,
    places_taken       integer not null,
    region             text,
    online             boolean not null,
    city               text,
    imported_system    text,
    imported_record_id text,
    source_recorded_at timestamptz
);

create table registrations (
    registration text    collate "C" primary key,
    partition    integer not null,
    shift        text    collate "C" not null,
    volunteer    text    collate "C" not null,
    state        text    not null
);

grant select, insert, update, delete, truncate on all tables in schema public to ledger_projector;
revoke insert, update, delete, truncate on schema_version from ledger_projector;
grant select on all tables in schema public to ledger_reader;
