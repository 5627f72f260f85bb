"""A report as tables of figures: what CSV, XLSX and the terminal write. A figure that is left out is None, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.hours_service_pb2 import HoursValue
from volunteer_hours.v1.values_pb2 import EvidenceSeconds

CLASSES: Final = ("recorded", "claimed", "attended", "verified", "disputed", "withheld", "reversed")
TOGETHER: Final = "(together)"
NOT_STATED: Final = "(not stated)"


class Figure(NamedTuple):
    """One figure of one table."""

    table: str
    key: str
    measure: str
    value: int | str | None
    unit: str


def figures(report: pb.ImpactReport) -> Iterator[Figure]:
    """All of a report, table by table; names are stable, and the units are exact ones."""
    yield from _about(report)
    yield from _seconds("total", "", report.total)
    yield Figure("total", "", "entry_count", report.entry_count, "entries")
    yield from _values("total", "", report.total_values)
    told = {field.name: value for field, value in report.people.ListFields()}
    for field in report.people.DESCRIPTOR.fields:
        yield Figure("people", "", field.name, told.get(field.name), "persons")
    for month in report.months:
        for name in ("newly_registered", "active"):
            yield Figure("months", month.month, name, getattr(month, name) if month.HasField(name) else None, "persons")
    for table in report.tables:
        name = table_name(table)
        for row in table.rows:
            key = row_key(row)
            yield from _seconds(name, key, row.seconds)
            if row.groups_together:
                yield Figure(name, key, "groups_together", row.groups_together, "groups")
            yield from _values(name, key, row.values)
    yield from _shifts(report)
    if report.restatements.closed_period:
        yield Figure("restatements", "", "closed_period", report.restatements.closed_period, "name")
        yield from _seconds("restatements", "closed", report.restatements.closed_totals.seconds)
        yield from _seconds("restatements", "restated", report.restatements.restated_totals.seconds)


def table_name(table: pb.ImpactTable) -> str:
    """Such as hours_by_sector."""
    return f"hours_by_{pb.ImpactDimension.Name(table.dimension).removeprefix('IMPACT_DIMENSION_').lower()}"


def row_key(row: pb.ImpactRow) -> str:
    """The key, or the word for what has none."""
    return TOGETHER if row.groups_together else row.key or NOT_STATED


def _about(report: pb.ImpactReport) -> Iterator[Figure]:
    yield Figure("report", "", "start_date", report.period.start_date, "date")
    yield Figure("report", "", "end_date", report.period.end_date, "date")
    yield Figure("report", "", "persons_min", report.persons_min, "persons")
    for one in report.positions:
        yield Figure("report", str(one.partition), "position", one.position, "position")
    if report.rates:
        yield Figure("report", "", "rates", report.rates, "name")


def _seconds(table: str, key: str, seconds: EvidenceSeconds) -> Iterator[Figure]:
    for name in CLASSES:
        yield Figure(table, key, f"{name}_seconds", getattr(seconds, f"{name}_seconds"), "seconds")


def _values(table: str, key: str, values: Iterable[HoursValue]) -> Iterator[Figure]:
    for one in values:
        yield Figure(table, key, "value", one.minor_units, f"{one.currency} minor units")


def _shifts(report: pb.ImpactReport) -> Iterator[Figure]:
    shifts = report.shifts
    yield Figure("shifts", "", "shifts", shifts.shifts, "shifts")
    yield Figure("shifts", "", "places", shifts.places, "places")
    yield Figure("shifts", "", "places_taken", shifts.places_taken, "places")
    yield Figure("shifts", "", "no_shows", shifts.no_shows if shifts.HasField("no_shows") else None, "places")
    for one in report.demand:
        yield Figure("demand", one.skill, "places", one.places, "places")
        yield Figure("demand", one.skill, "places_left", one.places_left, "places")
