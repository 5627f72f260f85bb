-- What somebody looks for, as sealed as it came. New events, so no row that was made before changes.
alter table volunteers add column preferences jsonb;  -- {"event_id", "sealed"}; null: nothing was set, or all is erased
alter table volunteers add column preferences_set_at timestamptz;
