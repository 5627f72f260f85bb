-- Which training sessions rest on which live session, and how far events were followed for them: both are a hint, made
-- again from the events when they are lost together, and not about the ledger.
create table training_followed (
    partition integer primary key references partition_counters,
    position  bigint  not null
);
create table training_by_live_session (
    live_session     text collate "C" not null,
    training_session text collate "C" not null,
    primary key (live_session, training_session)
);
grant select, insert, update on training_followed, training_by_live_session to ledger_service;
