-- Approval, waiting lists, cancelled shifts, charters and guardians' consents.
--
-- No event before this step says any of it, so the rows there are are right as they stand.

alter table opportunities add column approval_required boolean not null default false;
alter table opportunities add column waiting_places integer not null default 0;
alter table shifts add column state text not null default 'open';

-- Position of the event that put it on the waiting list; null: it does not wait.
alter table registrations add column waiting_order bigint;
create index registrations_waiting on registrations (shift, waiting_order) where waiting_order is not null;

alter table volunteers add column charters jsonb not null default '{}';  -- charter: the newest version accepted
alter table volunteers add column consents jsonb not null default '{}';  -- consent: {"until_date", "withdrawn"}
