"""How many hours were served where, and when? Sums by opportunity, organisation and month of service, and by month."""

from __future__ import annotations

import struct
from datetime import date
from typing import Final, TypeAlias

from ledger.projections.balances import ENTRY_COUNT
from ledger.projections.binary_rows import ReadDatabase, copy_rows, days, text
from ledger.projections.hours_data import CLASS_NUMBERS
from ledger.projections.stored_event import Batch

_STAGE: Final = "create temp table if not exists staged_hours_by_month (like hours_by_month) on commit delete rows"
_COPY: Final = """
    copy staged_hours_by_month (
        partition, service_month, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds,
        withheld_seconds, reversed_seconds, entry_count, opportunity, organization
    ) from stdin (format binary)
"""
_MERGE: Final = """
    insert into hours_by_month as known select * from staged_hours_by_month
    on conflict (partition, opportunity, organization, service_month) do update set
        claimed_seconds = known.claimed_seconds + excluded.claimed_seconds,
        attended_seconds = known.attended_seconds + excluded.attended_seconds,
        verified_seconds = known.verified_seconds + excluded.verified_seconds,
        disputed_seconds = known.disputed_seconds + excluded.disputed_seconds,
        withheld_seconds = known.withheld_seconds + excluded.withheld_seconds,
        reversed_seconds = known.reversed_seconds + excluded.reversed_seconds,
        entry_count = known.entry_count + excluded.entry_count
"""
_ALL_OF_A_MONTH: Final = """
    insert into hours_of_months as known
    select partition, service_month, sum(claimed_seconds), sum(attended_seconds), sum(verified_seconds),
           sum(disputed_seconds), sum(withheld_seconds), sum(reversed_seconds), sum(entry_count)
    from staged_hours_by_month group by partition, service_month
    on conflict (partition, service_month) do update set
        claimed_seconds = known.claimed_seconds + excluded.claimed_seconds,
        attended_seconds = known.attended_seconds + excluded.attended_seconds,
        verified_seconds = known.verified_seconds + excluded.verified_seconds,
        disputed_seconds = known.disputed_seconds + excluded.disputed_seconds,
        withheld_seconds = known.withheld_seconds + excluded.withheld_seconds,
        reversed_seconds = known.reversed_seconds + excluded.reversed_seconds,
        entry_count = known.entry_count + excluded.entry_count
"""
_FIXED: Final = struct.Struct("!h ii ii iq iq iq iq iq iq iq").pack

_Group: TypeAlias = tuple[str, str, str]
"""Opportunity, organisation, month of service such as 2026-11."""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add the batch's entries to the sums of their months, one upsert for all."""
    changes = _changes(batch)
    if not changes:
        return
    connection.execute(_STAGE)
    rows: list[bytes] = []
    for (opportunity, organization, month), c in sorted(changes.items()):
        first = days(date.fromisoformat(f"{month}-01"))
        rows.append(
            _FIXED(
                11, 4, batch.partition, 4, first, 8, c[1], 8, c[2], 8, c[3], 8, c[4], 8, c[5], 8, c[6],
                8, c[ENTRY_COUNT],
            )
            + text(opportunity)
            + text(organization)
        )  # fmt: skip
    copy_rows(connection, _COPY, rows)
    connection.execute(_MERGE)
    connection.execute(_ALL_OF_A_MONTH)


def _changes(batch: Batch) -> dict[_Group, list[int]]:
    changes: dict[_Group, list[int]] = {}
    for event in batch.hours:
        hours = event.data
        for entry in hours.entries:
            group = (hours.opportunity, hours.organization, entry.service_date[:7])
            change = changes.get(group)
            if change is None:
                change = changes[group] = [0] * (ENTRY_COUNT + 1)
            change[CLASS_NUMBERS[entry.from_class]] -= entry.seconds
            change[CLASS_NUMBERS[entry.to_class]] += entry.seconds
            change[ENTRY_COUNT] += 1
    return changes
