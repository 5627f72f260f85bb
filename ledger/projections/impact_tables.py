"""Tables of hours in a report: sums by one dimension, and how many people stand behind each of its groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ledger.domain.refusals import InvariantBroken
from ledger.impact.periods import Span
from ledger.impact.suppression import group
from ledger.projections.as_of import View
from ledger.projections.persons_behind import persons_behind
from ledger.projections.rate_versions import RateTable
from ledger.projections.summary_groups import Row
from ledger.projections.summary_questions import key_of, summed
from ledger.projections.summary_values import Valuation
from ledger.projections.sums import CLASS_COUNT, evidence_seconds
from volunteer_hours.v1 import hours_service_pb2 as hours_pb
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_VERIFIED

DIMENSIONS: Final[Mapping[pb.ImpactDimension.ValueType, hours_pb.SummaryDimension.ValueType]] = {
    pb.IMPACT_DIMENSION_SECTOR: hours_pb.SUMMARY_DIMENSION_SECTOR,
    pb.IMPACT_DIMENSION_REGION: hours_pb.SUMMARY_DIMENSION_REGION,
    pb.IMPACT_DIMENSION_LEVEL: hours_pb.SUMMARY_DIMENSION_LEVEL,
    pb.IMPACT_DIMENSION_PARTNER_TYPE: hours_pb.SUMMARY_DIMENSION_PARTNER_TYPE,
    pb.IMPACT_DIMENSION_MONTH: hours_pb.SUMMARY_DIMENSION_MONTH,
}
"""Those that need no seal opened."""


class Sums(NamedTuple):
    """One table before anything of it is hidden."""

    dimension: pb.ImpactDimension.ValueType
    rows: Sequence[Row]
    persons: Mapping[str, int]
    """By key, how many people stand behind it for certain."""
    valuation: Valuation | None


def valuation_over(rates: RateTable | None, period: Span) -> Valuation | None:
    """A fresh one: each table counts its own groups."""
    if rates is None:
        return None
    return Valuation(rates, [EVIDENCE_CLASS_VERIFIED], period.first, period.last)


async def sums_by_all(seen: View, period: Span, rates: RateTable | None) -> list[Sums]:
    """The sums that SummarizeHours gives, by the same code, and the people behind them: a table for each dimension."""
    requests = {one: hours_pb.SummarizeHoursRequest(group_by=summed_by) for one, summed_by in DIMENSIONS.items()}
    keys = {one: await key_of(seen, request) for one, request in requests.items()}
    persons = await persons_behind(seen, keys, period)
    tables: list[Sums] = []
    for one, request in requests.items():
        valuation = valuation_over(rates, period)
        rows = await summed(seen, request, period.first, period.last, valuation)
        tables.append(Sums(one, rows, persons[one], valuation))
    return tables


def show_table(sums: Sums, persons_min: int) -> pb.ImpactTable:
    """What is told of a table: small groups stand together."""
    by_key = {row[0]: row for row in sums.rows}
    grouping = group(list(by_key), sums.persons, persons_min)
    parts = [[key] for key in grouping.shown] + ([grouping.together] if grouping.together else [])
    table = pb.ImpactTable(dimension=sums.dimension)
    for at, keys in enumerate(parts):
        seconds = added_up([by_key[key] for key in keys])[1:]
        row = pb.ImpactRow(seconds=evidence_seconds(seconds))
        if at < len(grouping.shown):
            row.key = keys[0]
        else:
            row.groups_together = len(keys)
        table.rows.append(row)
    if sums.valuation is not None:
        for row, values in zip(table.rows, sums.valuation.values(parts)[0], strict=True):
            row.values.extend(values)
    return table


def added_up(rows: Iterable[Row]) -> list[int]:
    """Number of entries, seconds by class."""
    sums = [0] * (1 + CLASS_COUNT)
    for row in rows:
        for at, count in enumerate(row[1:]):
            sums[at] += count
    return sums


def need_same_totals(tables: Sequence[Sums]) -> list[int]:
    """Number of entries and seconds by class, of every table. Raises InvariantBroken where two differ."""
    totals = [added_up(table.rows) for table in tables]
    for table, total in zip(tables, totals, strict=True):
        if total != totals[0]:
            name = pb.ImpactDimension.Name(table.dimension)
            raise InvariantBroken(f"{name} adds up to {total}, the first table to {totals[0]}")
    return totals[0]
