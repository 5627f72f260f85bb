-- What cannot be made again from events: the texts of credentials, sealed under their person's key, and how often links were
-- opened. A text is written before the event that names it: one that no event names was never given to anybody.
create table statement_documents (
    event_id      text        primary key,  -- of statement-issued: what the texts are sealed for
    volunteer     text        not null,
    partition     integer     not null,
    status_list   integer     not null,
    status_index  integer     not null,
    credential    text        not null,     -- sealed
    balance_proof text,                     -- sealed
    written_at    timestamptz not null default clock_timestamp()
);
create index statement_documents_of_volunteer on statement_documents (volunteer);

-- Places in lists of status: taken for ever, also by a statement that was never issued or whose person was erased.
create table status_places (
    partition    integer not null,
    status_list  integer not null,
    status_index integer not null,
    primary key (partition, status_list, status_index)
);

create table share_views (
    share text   primary key,
    views bigint not null
);

grant select, insert, delete on statement_documents to ledger_service;
grant select, insert on status_places to ledger_service;
grant select, insert, update on share_views to ledger_service;
