-- Sums by level and by place: what was known of an opportunity's level and of its shifts, and since when.
--
-- The former rows lack it. So all rows are forgotten, and made anew from the first position: consumers find position 0
-- and read from the beginning, as after `hours-ledger rebuild`.

truncate positions, applied_batches, journal_lines, balances, outside_balances, hours_by_month, hours_of_months,
    organizations, appointments, initiatives, volunteers, opportunities, opportunity_versions, shifts, registrations,
    policies;
alter table opportunity_versions add column level text;  -- general, skilled, professional; null: not stated
alter table shifts add column opened_position bigint not null;
alter table shifts add column opened_at timestamptz not null;
create index shifts_of_opportunity on shifts (opportunity);  -- where one opportunity's hours were served
