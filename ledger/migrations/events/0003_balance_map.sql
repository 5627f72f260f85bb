-- The balance map over the log, one a partition (docs/provable-balances.md): always exactly the one whose note was signed
-- last, or, while a map is made anew, no note at all. All of it follows from the events. How far the keeper has mapped, and
-- with which root, it remembers itself beside its keys: whoever changes these tables can stop it, never mislead it.

create table map_pages (
    partition integer not null,
    path      text    collate "C" not null,
    page      bytea   not null,
    primary key (partition, path)
);

create table map_balances (
    partition integer not null,
    key       bytea   not null check (octet_length(key) = 32),
    balance   bytea   not null check (octet_length(balance) = 88),
    primary key (partition, key)
);

create table map_roots (
    partition integer primary key,
    size      bigint  not null check (size > 0),
    root      bytea   not null check (octet_length(root) = 32)
);

create table log_balances (
    partition integer primary key,
    size      bigint  not null check (size > 0),
    note      bytea   not null  -- the signed note, as it is served; its size is that of map_roots
);

grant select, insert, update on map_pages, map_balances, map_roots to ledger_log_keeper;
grant select, insert, update, delete on log_balances to ledger_log_keeper;
grant select on map_pages, map_balances, map_roots, log_balances to ledger_service;
