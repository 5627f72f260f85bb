-- Subscriptions of receivers, up to where they acknowledged, and what they have not got: docs/deliveries.md. New events,
-- so no row that was made before changes.
create table subscriptions (
    subscription    text        collate "C" primary key,
    partition       integer     not null,
    position        bigint      not null,  -- of subscription-opened
    client          text        collate "C" not null,
    organizations   text[]      not null,  -- none: all
    limits_version  integer     not null,
    state           text        not null,  -- open, closed
    opened_at       timestamptz not null,
    acknowledged_at timestamptz,
    taken_pieces    bigint      not null
);

create table subscription_limits (
    subscription    text        collate "C" not null,
    version         integer     not null,
    partition       integer     not null,
    position        bigint      not null,  -- of the event that said them
    limits          jsonb       not null,
    primary key (subscription, version)
);

create table delivery_places (
    subscription    text        collate "C" not null,
    entry_partition integer     not null,
    partition       integer     not null,
    position        bigint      not null,  -- of the last entry that was acknowledged
    entry_index     integer     not null,
    -- Numeric: no number of deliveries, however large, may stop a projection.
    taken_seconds   numeric     not null,
    primary key (subscription, entry_partition)
);

create table open_pieces (
    subscription    text        collate "C" not null,
    piece           text        collate "C" not null,
    partition       integer     not null,
    entry_partition integer     not null,
    position        bigint      not null,
    entry_index     integer     not null,
    seconds         bigint      not null,
    reason          text        not null,
    held            boolean     not null,  -- it was not sent
    opened_at       timestamptz not null,
    primary key (subscription, piece)
);
create index open_pieces_in_order on open_pieces (subscription, entry_partition, position, entry_index);

grant select, insert, update, delete, truncate on subscriptions, subscription_limits, delivery_places, open_pieces
    to ledger_projector;
grant select on subscriptions, subscription_limits, delivery_places, open_pieces to ledger_reader;
