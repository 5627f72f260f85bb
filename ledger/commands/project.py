"""`project`: how far a project that donors and volunteers support has got."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict
from rich.text import Text

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from ledger.domain.currencies import EXPONENTS
from volunteer_hours.v1 import project_service_pb2 as pb
from volunteer_hours.v1.project_service_pb2_grpc import ProjectServiceStub

TIMEOUT_SECONDS: Final = 60.0

application = typer.Typer(
    help="Projects that donors and volunteers support together: their progress.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="projects/… .")]
VolunteersOption = Annotated[bool, typer.Option("--volunteers", help="Count the names with verified hours, too.")]


@application.command()
def show(
    name: NameArgument,
    volunteers: VolunteersOption = False,
    as_of: arguments.AsOfOption = None,
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Hours and donations of a project, by partner and platform, beside its goals."""
    request = pb.GetProjectProgressRequest(
        name=name,
        as_of=arguments.parse_as_of(as_of, arguments.Clock.LEDGER),
        positions=arguments.parse_positions(positions),
        count_volunteers=volunteers,
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        told = ProjectServiceStub(channel).GetProjectProgress(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    if as_json:
        printing.print_json(
            MessageToDict(told, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        )
    else:
        _print(told, volunteers=volunteers)


def _print(told: pb.ProjectProgress, *, volunteers: bool) -> None:
    project = told.project
    state = pb.ProjectState.Name(project.state).removeprefix("PROJECT_STATE_").lower()
    period = f", service of {project.period.start_date or '…'} to {project.period.end_date or '…'}"
    title = project.title.en or project.title.ar
    _line(f"{project.name}: {title} ({state}{period if project.HasField('period') else ''})")
    if told.HasField("hours_reached"):
        verified, goal = told.seconds.verified_seconds, project.goal_seconds
        _line(f"  hours: {printing.hours_text(verified)} of {printing.hours_text(goal)} ({_percent(verified, goal)})")
    if told.HasField("money_reached"):
        net = sum(one.sums.net_minor_units for one in told.donations if one.currency == project.currency)
        exponent = EXPONENTS[project.currency]
        goal_text = f"{money_text(project.goal_minor_units, exponent)} {project.currency}"
        _line(f"  money: {money_text(net, exponent)} of {goal_text} ({_percent(net, project.goal_minor_units)})")
    if volunteers:
        _line(f"  volunteers with verified hours: {told.volunteer_count:,}")
    _print_hours(told)
    _print_money(told)
    printing.remarks.print(f"at {printing.positions_text(told.positions)}")


def _print_hours(told: pb.ProjectProgress) -> None:
    if not told.partners:
        return
    columns = ("verified", "attended", "disputed")
    table = printing.plain_table("hours", "partner", *columns, numbers=columns)
    for one in told.partners:
        cells = (printing.hours_text(printing.seconds_of(one.seconds, measure)) for measure in columns)
        table.add_row(Text(one.organization), *cells)
    printing.out.print(table)


def _print_money(told: pb.ProjectProgress) -> None:
    if not told.donations:
        return
    columns = ("donations", "given", "refunded", "net")
    table = printing.plain_table("donations", "currency", "reported by", *columns, numbers=columns)
    for one in told.donations:
        for platform in one.platforms:
            table.add_row(one.currency, Text(platform.platform), *_cells(platform.sums, one.exponent))
        table.add_row(one.currency, "all", *_cells(one.sums, one.exponent))
    printing.out.print(table)


def _cells(sums: pb.DonationSums, exponent: int) -> list[str]:
    amounts = (sums.given_minor_units, sums.refunded_minor_units, sums.net_minor_units)
    return [f"{sums.donation_count:,}", *(money_text(amount, exponent) for amount in amounts)]


def money_text(minor_units: int, exponent: int) -> str:
    """Exact, in whole units of the currency: 1234567 with exponent 2 is 12,345.67."""
    whole, rest = divmod(minor_units, 10**exponent)
    return f"{whole:,}.{rest:0{exponent}}" if exponent else f"{whole:,}"


def _percent(reached: int, goal: int) -> str:
    """Rounded down: 100 % is the goal reached."""
    return f"{reached * 100 // goal} %"


def _line(text: str) -> None:
    printing.out.print(text, markup=False)
