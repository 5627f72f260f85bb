-- Programmes of recognition, and who reached which level from which position to which. New events, so no row that was
-- made before changes.
create table recognitions (
    name              text        collate "C" primary key,  -- recognitions/{r}/versions/{n}
    recognition       text        collate "C" not null,
    version           integer     not null,
    partition         integer     not null,
    effective_date    date        not null,
    source            text        not null,
    display_name      jsonb       not null,
    levels            jsonb       not null,
    proposed_position bigint      not null,
    proposed_at       timestamptz not null,
    proposed_by       text        not null,
    approved_position bigint,     -- null while nobody has put it in force
    approved_at       timestamptz,
    approved_by       text,
    unique (recognition, version)
);

-- How each milestone was told last.
create table milestones (
    milestone           text        collate "C" primary key,  -- volunteers/{v}/recognitions/{r}/milestones/{level}
    partition           integer     not null,
    recognition_version text        not null,
    reached             boolean     not null,
    counted_seconds     bigint      not null,
    months              integer     not null,
    skills_count        integer     not null,
    organizations_count integer     not null,
    evaluated_at        jsonb       not null,                 -- {partition: position}
    cause_partition     integer     not null,
    cause_position      bigint      not null,
    position            bigint      not null,                 -- of the event that says so
    recorded_at         timestamptz not null
);

create table nominations (
    nomination          text        collate "C" primary key,  -- volunteers/{v}/nominations/{n}
    partition           integer     not null,
    volunteer           text        collate "C" not null,
    recognition_version text        not null,
    level               text        not null,
    organization        text        not null,
    nominated_by        text        not null,
    state               text        not null,
    decided_by          text[]      not null,
    reason              text,
    positions           bigint[]    not null                  -- of its events, in order
);

-- Each time somebody held a level: since one event, until another. Of a milestone, what it rested on.
create table honours (
    honour              text        collate "C" not null,     -- the milestone or the nomination
    since_position      bigint      not null,
    partition           integer     not null,
    recognition         text        collate "C" not null,
    level               text        collate "C" not null,
    holder              text        collate "C" not null,
    recognition_version text        not null,
    since_at            timestamptz not null,
    until_position      bigint,                               -- null: it is held
    until_at            timestamptz,
    counted_seconds     bigint,                               -- null, as what follows: of a nomination
    months              integer,
    skills_count        integer,
    organizations_count integer,
    evaluated_at        jsonb,
    cause_partition     integer,
    cause_position      bigint,
    primary key (honour, since_position)
);
-- All that a list as of any moment and its count must look at, so that it reads no row of those it does not show.
create index honours_of_level on honours (recognition, level, holder, honour, since_position)
    include (partition, until_position, since_at, until_at);
-- What lists of status of honours are made from.
create index honours_lost on honours (partition, since_position) where until_position is not null;

grant select, insert, update, delete, truncate on recognitions, milestones, nominations, honours to ledger_projector;
grant select on recognitions, milestones, nominations, honours to ledger_reader;
