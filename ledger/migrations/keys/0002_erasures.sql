-- Erasures: whose keys were destroyed, and up to which event. Both lie beside the keys: where an older copy of this
-- database is restored, the keys that came back are destroyed once more, from the position that the copy had reached.
create table erased_persons (
    volunteer      text        primary key,
    keys_destroyed integer     not null,
    destroyed_at   timestamptz not null default clock_timestamp()
);

create table erasures_followed (
    partition integer primary key,
    position  bigint  not null
);

grant select, insert, update on erased_persons, erasures_followed to ledger_service;
grant delete on person_keys to ledger_service;
