-- Keys of persons lie wrapped under a master key, which is in no database: whoever has a copy of this table alone opens
-- nothing. Rows from before have no master_key_id; `migrate` wraps them right after this step.
alter table person_keys drop constraint person_keys_key_check;
alter table person_keys add column master_key_id text;  -- which master key wraps it; null: the key lies plain
alter table person_keys add check (octet_length(key) = 32 or master_key_id is not null);
