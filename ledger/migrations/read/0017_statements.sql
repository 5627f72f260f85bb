-- Statements, and the links that open them. New events, so no row that was made before changes. Neither a credential's text
-- nor the code of a link that opens it stands here: the text lies with the keys, the code is sealed.
create table statements (
    statement            text        collate "C" primary key,  -- volunteers/{v}/statements/{s}
    volunteer            text        collate "C" not null,
    partition            integer     not null,
    position             bigint      not null,                 -- of statement-issued
    event_id             text        not null,                 -- of statement-issued
    kind                 text        not null,
    period_start         date,
    period_end           date,
    organizations        text[]      not null,                 -- empty: all
    shown                text[]      not null,
    verified_seconds     bigint      not null,
    size                 bigint      not null,
    root                 text        not null,
    credential_digest    text        not null,
    issuer_key           text        not null,
    status_list          integer     not null,
    status_index         integer     not null,
    issued_at            timestamptz not null,
    expires_at           timestamptz,
    revoked_for          text,
    revoked_at           timestamptz,
    now_verified_seconds bigint,                               -- null: what it states still holds
    superseded_at        timestamptz
);
create index statements_of_volunteer on statements (volunteer, position);
-- Lists of status hold everybody's place; all that is read for one is who is not valid.
create index statements_not_valid on statements (partition, status_list)
    where revoked_at is not null or superseded_at is not null;

create table statement_shares (
    share        text        collate "C" primary key,  -- volunteers/{v}/statements/{s}/shares/{n}
    statement    text        collate "C" not null,
    partition    integer     not null,
    code_digest  text        not null,
    sealed_code  text        not null,
    event_id     text        not null,                 -- that the code is sealed for
    shared_at    timestamptz not null,
    expires_at   timestamptz,
    views_max    integer,                              -- null: as often as wished
    withdrawn_at timestamptz
);
create index statement_shares_by_code on statement_shares (code_digest);
create index statement_shares_of_statement on statement_shares (statement);

grant select, insert, update, delete, truncate on statements, statement_shares to ledger_projector;
grant select on statements, statement_shares to ledger_reader;
