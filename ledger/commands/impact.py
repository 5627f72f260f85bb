"""`report impact`: what volunteering did in a period, as tables and bars in the terminal or as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict
from rich.text import Text as Words

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from ledger.commands.statement_printing import write_file
from ledger.impact.presenting import Chart, Rows, presented
from ledger.texts.text import Text
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.impact_service_pb2_grpc import ImpactServiceStub

_SECONDS_MAX: Final = 300.0
_BAR_COLUMNS: Final = 28
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


class Format(StrEnum):
    """A file's format."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


PeriodOption = Annotated[
    str, typer.Option("--period", help="Service dates: 2023, 2023-06, 2023-06-08, or 2023-01-01..2023-06-30.")
]
PersonsMinOption = Annotated[
    int, typer.Option("--persons-min", min=0, max=1000, help="Groups of fewer people stand together; 0 means 5.")
]
PersonsOption = Annotated[
    bool, typer.Option("--persons", help="By age, gender and residency, too: opens each person's seals.")
]
RatesOption = Annotated[str, typer.Option("--rates", help="What hours are worth, by policies/… .")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="Write a file; by default --out's ending says it.", show_default=False)
]
OutOption = Annotated[Path | None, typer.Option("--out", help="The file to write.", show_default=False)]


def report_impact(
    period: PeriodOption,
    as_of: arguments.AsOfOption = None,
    clock: arguments.ClockOption = arguments.Clock.LEDGER,
    persons_min: PersonsMinOption = 0,
    persons: PersonsOption = False,
    rates: RatesOption = "",
    format_: FormatOption = None,
    out: OutOption = None,
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """What volunteering did in a period of service, with small groups put together: for publication."""
    if format_ is not None and out is None:
        raise typer.BadParameter("--format writes a file: say where by --out")
    request = pb.GetImpactReportRequest(
        period=arguments.parse_period(period),
        as_of=arguments.parse_as_of(as_of, clock),
        positions=arguments.parse_positions(positions),
        persons_min=persons_min,
        rates=rates,
        person_tables=persons,
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        stub = ImpactServiceStub(channel)
        if out is not None:
            wanted = pb.ExportImpactReportRequest(report=request, format=_format(format_, out))
            made = stub.ExportImpactReport(wanted, metadata=caller.metadata, timeout=_SECONDS_MAX)
            write_file(out, made.content)
            printing.remarks.print(f"wrote {out}: {len(made.content):,} bytes, {made.media_type}")
            return
        report = stub.GetImpactReport(request, metadata=caller.metadata, timeout=_SECONDS_MAX)
    if as_json:
        printing.print_json(MessageToDict(report, preserving_proto_field_name=True))
    else:
        _print(report, arabic=caller.language == arguments.Language.ARABIC.value)


def _format(chosen: Format | None, out: Path) -> pb.ImpactFormat.ValueType:
    try:
        named = chosen or Format(out.suffix.removeprefix("."))
    except ValueError:
        raise typer.BadParameter(f"--out {out}: give --format, or an ending of json, csv, xlsx or pdf") from None
    return pb.ImpactFormat.Value(f"IMPACT_FORMAT_{named.name}")


def _print(report: pb.ImpactReport, *, arabic: bool) -> None:
    def told(text: Text) -> str:
        return text.ar if arabic else text.en

    shown = presented(report)
    first = printing.plain_table(told(shown.period), "", " ", numbers=(" ",))
    for card in shown.cards:
        first.add_row(told(card.label), told(card.value))
    printing.out.print(first)
    for chart in shown.charts:
        _print_chart(chart, arabic=arabic)
    for table in shown.tables:
        _print_rows(table, arabic=arabic)
    for note in (shown.restated, *shown.notes):
        printing.out.print(told(note), style="dim", markup=False)


def _print_chart(chart: Chart, *, arabic: bool) -> None:
    title = chart.title.ar if arabic else chart.title.en
    table = printing.plain_table(title, "", "recorded", "verified", "h", numbers=("recorded", "verified"))
    for bar in chart.bars:
        label = bar.label.ar if arabic else bar.label.en
        table.add_row(Words(label), bar.recorded, bar.verified, _bar(bar.length))
    printing.out.print()
    printing.out.print(table)


def _print_rows(rows: Rows, *, arabic: bool) -> None:
    head = [one.ar if arabic else one.en for one in rows.head]
    table = printing.plain_table(rows.title.ar if arabic else rows.title.en, *head, numbers=head[1:])
    for row in rows.rows:
        table.add_row(*(Words(one.ar if arabic else one.en) for one in row))
    printing.out.print()
    printing.out.print(table)


def _bar(length: float) -> str:
    eighths = round(max(length, 0.0) * _BAR_COLUMNS * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")
