-- Who organises volunteering without a legal body. New events, so no row that was made before changes.
create table initiatives (
    initiative      text    collate "C" primary key,
    partition       integer not null,
    display_name_ar text,
    display_name_en text,
    responsible     text[]  not null
);

grant select, insert, update, delete, truncate on initiatives to ledger_projector;
grant select on initiatives to ledger_reader;
