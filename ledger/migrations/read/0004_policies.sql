-- The versions of policies: who proposed each, who put it in force, and where in the ledger that stands.
--
-- Version 1 of policies/standard lies near the beginning of every ledger. So all rows are forgotten, and made anew from
-- the first position, as after `hours-ledger rebuild`.

truncate positions, applied_batches, journal_lines, balances, outside_balances, hours_by_month, organizations,
    appointments, volunteers, opportunities, opportunity_versions, shifts, registrations;

create table policies (
    name              text        collate "C" primary key,  -- policies/{p}/versions/{n}
    policy            text        collate "C" not null,
    version           integer     not null,
    partition         integer     not null,
    kind              text        not null,
    effective_date    date        not null,
    source            text        not null,
    rules             jsonb       not null,
    proposed_position bigint      not null,
    proposed_at       timestamptz not null,
    proposed_by       text        not null,
    approved_position bigint,     -- null while nobody has put it in force
    approved_at       timestamptz,
    approved_by       text,
    unique (policy, version)
);

grant select, insert, update, delete, truncate on policies to ledger_projector;
grant select on policies to ledger_reader;
