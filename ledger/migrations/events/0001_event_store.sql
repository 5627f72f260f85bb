-- The event store. Nothing here is ever rewritten: the service may add events and keys, not change them.

create table ledger (
    only_one   boolean primary key default true check (only_one),
    ledger_id  text    not null,
    partitions integer not null check (partitions > 0)
);

-- One row a partition: whoever appends locks it first, so order of positions = order of commits, without holes.
create table partition_counters (
    partition   integer     primary key,
    position    bigint      not null check (position >= 0),
    recorded_at timestamptz not null
);

create table events (
    partition   integer     not null references partition_counters,
    position    bigint      not null check (position > 0),
    stream      text        not null,
    version     integer     not null check (version > 0),
    type        text        not null,
    recorded_at timestamptz not null,
    body        bytea       not null check (octet_length(body) <= 65535), -- the event; the columns before it are copies
    primary key (partition, position),
    unique (stream, version)
);

-- Which request caused which events. Kept for ever; derived from the events, so a store rebuilt from them knows it.
create table request_keys (
    client       text    not null,
    request_id   text    not null,
    request_hash bytea   not null,
    partition    integer not null,
    position     bigint  not null,  -- of the first event
    event_count  integer not null check (event_count > 0),
    primary key (client, request_id)
);

-- Constraint rows: derived from the events, changed in the transaction that appends them, refolded by `audit`.
create table shift_places (
    shift        text    primary key,
    places_taken integer not null check (places_taken >= 0)
);

create table presences (
    volunteer      text     not null,
    attendance     text     not null,
    start_s        bigint   not null,  -- whole seconds since 1970 UTC: the credited span [start, end)
    end_s          bigint   not null check (end_s >= start_s),
    counted_s      bigint[] not null,  -- start, end, start, end, … of the spans that count
    recorded_order bigint   not null,  -- position of its first event: who came first keeps the second
    primary key (volunteer, attendance)
);
create index presences_by_time on presences (volunteer, end_s);

create table volunteer_identities (
    identity_key bytea primary key,  -- HMAC of type and number under a server secret
    volunteer    text  not null
);

-- One relay is active; a later epoch fences an earlier holder.
create table relay_lease (
    partition   integer     primary key references partition_counters,
    epoch       bigint      not null,
    holder      text        not null,
    held_until  timestamptz not null
);

grant select on ledger to ledger_service, ledger_relay;
grant select on partition_counters to ledger_service, ledger_relay;
grant update (position, recorded_at) on partition_counters to ledger_service;
grant select, insert on events, request_keys to ledger_service;
grant select on events to ledger_relay;
grant select, insert, update on shift_places, presences to ledger_service;
grant select, insert on volunteer_identities to ledger_service;
grant select, insert, update on relay_lease to ledger_relay;
