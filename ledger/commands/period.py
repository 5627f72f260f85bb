"""`period`: close a period of service under a name, show what it was closed with, list what moved in it since."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

import typer

from ledger.commands import arguments
from ledger.commands.connection import Caller, connected
from ledger.commands.period_printing import print_closed, print_restatements
from volunteer_hours.v1.hours_service_pb2 import (
    GetClosedPeriodRequest,
    ListRestatementsRequest,
    ListRestatementsResponse,
    Restatement,
)
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.reporting_service_pb2 import ClosePeriodRequest
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
    data_dir: arguments.IssuerDirOption = None,
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
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        closed = ReportingServiceStub(channel).ClosePeriod(request, metadata=caller.metadata, timeout=60.0)
    print_closed(closed, as_json=as_json)


@application.command()
def show(
    name: NameArgument,
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """What a period was closed with, by whom, and what replaces it."""
    request = GetClosedPeriodRequest(name=name, positions=arguments.parse_positions(positions))
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        closed = HoursServiceStub(channel).GetClosedPeriod(request, metadata=caller.metadata, timeout=60.0)
    print_closed(closed, as_json=as_json)


@application.command()
def restatements(
    name: NameArgument,
    as_of: arguments.AsOfOption = None,
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """What moved in a closed period since it was closed, event by event, and the sums: closed, restated, both."""
    request = ListRestatementsRequest(
        parent=name,
        as_of=arguments.parse_as_of(as_of, arguments.Clock.LEDGER),
        positions=arguments.parse_positions(positions),
        page_size=PAGE_SIZE,
    )
    listed, last = _all_pages(request, arguments.caller(address, actor, language, data_dir))
    print_restatements(name, listed, last, as_json=as_json)


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
