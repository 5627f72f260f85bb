-- How far somebody has looked for statements whose hours were corrected. Only a hint: each is looked at as things are.
create table statements_followed (
    partition integer primary key references partition_counters,
    position  bigint  not null
);

grant select, insert, update on statements_followed to ledger_service;
