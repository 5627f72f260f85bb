-- Live sessions, and a row for each connection of a device. New events, so no row that was made before changes. Moments
-- are whole seconds since 1970 UTC: attendance is counted in them (docs/live-lessons.md, The declared rule).
create table live_sessions (
    session               text    collate "C" primary key,  -- opportunities/{o}/shifts/{s}/liveSessions/{l}
    partition             integer not null,
    position              bigint  not null,                 -- of live-session-opened
    shift                 text    collate "C" not null,
    organization          text    collate "C" not null,
    silence_seconds       integer not null,
    registration_required boolean not null,
    excluded              text[]  not null,
    opened_at             bigint  not null,
    through               bigint  not null,                 -- the newest second that an event tells of
    ended_at              bigint                            -- null: open
);
create index live_sessions_of_shift on live_sessions (shift, position);

create table live_connections (
    session   text    collate "C" not null,
    number    integer not null,                             -- 1 and on
    partition integer not null,
    volunteer text    collate "C" not null,
    joined    bigint  not null,
    last_sign bigint  not null,
    has_ended boolean not null,
    primary key (session, number)
) with (fillfactor = 70);                                   -- signs change a row where it lies

grant select, insert, update, delete, truncate on live_sessions, live_connections to ledger_projector;
grant select on live_sessions, live_connections to ledger_reader;
