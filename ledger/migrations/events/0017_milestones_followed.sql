-- How far somebody has looked for milestones of recognition. Only a hint: each is evaluated from what is true.
create table milestones_followed (
    partition integer primary key references partition_counters,
    position  bigint  not null
);

-- Walks through all holders that are under way, each begun by an event: by name, up to the last one looked at.
create table milestone_walks (
    partition integer not null references partition_counters,
    position  bigint  not null,             -- of the event
    reached   text    collate "C" not null, -- holder; empty: none yet
    primary key (partition, position)
);

grant select, insert, update on milestones_followed to ledger_service;
grant select, insert, update, delete on milestone_walks to ledger_service;
