-- What was published of a period of service, and at which positions. New events, so no row that was made before changes.
create table closed_periods (
    period           text        collate "C" primary key,
    partition        integer     not null,
    position         bigint      not null,
    closed_at        timestamptz not null,
    closed_by        text        not null,
    start_date       date        not null,
    end_date         date        not null,  -- included
    closed_positions bigint[]    not null,  -- of partition 0, 1, …: the sums count the events up to these
    claimed_seconds  bigint      not null,
    attended_seconds bigint      not null,
    verified_seconds bigint      not null,
    disputed_seconds bigint      not null,
    withheld_seconds bigint      not null,
    reversed_seconds bigint      not null,
    entry_count      bigint      not null,
    replaces         text        collate "C"
);

grant select, insert, update, delete, truncate on closed_periods to ledger_projector;
grant select on closed_periods to ledger_reader;
