"""Closed periods and their restatements, as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from ledger.commands import printing
from ledger.commands.entries import class_name
from volunteer_hours.v1.hours_service_pb2 import ListRestatementsResponse, Restatement
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.reporting_service_pb2 import ClosedPeriod, PeriodTotals


def print_closed(closed: ClosedPeriod, *, as_json: bool) -> None:
    """What a period was closed with."""
    if as_json:
        printing.print_json(_closed_json(closed))
        return
    dates = f"{closed.period.start_date} – {closed.period.end_date}"
    printing.out.print(f"{closed.name}: {dates}", style="bold", markup=False)
    printing.out.print(_totals_table({"closed": closed.totals}))
    for label, names in (("replaces", [closed.replaces]), ("replaced by", closed.replaced_by)):
        if text := ", ".join(filter(None, names)):
            printing.out.print(f"  {label}: {text}", markup=False)
    printing.out.print(
        f"closed by {closed.closed_by} at {printing.time_text(closed.closed_time)}, "
        f"computed at positions {printing.positions_text(closed.closed_positions)}",
        style="dim",
    )


def print_restatements(name: str, listed: list[Restatement], last: ListRestatementsResponse, *, as_json: bool) -> None:
    """All restatements of a period, and the sums from the last page."""
    if as_json:
        printing.print_json(_restatements_json(listed, last))
        return
    table = printing.plain_table(name, "position", "h:mm:ss moved", "event, by", "served, known since")
    for one in listed:
        place = printing.positions_text([one.position])
        known = printing.whole_seconds_text(one.record_time)
        for movement in one.movements:
            classes = f"{class_name(movement.from_class)} → {class_name(movement.to_class)}"
            moved = f"{printing.hours_text(movement.seconds)}\n{classes}"
            table.add_row(place, moved, f"{one.event_type}\n{one.actor}", f"{movement.service_date}\n{known}")
    if listed:
        printing.out.print(table)
    printing.out.print(
        _totals_table({"closed": last.closed_totals, "restated": last.restated_totals, "total": last.totals})
    )
    printing.out.print(
        f"{len(listed):,} restatements behind positions {printing.positions_text(last.closed_positions)}, "
        f"up to {printing.positions_text(last.positions)}",
        style="dim",
    )


def _totals_table(told: dict[str, PeriodTotals]) -> Table:
    table = printing.plain_table("", "", *told, numbers=told)
    for measure in printing.MEASURES:
        hours = [printing.hours_text(printing.seconds_of(one.seconds, measure)) for one in told.values()]
        table.add_row(measure, *hours)
    table.add_row("entries", *(f"{one.entry_count:,}" for one in told.values()))
    return table


def _totals_json(totals: PeriodTotals) -> dict[str, int]:
    return {**printing.seconds_by_class(totals.seconds), "entry_count": totals.entry_count}


def _closed_json(closed: ClosedPeriod) -> dict[str, object]:
    return {
        "name": closed.name,
        "start_date": closed.period.start_date,
        "end_date": closed.period.end_date,
        "totals": _totals_json(closed.totals),
        "closed_positions": printing.positions_json(closed.closed_positions),
        "replaces": closed.replaces,
        "replaced_by": list(closed.replaced_by),
        "closed_by": closed.closed_by,
        "closed_time": printing.time_text(closed.closed_time),
        "closed_at": _position(closed.closed_at),
        "positions": printing.positions_json(closed.positions),
    }


def _restatements_json(listed: Iterable[Restatement], last: ListRestatementsResponse) -> dict[str, object]:
    return {
        "restatements": [_restatement_json(one) for one in listed],
        "closed_totals": _totals_json(last.closed_totals),
        "restated_totals": _totals_json(last.restated_totals),
        "totals": _totals_json(last.totals),
        "closed_positions": printing.positions_json(last.closed_positions),
        "positions": printing.positions_json(last.positions),
        "recorded_through": printing.time_text(last.recorded_through),
    }


def _restatement_json(one: Restatement) -> dict[str, object]:
    return {
        **_position(one.position),
        "event_type": one.event_type,
        "event_id": one.event_id,
        "corrects": one.corrects,
        "record_time": printing.time_text(one.record_time),
        "actor": one.actor,
        "attendance": one.attendance,
        "shift": one.shift,
        "opportunity": one.opportunity,
        "organization": one.organization,
        "movements": [
            {
                "from_class": class_name(movement.from_class),
                "to_class": class_name(movement.to_class),
                "seconds": movement.seconds,
                "service_date": movement.service_date,
                "reason": movement.reason,
            }
            for movement in one.movements
        ],
        "change": printing.seconds_by_class(one.change),
    }


def _position(one: Position) -> dict[str, int]:
    return {"partition": one.partition, "position": one.position}
