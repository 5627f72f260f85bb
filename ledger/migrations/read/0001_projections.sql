-- The read database: rows made from the topic alone. It can be dropped and rebuilt at any time.
--
-- Every row belongs to the ledger partition whose events made it: consumers of different partitions never wait for each
-- other. Names are compared byte by byte ("C"), so that "all attendances of a person" is one range of a primary key.
-- Classes are the numbers of the proto's EvidenceClass, 0 is outside the ledger.

create table positions (
    partition   integer     primary key,
    position    bigint      not null check (position >= 0),
    recorded_at timestamptz,          -- of the event at `position`; null before the first
    next_offset bigint                -- where the topic is read on: a hint, `position` decides
);

-- What was applied, batch by batch, so that a repeated record can be compared with the one that was applied.
create table applied_batches (
    partition      integer not null,
    first_position bigint  not null,
    last_position  bigint  not null,
    hashes         bytea   not null,  -- SHA-256 of the stored bytes, 32 bytes each, in order of position
    primary key (partition, first_position),
    check (octet_length(hashes) = 32 * (last_position - first_position + 1))
);

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
    primary key (partition, position, entry_index)
);
create index entries_of_holder on entries (holder, partition, position, entry_index);

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
);

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

grant select, insert, update, delete, truncate on all tables in schema public to ledger_projector;
revoke insert, update, delete, truncate on schema_version from ledger_projector;
grant select on all tables in schema public to ledger_reader;
