-- What stood on the topic and was not applied, and what a person must look at. Neither is part of any answer.

-- Anybody who may write to the topic can make rows here; nobody can make hours. One row a record, up to 64 KiB kept.
create table quarantine (
    topic           text        not null,
    kafka_partition integer     not null,
    kafka_offset    bigint      not null,
    sha256          bytea       not null,  -- of the value; a topic made anew uses its offsets again
    reason          text        not null,
    size_bytes      integer     not null check (size_bytes >= 0),
    first_bytes     bytea,                 -- null: the record had no value
    noticed_at      timestamptz not null default clock_timestamp(),
    primary key (topic, kafka_partition, kafka_offset, sha256)
);

-- Forks (two truths about one position), holes that stay, events this program cannot read. One row a finding.
create table alarms (
    partition       integer     not null,
    position        bigint      not null,
    reason          text        not null,
    details         text        not null,
    noticed_at      timestamptz not null default clock_timestamp(),
    last_noticed_at timestamptz not null default clock_timestamp(),
    primary key (partition, position, reason)
);

grant select, insert on quarantine to ledger_projector;
grant select, insert on alarms to ledger_projector;
grant update (details, last_noticed_at) on alarms to ledger_projector;
grant select on quarantine, alarms to ledger_reader;
