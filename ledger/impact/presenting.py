"""A report as people see it: cards, charts and tables, each text in both languages. Page, PDF and terminal share it.

Hours are rounded to whole ones, half to even; digits are Latin in both languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ledger.documents.isolation import by_its_content
from ledger.documents.printable import printable
from ledger.texts.impact_report import TEXTS
from ledger.texts.text import Text
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.hours_service_pb2 import HoursValue

_HOUR_SECONDS: Final = 3600
_MINOR_UNITS: Final = {"JPY": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3, "IQD": 3, "LYD": 3}
"""Digits behind the point where they are not two. Rule: ISO 4217, list one."""


@dataclass(frozen=True, slots=True)
class Card:
    """One figure and what it is."""

    label: Text
    value: Text


@dataclass(frozen=True, slots=True)
class Bar:
    """One group of a chart: lengths are shares of the longest bar, 0 to 1."""

    label: Text
    length: float
    verified_length: float
    recorded: str
    verified: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Hours by one dimension."""

    name: str
    title: Text
    bars: Sequence[Bar]
    reads: Text
    """What the chart shows, in words."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table without a chart."""

    title: Text
    head: Sequence[Text]
    rows: Sequence[Sequence[Text]]


@dataclass(frozen=True, slots=True)
class Presented:
    """A whole report."""

    period: Text
    cards: Sequence[Card]
    charts: Sequence[Chart]
    tables: Sequence[Rows]
    restated: Text
    notes: Sequence[Text]


def presented(report: pb.ImpactReport) -> Presented:
    """All that people are shown of a report."""
    return Presented(
        period=said("period", first=report.period.start_date, last=report.period.end_date),
        cards=cards(report),
        charts=[_chart(table) for table in report.tables if table.rows],
        tables=[one for one in (_people(report), _demand(report)) if one.rows],
        restated=_restated(report),
        notes=_notes(report),
    )


def said(key: str, **values: str | Text) -> Text:
    """A text of the catalogue in both languages. Raises KeyError for a text or a value that is missing."""
    text = TEXTS[key]
    both = {name: one if isinstance(one, Text) else plain(one) for name, one in values.items()}
    return Text(
        text.ar.format_map({name: one.ar for name, one in both.items()}),
        text.en.format_map({name: one.en for name, one in both.items()}),
    )


def plain(text: str) -> Text:
    """The same in both languages: a number, a date, a code. In Arabic it is isolated: 2026-11 would be read 11-2026."""
    return Text(by_its_content(text), text)


def is_plain(text: Text) -> bool:
    """Whether it is the same in both languages."""
    return text.ar == by_its_content(text.en)


def whole_hours(seconds: int) -> int:
    """Rounded half to even."""
    return round(Fraction(seconds, _HOUR_SECONDS))


def group_name(dimension: pb.ImpactDimension.ValueType, row: pb.ImpactRow) -> Text:
    """What a row stands for."""
    if row.groups_together:
        return said("together", n=str(row.groups_together))
    if not row.key:
        return said("not_stated")
    if row.key == "online":
        return said("online")
    key = f"{dimension_name(dimension)}_{row.key.lower()}"
    return said(key) if key in TEXTS else plain(printable(row.key))


def dimension_name(dimension: pb.ImpactDimension.ValueType) -> str:
    """Such as sector."""
    return pb.ImpactDimension.Name(dimension).removeprefix("IMPACT_DIMENSION_").lower()


def cards(report: pb.ImpactReport) -> list[Card]:
    """The first figures of a report."""
    people, shifts, total = report.people, report.shifts, report.total
    growth = people.registered - people.registered_before if people.HasField("registered_before") else None
    no_shows = shifts.no_shows if shifts.HasField("no_shows") else None
    came_again = people.retained if people.HasField("retained") else None
    return [
        Card(said("hours_recorded"), plain(f"{whole_hours(total.recorded_seconds):,}")),
        Card(said("hours_verified"), plain(f"{whole_hours(total.verified_seconds):,}")),
        Card(said("registered"), _count(people.registered if people.HasField("registered") else None)),
        Card(said("growth"), _count(growth)),
        Card(said("active"), _count(people.active if people.HasField("active") else None)),
        Card(said("retention"), _rate(came_again, people.active_before)),
        Card(said("fill_rate"), _rate(shifts.places_taken, shifts.places)),
        Card(said("no_show_rate"), _rate(no_shows, shifts.places_taken)),
        *_money(report.total_values),
    ]


def _money(values: Iterable[HoursValue]) -> list[Card]:
    return [Card(said("value", currency=one.currency), plain(_amount(one))) for one in values]


def _amount(value: HoursValue) -> str:
    digits = _MINOR_UNITS.get(value.currency, 2)
    units, rest = divmod(value.minor_units, 10**digits)
    return f"{units:,}.{rest:0{digits}}" if digits else f"{units:,}"


def _count(count: int | None) -> Text:
    return said("hidden") if count is None else plain(f"{count:,}")


def _rate(part: int | None, whole: int) -> Text:
    if part is None:
        return said("hidden")
    if not whole:
        return said("no_basis")
    share = f"{round(Fraction(1000 * part, whole)) / 10:.1f}"
    return said("of", share=share, part=f"{part:,}", whole=f"{whole:,}")


def _chart(table: pb.ImpactTable) -> Chart:
    name = dimension_name(table.dimension)
    longest = max([row.seconds.recorded_seconds for row in table.rows] + [1])
    bars = [
        Bar(
            label=group_name(table.dimension, row),
            length=row.seconds.recorded_seconds / longest,
            verified_length=row.seconds.verified_seconds / longest,
            recorded=f"{whole_hours(row.seconds.recorded_seconds):,}",
            verified=f"{whole_hours(row.seconds.verified_seconds):,}",
        )
        for row in table.rows
    ]
    title = said(f"table_{name}")
    each = [said("chart_row", label=bar.label, value=said("hours", n=bar.recorded)) for bar in bars]
    rows = Text("؛ ".join(one.ar for one in each), "; ".join(one.en for one in each))
    return Chart(name, title, bars, said("chart_reads", title=title, rows=rows))


def _people(report: pb.ImpactReport) -> Rows:
    rows = [
        (
            plain(month.month),
            _count(month.newly_registered if month.HasField("newly_registered") else None),
            _count(month.active if month.HasField("active") else None),
        )
        for month in report.months
    ]
    nobody = not any(month.newly_registered or month.active for month in report.months)
    head = (said("month"), said("newly_registered"), said("active"))
    hidden = any(not (month.HasField("newly_registered") and month.HasField("active")) for month in report.months)
    return Rows(said("table_people"), head, [] if nobody and not hidden else rows)


def _demand(report: pb.ImpactReport) -> Rows:
    rows = [
        (plain(printable(one.skill)), plain(f"{one.places:,}"), plain(f"{one.places_left:,}")) for one in report.demand
    ]
    return Rows(said("table_demand"), (said("skill"), said("places"), said("places_left")), rows)


def _restated(report: pb.ImpactReport) -> Text:
    known = report.restatements
    if not known.closed_period:
        return said("restated_absent")
    if not known.restated_totals.entry_count:
        return said("restated_none", period=known.closed_period)
    return said(
        "restated_text",
        period=known.closed_period,
        closed=f"{whole_hours(known.closed_totals.seconds.recorded_seconds):,}",
        restated=f"{whole_hours(known.restated_totals.seconds.recorded_seconds):+,}",
        total=f"{whole_hours(report.total.recorded_seconds):,}",
    )


def _notes(report: pb.ImpactReport) -> list[Text]:
    positions = ", ".join(f"{one.partition}:{one.position}" for one in report.positions)
    notes = [
        said("note_small", n=str(report.persons_min)),
        said("note_total", positions=positions),
        said("note_heads"),
        said("note_rounded"),
    ]
    return [*notes, said("note_rates", rates=report.rates)] if report.rates else notes
