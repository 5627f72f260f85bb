-- Waiting lists: constraint rows like the places taken, changed in the transaction that appends the events.

alter table shift_places add column waiting integer not null default 0 check (waiting >= 0);

create table shift_waiting (
    registration  text   primary key,
    shift         text   not null,
    waiting_order bigint             -- position of its event registration-waitlisted; null: it waits no more
);
create index shift_waiting_in_order on shift_waiting (shift, waiting_order) where waiting_order is not null;

grant select, insert, update on shift_waiting to ledger_service;
