"""`save`: what the ledger knows as a file, whatever its size: CSV, XLSX, Parquet or JSON lines. docs/out.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import grpc
import typer

from ledger.commands import arguments, printing, saved_answers, saved_files
from ledger.commands.connection import Caller, connected
from ledger.commands.hours_report import Dimension, Question
from ledger.commands.saved_answers import Told
from ledger.commands.saved_files import Format, Written
from ledger.saving import tables
from ledger.saving.tables import Table
from volunteer_hours.v1.bulk_reading_pb2 import StreamAttendancesRequest, StreamEntriesRequest
from volunteer_hours.v1.positions_pb2 import AsOf, Position
from volunteer_hours.v1.values_pb2 import Period


class Saved(StrEnum):
    """What can be saved."""

    ENTRIES = "entries"
    ATTENDANCES = "attendances"
    SUMMARIES = "summaries"
    VOLUNTEERS = "volunteers"
    ORGANIZATIONS = "organizations"
    STATEMENTS = "statements"


_TABLES: Final[Mapping[Saved, Table]] = {Saved(table.kind): table for table in tables.TABLES}
_OF_A_MOMENT: Final = (Saved.ENTRIES, Saved.ATTENDANCES, Saved.SUMMARIES)
"""What can be asked as of a moment and for a period; the others are as they are now."""

WhatArgument = Annotated[Saved, typer.Argument(metavar="WHAT", help=f"One of {', '.join(Saved)}.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; - is standard output.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="By default FILE's ending says it.", show_default=False)
]
OfOption = Annotated[
    str,
    typer.Option(
        "--of",
        help="Whose: organizations/…, initiatives/…, opportunities/… or volunteers/… .",
        show_default="everybody's",
    ),
]
ByOption = Annotated[Dimension, typer.Option("--by", help="What summaries are grouped by.")]
HoursOption = Annotated[bool, typer.Option("--hours", help="A column in hours behind each one in seconds.")]
BomOption = Annotated[bool, typer.Option("--no-bom", help="CSV without the mark by which Excel knows UTF-8.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, whatever is saved."""

    of: str
    by: Dimension
    period: Period | None
    as_of: AsOf | None
    positions: list[Position]


def save(
    what: WhatArgument,
    file: FileArgument,
    format_: FormatOption = None,
    of: OfOption = "",
    period: arguments.PeriodOption = None,
    as_of: arguments.AsOfOption = None,
    clock: arguments.ClockOption = arguments.Clock.LEDGER,
    by: ByOption = Dimension.MONTH,
    hours: HoursOption = False,
    no_bom: BomOption = False,
    positions: arguments.PositionsOption = None,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Save entries, attendances, summaries, volunteers, organizations or statements to a file.

    All rows rest on one moment, which travels with the file. The file takes its name when it is whole.
    """
    _need_what_belongs_together(what, of, period, as_of, positions)
    asked = Asked(
        of,
        by,
        arguments.parse_period(period),
        arguments.parse_as_of(as_of, clock),
        arguments.parse_positions(positions),
    )
    question = {"of": of, "period": period or "", "as_of": as_of or "", "clock": clock.value if as_of else ""}
    if what is Saved.SUMMARIES:
        question["by"] = by.value
    caller = arguments.caller(address, actor, language, data_dir)
    wanted = saved_files.Wanted(
        file=file,
        format=saved_files.format_of(format_, file),
        table=_TABLES[what],
        question={key: value for key, value in question.items() if value},
        arabic=language is arguments.Language.ARABIC,
        hours=hours,
        bom=not no_bom,
    )
    with connected(caller) as channel:
        _tell(wanted, saved_files.write(wanted, _told(what)(channel, caller, asked)))


def _need_what_belongs_together(
    what: Saved, of: str, period: str | None, as_of: str | None, positions: str | None
) -> None:
    if what not in _OF_A_MOMENT and (period or as_of or positions):
        raise typer.BadParameter(f"{what} are saved as they are now: leave out --period, --as-of and --positions")
    if what is Saved.STATEMENTS and of and not of.startswith("volunteers/"):
        raise typer.BadParameter("statements are of a person, --of volunteers/…, or of all")
    if what in (Saved.VOLUNTEERS, Saved.ORGANIZATIONS) and of:
        raise typer.BadParameter(f"all {what} are saved: leave out --of")
    if what is Saved.SUMMARIES and of and not of.startswith(("organizations/", "initiatives/", "opportunities/")):
        raise typer.BadParameter("summaries are of an organisation, an initiative or an opportunity, or of all")


def _told(what: Saved) -> Callable[[grpc.Channel, Caller, Asked], Told]:
    """Asks for it."""
    return {
        Saved.ENTRIES: _entries,
        Saved.ATTENDANCES: _attendances,
        Saved.SUMMARIES: _summaries,
        Saved.VOLUNTEERS: lambda channel, caller, asked: saved_answers.volunteers(channel, caller),
        Saved.ORGANIZATIONS: lambda channel, caller, asked: saved_answers.organizations(channel, caller),
        Saved.STATEMENTS: lambda channel, caller, asked: saved_answers.statements(
            channel, caller, asked.of or "volunteers/-"
        ),
    }[what]


def _entries(channel: grpc.Channel, caller: Caller, asked: Asked) -> Told:
    request = StreamEntriesRequest(parent=asked.of, period=asked.period, as_of=asked.as_of, positions=asked.positions)
    return saved_answers.entries(channel, caller, request)


def _attendances(channel: grpc.Channel, caller: Caller, asked: Asked) -> Told:
    request = StreamAttendancesRequest(
        parent=asked.of, period=asked.period, as_of=asked.as_of, positions=asked.positions
    )
    return saved_answers.attendances(channel, caller, request)


def _summaries(channel: grpc.Channel, caller: Caller, asked: Asked) -> Told:
    of_opportunity = asked.of.startswith("opportunities/")
    question = Question(
        by=asked.by,
        period=asked.period,
        organization="" if of_opportunity else asked.of,
        opportunity=asked.of if of_opportunity else "",
        as_of=asked.as_of,
        positions=asked.positions,
    )
    return saved_answers.summaries(channel, caller, question.request())


def _tell(wanted: saved_files.Wanted, written: Written) -> None:
    basis = ",".join(f"{partition}:{position}" for partition, position in written.about.basis.positions) or "none"
    where = "" if wanted.to_standard_output else f" to {wanted.file}"
    printing.remarks.print(f"{written.about.rows:,} rows{where}, at positions {basis}", markup=False)
    if written.sheets > 1:
        printing.remarks.print(f"on {written.sheets} sheets: one holds no more", markup=False)
