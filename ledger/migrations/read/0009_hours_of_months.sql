-- All hours of a month together: however many opportunities there are, a year is twelve rows a partition.
create table hours_of_months (
    partition        integer not null,
    service_month    date    not null,
    claimed_seconds  bigint  not null,
    attended_seconds bigint  not null,
    verified_seconds bigint  not null,
    disputed_seconds bigint  not null,
    withheld_seconds bigint  not null,
    reversed_seconds bigint  not null,
    entry_count      bigint  not null,
    primary key (partition, service_month)
);

insert into hours_of_months
select partition, service_month, sum(claimed_seconds), sum(attended_seconds), sum(verified_seconds),
       sum(disputed_seconds), sum(withheld_seconds), sum(reversed_seconds), sum(entry_count)
from hours_by_month group by partition, service_month;

grant select, insert, update, delete, truncate on hours_of_months to ledger_projector;
grant select on hours_of_months to ledger_reader;
