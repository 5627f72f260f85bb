-- Finding opportunities: docs/finding.md.
--
-- The former rows lack what shifts are found by, and keys are made by our own functions. So all rows are forgotten, and
-- made anew from the first position: consumers find position 0 and read from the beginning, as after
-- `hours-ledger rebuild`.

truncate positions, applied_batches, journal_lines, balances, outside_balances, hours_by_month, hours_of_months,
    organizations, appointments, initiatives, volunteers, volunteer_links, opportunities, opportunity_versions, shifts,
    registrations, policies, closed_periods, requirement_standings, statements, statement_shares;

alter table shifts add column city_key text;                    -- ledger/search: by any of the city's names
alter table shifts add column begins_at timestamptz not null;   -- of a date alone: the beginning of that day
alter table shifts add column ends_at timestamptz not null;
alter table shifts add column local_day date not null;          -- on which it begins, in its own zone
alter table shifts add column from_minute integer;              -- of that day; null: no times are known
alter table shifts add column until_minute integer;             -- counted on where it ends on a later day
drop index shifts_of_opportunity;
create index shifts_of_opportunity on shifts (opportunity, begins_at);

create table search_opportunities (
    partition         integer not null,
    number            integer not null,  -- 0, 1, … in the order in which they were published
    opportunity       text    collate "C" not null,
    position          bigint  not null,  -- of opportunity-published
    organization      text    collate "C" not null,
    sector            text,
    level             text,
    published         boolean not null,
    primary key (partition, number)
);
create unique index search_opportunities_by_name on search_opportunities (opportunity);

-- The open shifts of an opportunity, narrow and by its number: a question looks at hundreds of them.
create table search_openings (
    partition    integer     not null,
    number       integer     not null,
    begins_at    timestamptz not null,
    shift        text        collate "C" not null,
    places_left  integer     not null,
    local_day    date        not null,
    from_minute  integer,
    until_minute integer,
    region       text,
    city_key     text,
    online       boolean     not null,
    sector       text,                             -- of the opportunity, as its level
    level        text,
    primary key (partition, number, begins_at, shift)
);
create unique index search_openings_by_shift on search_openings (shift);

-- All an opportunity is found by: beside the numbers, so that those stay narrow.
create table search_contents (
    partition integer not null,
    number    integer not null,
    keys      text[]  not null,  -- ascending
    words     text[]  not null,
    primary key (partition, number)
);

-- Which opportunities have a key: the form of `numbers` stands in docs/finding.md.
create table search_keys (
    key       text    collate "C" not null,
    partition integer not null,
    chunk     integer not null,  -- of 32,768 numbers
    numbers   bytea   storage plain not null,
    primary key (key, partition, chunk)
);

create table search_words (
    word      text     collate "C" not null,
    partition integer  not null,
    uses      integer  not null check (uses > 0),  -- how many opportunities have it
    forms     bigint[] not null,                   -- hashes of it, and of it less each letter
    primary key (word, partition)
);
create index search_words_by_form on search_words using gin (forms) with (fastupdate = off);

-- Organisations and initiatives by the words of their names.
create table search_organizations (
    organization text    collate "C" primary key,
    partition    integer not null,
    stems        text[]  not null
);
create index search_organizations_by_stem on search_organizations using gin (stems) with (fastupdate = off);

grant select, insert, update, delete, truncate on search_opportunities, search_openings, search_contents, search_keys,
    search_words, search_organizations to ledger_projector;
grant select on search_opportunities, search_openings, search_contents, search_keys, search_words, search_organizations
    to ledger_reader;
