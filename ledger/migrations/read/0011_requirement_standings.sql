-- How people were last told to stand with watched requirements. New events, so no row that was made before changes.
create table requirement_standings (
    standing        text        collate "C" primary key,  -- volunteers/{v}/requirements/{p}/standings/{q}
    partition       integer     not null,
    requirement     text        not null,                 -- policies/{p}/versions/{n}
    period_start    date,                                 -- null: open
    period_end      date        not null,
    level           text,                                 -- null: it is not met
    counted_seconds bigint      not null,
    evaluated_at    jsonb       not null,                 -- {partition: position}
    cause_partition integer     not null,
    cause_position  bigint      not null,
    position        bigint      not null,                 -- of the event that says so
    recorded_at     timestamptz not null
);

grant select, insert, update, delete, truncate on requirement_standings to ledger_projector;
grant select on requirement_standings to ledger_reader;
