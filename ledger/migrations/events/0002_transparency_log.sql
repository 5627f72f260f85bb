-- The transparency log over the stored events: hash tiles and signed checkpoints, one tree a partition (leaf index =
-- position - 1). All of it follows from the events and can be made anew; what was signed last does not stand here, but
-- with the signer, out of reach of whoever restores this database.

create table log_tiles (
    partition  integer  not null,
    level      smallint not null check (level between 0 and 7),
    tile_index bigint   not null check (tile_index >= 0),
    width      smallint not null check (width between 1 and 256),
    hashes     bytea    not null check (octet_length(hashes) = 32 * width),
    primary key (partition, level, tile_index, width)
);

create table log_checkpoints (
    partition  integer not null,
    size       bigint  not null check (size >= 0),
    root       bytea   not null check (octet_length(root) = 32),
    checkpoint bytea   not null,  -- the signed note, as it is served
    primary key (partition, size)
);

grant select on ledger, events, partition_counters to ledger_log_keeper;
-- A partial tile may go once the full one is there; a checkpoint gains cosignatures, it never goes.
grant select, insert, delete on log_tiles to ledger_log_keeper;
grant select, insert on log_checkpoints to ledger_log_keeper;
grant update (checkpoint) on log_checkpoints to ledger_log_keeper;
grant select on log_tiles, log_checkpoints to ledger_service;
