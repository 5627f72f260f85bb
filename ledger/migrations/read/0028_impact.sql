-- Impact reports: docs/impact.md. What was known of shifts, registrations, partners and skills, and since when.
--
-- The former rows lack it. So all rows made from events are forgotten, and made anew from the first position: consumers
-- find position 0 and read from the beginning, as after `hours-ledger rebuild`.

do $$
declare
    made text;
begin
    select string_agg(quote_ident(tablename), ', ' order by tablename) into made
    from pg_tables
    where schemaname = 'public' and tablename not in ('schema_version', 'quarantine', 'alarms');
    execute 'truncate ' || made;
end
$$;

alter table opportunity_versions add column partner_type text;  -- government, non_profit, private; null: not stated
alter table opportunity_versions add column skills text[] not null;

-- When somebody became known: by source time where there is one.
alter table volunteers add column registered_position bigint not null;
alter table volunteers add column registered_at timestamptz not null;
create index volunteers_by_registration on volunteers (registered_at);

-- A row for each event that says places or times of a shift. `known_at`: source time, else record time.
create table shift_versions (
    shift       text        collate "C" not null,
    position    bigint      not null,
    partition   integer     not null,
    known_at    timestamptz not null,
    opportunity text        collate "C" not null,
    state       text        not null,
    places      integer     not null,
    local_day   date        not null,
    ends_at     timestamptz not null,
    primary key (shift, position)
);
create index shift_versions_by_day on shift_versions (local_day);

-- A row for each event of a registration: the state it left it in.
create table registration_versions (
    registration text        collate "C" not null,
    position     bigint      not null,
    partition    integer     not null,
    known_at     timestamptz not null,
    shift        text        collate "C" not null,
    volunteer    text        collate "C" not null,
    state        text        not null,
    primary key (registration, position)
);
create index registration_versions_of_shift on registration_versions (shift);

grant select, insert, update, delete, truncate on shift_versions, registration_versions to ledger_projector;
grant select on shift_versions, registration_versions to ledger_reader;
