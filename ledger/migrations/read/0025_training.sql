-- Courses, their sessions, and who completed them (docs/training.md). New events, so no row that was made before changes,
-- but for one field that opportunities have had since, as a rebuild writes it.
create table courses (
    course       text    collate "C" primary key,  -- courses/{c}
    partition    integer not null,
    organization text    collate "C" not null,
    state        text    not null,                 -- published, closed
    details      jsonb   not null
);
create index courses_of_organization on courses (organization, course);

create table training_sessions (
    training_session       text    collate "C" primary key,  -- courses/{c}/sessions/{s}
    partition              integer not null,
    course                 text    collate "C" not null,
    organization           text    collate "C" not null,
    start_time             timestamptz not null,
    end_time               timestamptz not null,
    time_zone              text    not null,
    places                 integer not null,
    region                 text,
    online                 boolean not null,
    city                   text,
    live_session           text    collate "C",
    attendance_seconds_min integer,
    state                  text    not null                  -- open, cancelled
);

create table completion_records (
    completion       text    collate "C" not null,           -- volunteers/{v}/completions/{c}
    number           integer not null,                       -- 1 and on
    partition        integer not null,
    position         bigint  not null,                       -- of completion-recorded
    course           text    collate "C" not null,
    organization     text    collate "C" not null,
    result           text    not null,                       -- attended, passed
    completes        boolean not null,
    completed_on     date    not null,
    valid_until      date,                                   -- null: without end
    training_session text    collate "C",
    live_session     text    collate "C",
    recorded_by      text    not null,
    recorded_at      timestamptz not null,
    revoked_position bigint,                                 -- null: it stands
    revoked_at       timestamptz,
    revoked_by       text,
    revoked_for      text,
    primary key (completion, number)
);

update opportunities set details = details || '{"required_courses": null}' where not details ? 'required_courses';

grant select, insert, update, delete, truncate on courses, training_sessions, completion_records to ledger_projector;
grant select on courses, training_sessions, completion_records to ledger_reader;
