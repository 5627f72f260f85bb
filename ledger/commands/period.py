"""`period`: close a period of service under a name, show what it was closed with, list what moved in it since."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Annotated, Final

import typer
from rich.table import Table

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, connected
from ledger.commands.entries import class_name
from volunteer_hours.v1.hours_service_pb2 import (
    GetClosedPeriodRequest,
    ListRestatementsRequest,
    ListRestatementsResponse,
    Restatement,
)
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.reporting_service_pb2 import ClosedPeriod, ClosePeriodRequest, PeriodTotals
from volunteer_hours.v1.reporting_service_pb2_grpc import ReportingServiceStub

PAGE_SIZE: Final = 1_000

application = typer.Typer(
    help="Published periods: close them, show them, list what restates them.", no_args_is_help=True
)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The publication's name, such as hours-2026.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="periods/… .")]
DatesOption = Annotated[
    str, typer.Option("--period", help="Service dates: 2023, 2023-06, 2023-06-08, or 2023-01-01..2023-06-30.")
]
ReplacesOption = Annotated[
    str, typer.Option("--replaces", help="The closed period with the same dates that this one restates.")
]


@application.command()
def close(
    id_: IdArgument,
    period: DatesOption,
    replaces: ReplacesOption = "",
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    language: arguments.LanguageOption = None,
) -> None:
    """Name a period with its sums and the positions they were computed at. Later corrections show as restatements."""
    request = ClosePeriodRequest(
        request_id=str(uuid.uuid4()),
        period_id=id_,
        period=arguments.parse_period(period),
        replaces=replaces,
        positions=arguments.parse_positions(positions),
    )
    caller = arguments.caller(address, actor, language)
    with connected(caller) as channel:
        closed = ReportingServiceStub(channel).ClosePeriod(request, metadata=caller.metadata, timeout=60.0)
    _print_closed(closed, as_json=as_json)


@application.command()
def show(
    name: NameArgument,
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    language: arguments.LanguageOption = None,
) -> None:
    """What a period was closed with, by whom, and what replaces it."""
    request = GetClosedPeriodRequest(name=name, positions=arguments.parse_positions(positions))
    caller = arguments.caller(address, actor, language)
    with connected(caller) as channel:
        closed = HoursServiceStub(channel).GetClosedPeriod(request, metadata=caller.metadata, timeout=60.0)
    _print_closed(closed, as_json=as_json)


@application.command()
def restatements(
    name: NameArgument,
    as_of: arguments.AsOfOption = None,
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    language: arguments.LanguageOption = None,
) -> None:
    """What moved in a closed period since it was closed, event by event, and the sums: closed, restated, both."""
    request = ListRestatementsRequest(
        parent=name,
        as_of=arguments.parse_as_of(as_of, arguments.Clock.LEDGER),
        positions=arguments.parse_positions(positions),
        page_size=PAGE_SIZE,
    )
    listed, last = _all_pages(request, arguments.caller(address, actor, language))
    if as_json:
        printing.print_json(_restatements_json(listed, last))
    else:
        _print_restatements(name, listed, last)


def _all_pages(request: ListRestatementsRequest, caller: Caller) -> tuple[list[Restatement], ListRestatementsResponse]:
    listed: list[Restatement] = []
    with connected(caller) as channel:
        stub = HoursServiceStub(channel)
        while True:
            page = stub.ListRestatements(request, metadata=caller.metadata, timeout=60.0)
            listed += page.restatements
            if not page.next_page_token:
                return listed, page
            request.page_token = page.next_page_token


def _print_closed(closed: ClosedPeriod, *, as_json: bool) -> None:
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


def _print_restatements(name: str, listed: list[Restatement], last: ListRestatementsResponse) -> None:
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
