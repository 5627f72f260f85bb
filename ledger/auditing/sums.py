"""Check: every balance and every month is the sum of its entries; all accounts of a partition sum to zero.

The entries themselves were compared with the events before. Adding up is left to the database: it needs no memory of
ours, and it is SQL of this file, not of the projections.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg.rows import dict_row

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database

_CLASSES: Final = {"claimed": 1, "attended": 2, "verified": 3, "disputed": 4, "withheld": 5, "reversed": 6}
_SUMS: Final = ", ".join(
    f"sum(seconds * ((to_class = {number})::int - (from_class = {number})::int))::bigint as {name}_seconds"
    for name, number in _CLASSES.items()
)
_FIELDS: Final = (*(f"{name}_seconds" for name in _CLASSES), "entry_count")
_BALANCES: Final = f"""
    with told as (
        select holder, min(partition) as partition, max(position) as position, {_SUMS}, count(*) as entry_count
        from entries group by holder
    )
    select holder, to_jsonb(told) as told, to_jsonb(held) as held
    from told full join balances held using (holder)
    where to_jsonb(told) - 'position' is distinct from to_jsonb(held)
    limit 1000
"""
_MONTHS: Final = f"""
    with told as (
        select partition, opportunity, organization, date_trunc('month', service_date)::date as service_month,
               max(position) as position, {_SUMS}, count(*) as entry_count
        from entries group by 1, 2, 3, 4
    )
    select opportunity, service_month, to_jsonb(told) as told, to_jsonb(held) as held
    from told full join hours_by_month held using (partition, opportunity, organization, service_month)
    where to_jsonb(told) - 'position' is distinct from to_jsonb(held)
    limit 1000
"""
_ALL_OF_MONTHS: Final = f"""
    with told as (
        select partition, date_trunc('month', service_date)::date as service_month,
               max(position) as position, {_SUMS}, count(*) as entry_count
        from entries group by 1, 2
    )
    select service_month, to_jsonb(told) as told, to_jsonb(held) as held
    from told full join hours_of_months held using (partition, service_month)
    where to_jsonb(told) - 'position' is distinct from to_jsonb(held)
    limit 1000
"""
_OUTSIDE: Final = """
    with told as (
        select partition, sum(seconds * ((to_class = 0)::int - (from_class = 0)::int))::bigint as seconds
        from entries group by partition
    ), accounts as (
        select partition, sum(claimed_seconds + attended_seconds + verified_seconds + disputed_seconds
            + withheld_seconds + reversed_seconds)::bigint as seconds from balances group by partition
    )
    select partition, coalesce(told.seconds, 0) as told, coalesce(held.seconds, 0) as held,
           coalesce(accounts.seconds, 0) + coalesce(held.seconds, 0) as total
    from told full join outside_balances held using (partition) full join accounts using (partition)
"""
_ELSEWHERE: Final = (
    "select partition, min(position) from journal_lines where partition >= %s group by partition limit 100"
)


def check(read: Database, partitions: int, report: Report) -> None:
    """Balances, months, and `outside`; and no entry in a partition that the ledger has not."""
    for partition, position in read.execute(_ELSEWHERE, [partitions]):
        report.differs(
            Where("projection journal_lines", partition, position), "partition", f"below {partitions}", partition
        )
    rows = read.cursor(row_factory=dict_row)
    for row in rows.execute(_BALANCES.encode()).fetchall():
        _differing(report, "projection balances", str(row["holder"]), row["told"], row["held"])
    for row in rows.execute(_MONTHS.encode()).fetchall():
        month = f"{row['opportunity']} {row['service_month']}"
        _differing(report, "projection hours_by_month", month, row["told"], row["held"])
    for row in rows.execute(_ALL_OF_MONTHS.encode()).fetchall():
        _differing(report, "projection hours_of_months", str(row["service_month"]), row["told"], row["held"])
    for row in rows.execute(_OUTSIDE).fetchall():
        where = Where("projection outside_balances", row["partition"])
        report.compare(where, {"seconds": row["told"]}, {"seconds": row["held"]})
        if row["total"] != 0:
            report.differs(where, "sum of all accounts", 0, row["total"])


def _differing(report: Report, place: str, name: str, told: dict[str, Any] | None, held: dict[str, Any] | None) -> None:
    one = told or held or {}
    where = Where(place, one.get("partition"), one.get("position"), name)
    if told is None:
        report.differs(where, "row", "none", "there")
    else:
        wanted = {field: told[field] for field in ("partition", *_FIELDS)}
        report.compare(where, wanted, held)
