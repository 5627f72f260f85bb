-- Who was looked at: follows from the events, made by `ledger/access_ledger/persons.py`, and can be made anew from them.

create table access_persons (
    volunteer text    collate "C" not null,
    partition integer not null,
    position  bigint  not null,
    primary key (volunteer, partition, position)
);

-- How far that has got, in one transaction with the rows.
create table access_persons_made (
    partition integer primary key references partition_counters,
    position  bigint  not null
);

grant select, insert on access_persons to ledger_service;
grant select, insert, update on access_persons_made to ledger_service;
