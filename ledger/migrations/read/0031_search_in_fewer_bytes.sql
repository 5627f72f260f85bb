-- Sets are stored in the shortest of four forms: docs/finding.md, "Keys". And a question that looks at the openings
-- of opportunities far apart finds all it needs in the index.
--
-- Sets that were made before have another form. So all rows made from events are forgotten, and made anew from the first
-- position: consumers find position 0 and read from the beginning, as after `hours-ledger rebuild`.

do $$
declare
    made text;
begin
    select string_agg(quote_ident(tablename), ', ' order by tablename) into made
    from pg_tables
    where schemaname = 'public' and tablename not in ('schema_version', 'quarantine', 'alarms');
    execute 'truncate ' || made;
end
$$;

alter table search_openings drop constraint search_openings_pkey;
alter table search_openings add primary key (partition, number, begins_at, shift)
    include (places_left, region, city_key, online, sector, level);
