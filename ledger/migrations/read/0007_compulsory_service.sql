-- Service somebody is obliged to give does not count for every requirement: what was known of that, and since when.
--
-- The former rows lack it. So all rows are forgotten, and made anew from the first position: consumers find position 0
-- and read from the beginning, as after `hours-ledger rebuild`.

truncate positions, applied_batches, journal_lines, balances, outside_balances, hours_by_month, organizations,
    appointments, volunteers, opportunities, opportunity_versions, shifts, registrations, policies;
alter table opportunity_versions add column compulsory_service boolean not null;
