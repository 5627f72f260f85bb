"""`balance`: how many seconds somebody has in each evidence class, now, as of any moment, or with a proof to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.commands import arguments, printing
from ledger.commands.balance_proof import save_proof
from ledger.commands.connection import connected
from ledger.commands.signed_file import save_signed
from volunteer_hours.v1.hours_service_pb2 import Balance, GetBalanceRequest
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="volunteers/…, or opportunities/… for the head counts of its groups.")
]

ProofOption = Annotated[
    Path | None,
    typer.Option("--proof", help="Save a proof of all the hours, or of none, for `verify`.", show_default=False),
]


def balance(
    name: NameArgument,
    period: arguments.PeriodOption = None,
    as_of: arguments.AsOfOption = None,
    clock: arguments.ClockOption = arguments.Clock.LEDGER,
    positions: arguments.PositionsOption = None,
    proof: ProofOption = None,
    signed: arguments.SignedOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """The hours of a volunteer, or of an opportunity's group account, by evidence class."""
    if proof is not None:
        if period or as_of or signed:
            text = "a proof covers all that somebody has, at the newest size: leave out period, moment and --signed"
            raise typer.BadParameter(text)
        asker = arguments.caller(address, actor, language, data_dir)
        save_proof(asker, name, arguments.parse_positions(positions), proof, as_json=as_json)
        return
    request = GetBalanceRequest(
        name=name,
        period=arguments.parse_period(period),
        as_of=arguments.parse_as_of(as_of, clock),
        positions=arguments.parse_positions(positions),
        proof=signed is not None,
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        answer = HoursServiceStub(channel).GetBalance(request, metadata=caller.metadata, timeout=60.0)
    if signed is not None:
        save_signed(signed, answer)
    if as_json:
        printing.print_json(_json(answer))
    else:
        _print(answer)


def _json(answer: Balance) -> dict[str, object]:
    return {
        "name": answer.name,
        **printing.seconds_by_class(answer.seconds),
        "entry_count": answer.entry_count,
        "positions": printing.positions_json(answer.positions),
        "recorded_through": printing.time_text(answer.recorded_through),
    }


def _print(answer: Balance) -> None:
    table = printing.plain_table(answer.name, "evidence", "h:mm:ss", numbers=("h:mm:ss",))
    for name in printing.CLASSES:
        if seconds := printing.seconds_of(answer.seconds, name):
            table.add_row(name, printing.hours_text(seconds))
    table.add_row("recorded (all but reversed)", printing.hours_text(answer.seconds.recorded_seconds), style="bold")
    printing.out.print(table)
    printing.out.print(
        f"{answer.entry_count:,} entries at positions {printing.positions_text(answer.positions)}, "
        f"recorded through {printing.time_text(answer.recorded_through)}",
        style="dim",
    )
