-- Who was erased is linked with no identity number any more. The service may not delete rows of its own accord: only this
-- function does, and only of a person whose stream says that they were erased.
create function release_identities(erased text[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    delete from public.volunteer_identities
    where volunteer = any(erased)
      and exists (
          select from public.events
          where events.stream = volunteer_identities.volunteer and events.type = 'volunteer-erased'
      )
$$;

revoke all on function release_identities(text[]) from public;
grant execute on function release_identities(text[]) to ledger_service;
create index volunteer_identities_by_volunteer on volunteer_identities (volunteer);
