-- Which names were one person, and at which positions. New events, so no row that was made before changes.
create table volunteer_links (
    volunteer      text    collate "C" not null,
    position       bigint  not null,  -- of the event that says so, in the person's partition
    partition      integer not null,
    linked         text    collate "C" not null,
    ended_position bigint,            -- of the event that ends it, in the same partition; null: it holds
    primary key (volunteer, position)
);

grant select, insert, update, delete, truncate on volunteer_links to ledger_projector;
grant select on volunteer_links to ledger_reader;
