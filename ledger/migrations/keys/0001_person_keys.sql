-- Keys of persons: all that makes personal data readable. This database is backed up apart from the ledger and for a
-- shorter time: a key that is destroyed here erases its person from every copy of the ledger at once.

create table person_keys (
    key_id     text        primary key,
    volunteer  text        not null,
    key        bytea       not null check (octet_length(key) = 32),  -- AES-256
    created_at timestamptz not null default clock_timestamp()
);
create index person_keys_by_volunteer on person_keys (volunteer, created_at, key_id);

grant select, insert on person_keys to ledger_service;
