-- Projects, their donations, and the sums of these. New events, so no row that was made before changes.
create table projects (
    project      text        collate "C" primary key,
    partition    integer     not null,
    position     bigint      not null,  -- of project-opened
    organization text        collate "C" not null,
    state        text        not null,  -- open, closed
    plan         jsonb       not null
);
create index projects_of_organization on projects (organization, project);

-- What was known of a project, and since when: which goals it had, and which opportunities counted for it.
create table project_versions (
    project      text        collate "C" not null,
    position     bigint      not null,
    partition    integer     not null,
    recorded_at  timestamptz not null,
    organization text        collate "C" not null,
    state        text        not null,
    plan         jsonb       not null,
    primary key (project, position)
);

create table donations (
    donation             text        collate "C" primary key,  -- projects/{p}/donations/{d}
    partition            integer     not null,
    position             bigint      not null,                 -- of donation-reported
    project              text        collate "C" not null,
    platform             text        collate "C" not null,     -- the client that reported it
    reference            text        not null,
    currency             text        collate "C" not null,
    given_date           date        not null,
    reported_minor_units bigint      not null,
    amount_minor_units   bigint      not null,                 -- as corrected
    refunded_minor_units bigint      not null,
    reported_by          text        not null,
    reported_at          timestamptz not null
);

-- What each event of a donation moved: a past moment adds these up.
create table donation_movements (
    donation             text        collate "C" not null,
    position             bigint      not null,
    partition            integer     not null,
    project              text        collate "C" not null,
    platform             text        collate "C" not null,
    currency             text        collate "C" not null,
    recorded_at          timestamptz not null,
    donation_count       integer     not null,  -- 1 with donation-reported, else 0
    given_minor_units    bigint      not null,  -- below 0: it was corrected to less
    refunded_minor_units bigint      not null,
    primary key (donation, position)
);
create index donation_movements_of_project on donation_movements (project, position);

-- The same added up. Numeric: no number of donations, however large, may stop a projection.
create table project_money (
    project              text    collate "C" not null,
    currency             text    collate "C" not null,
    platform             text    collate "C" not null,
    partition            integer not null,
    donation_count       numeric not null,
    given_minor_units    numeric not null,
    refunded_minor_units numeric not null,
    primary key (project, currency, platform)
);

-- Where one opportunity's hours are: one entry for each attendance, at its first line. Four bytes a row, and equal keys
-- share theirs.
create index journal_lines_of_opportunity on journal_lines (hashtext(opportunity)) where version = 1;

grant select, insert, update, delete, truncate on projects, project_versions, donations, donation_movements,
    project_money to ledger_projector;
grant select on projects, project_versions, donations, donation_movements, project_money to ledger_reader;
