-- How far the ends of live sessions were followed by hours: a hint, not about the ledger.
create table live_hours_followed (
    partition integer primary key references partition_counters,
    position  bigint  not null
);
grant select, insert, update on live_hours_followed to ledger_service;
