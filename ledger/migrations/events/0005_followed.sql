-- How far somebody has looked for what must follow elsewhere. Only a hint: what follows stands once, by its request key.
create table followed (
    partition integer primary key references partition_counters,
    position  bigint  not null
);

grant select, insert, update on followed to ledger_service;
