-- At which anomalies somebody looked. New events, so no row that was made before changes.
create table anomaly_reviews (
    anomaly          text        collate "C" primary key,  -- anomalies/{id}
    partition        integer     not null,
    position         bigint      not null,                 -- of the newest review
    anomaly_kind     text        not null,
    subjects         text[]      not null,
    start_date       date,
    end_date         date,                                 -- included
    outcome          text        not null,                 -- explained, confirmed, follow_up
    reason           text        not null,
    evidence_events  bigint      not null,
    evidence_seconds bigint      not null,
    reviewed_by      text        not null,
    reviewed_at      timestamptz not null
);

grant select, insert, update, delete, truncate on anomaly_reviews to ledger_projector;
grant select on anomaly_reviews to ledger_reader;
