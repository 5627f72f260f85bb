"""`report`: hours by one dimension, and what they are worth. It asks the service and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import grpc
import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, CommandFailed, connected
from ledger.commands.hours_report import Ask, Dimension, Question, Report, Valued, report_of
from ledger.commands.reproduction import Reproduction, reproduce
from ledger.commands.signed_file import save_signed
from ledger.importing.leeds2023_history import HistoryUnreadable
from ledger.importing.leeds2023_requests import ORGANIZATION
from ledger.importing.published_totals import PublishedTotal, read_published_totals
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.values_pb2 import EvidenceClass


class Measure(StrEnum):
    """What a report counts: one evidence class, or `recorded`, the only sum across classes."""

    RECORDED = "recorded"
    CLAIMED = "claimed"
    ATTENDED = "attended"
    VERIFIED = "verified"
    DISPUTED = "disputed"
    WITHHELD = "withheld"
    REVERSED = "reversed"


class ValueClass(StrEnum):
    """Whose seconds can be worth something."""

    CLAIMED = "claimed"
    ATTENDED = "attended"
    VERIFIED = "verified"
    DISPUTED = "disputed"


MeasureOption = Annotated[Measure, typer.Option("--measure", help="Which evidence counts.")]
ByOption = Annotated[Dimension, typer.Option("--by", help="What the sums are grouped by.")]
OrganizationOption = Annotated[str, typer.Option("--organization", help="Only organizations/… .")]
OpportunityOption = Annotated[str, typer.Option("--opportunity", help="Only opportunities/… .")]
AgesOption = Annotated[
    str, typer.Option("--ages", help="With --by age-band: the lowest age of each band, such as 0,18,65.")
]
RatesOption = Annotated[
    str, typer.Option("--rates", help="What the hours are worth by policies/… or policies/…/versions/… .")
]
ValueOption = Annotated[
    list[ValueClass] | None,
    typer.Option("--value", help="With --rates: whose hours are worth something; verified if not said."),
]
AgainstOption = Annotated[
    Path | None,
    typer.Option("--against", help="Check every total of this published_totals.csv instead.", show_default=False),
]


def report(
    as_of: arguments.AsOfOption = None,
    clock: arguments.ClockOption = arguments.Clock.LEDGER,
    measure: MeasureOption = Measure.RECORDED,
    by: ByOption = Dimension.EVENT_TYPE,
    period: arguments.PeriodOption = None,
    organization: OrganizationOption = "",
    opportunity: OpportunityOption = "",
    ages: AgesOption = "",
    rates: RatesOption = "",
    value: ValueOption = None,
    against: AgainstOption = None,
    positions: arguments.PositionsOption = None,
    signed: arguments.SignedOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Sums of hours, exact to the second, as of any moment."""
    caller = arguments.caller(address, actor, language, data_dir)
    question = Question(
        by=by,
        period=arguments.parse_period(period),
        organization=organization,
        opportunity=opportunity,
        as_of=arguments.parse_as_of(as_of, clock),
        positions=arguments.parse_positions(positions),
        age_band_starts=_parse_ages(ages),
        rates=rates,
        value_classes=[EvidenceClass.Value(f"EVIDENCE_CLASS_{one.name}") for one in value or ()],
    )
    if against is not None:
        if signed is not None:
            raise typer.BadParameter("--against asks about past moments; what is signed is the newest checkpoint's")
        _check_against(caller, against, question, as_json)
        return
    request = question.request()
    request.proof = signed is not None
    with connected(caller) as channel:
        response = asking(channel, caller)(request)
    if signed is not None:
        save_signed(signed, response)
    answer = report_of(response, measure.value, by)
    if as_json:
        asked = {"as_of": as_of, "clock": clock.value, "measure": measure.value, "by": by.value}
        printing.print_json({**asked, **answer.as_json()})
    else:
        print_report(answer, by, f"{measure.value} hours" + (f" as of {as_of}, {clock.value} clock" if as_of else ""))


def _parse_ages(ages: str) -> list[int]:
    try:
        return [int(one) for one in ages.split(",")] if ages else []
    except ValueError:
        raise typer.BadParameter(f"--ages {ages}: give whole years with commas between, such as 0,18,65") from None


def asking(channel: grpc.Channel, caller: Caller) -> Ask:
    """SummarizeHours of this service, asked by this caller."""
    stub = HoursServiceStub(channel)
    return lambda request: stub.SummarizeHours(request, metadata=caller.metadata, timeout=60.0)


def print_report(report: Report, by: Dimension, title: str) -> None:
    """A table for people."""
    of_total = () if report.valued is None else report.valued.total
    currencies = [f"{one.currency}, minor units" for one in of_total]
    columns = (by.value.replace("-", " "), "h:mm:ss", "hours, rounded", *currencies)
    table = printing.plain_table(title, *columns, numbers=columns[1:])
    for one in report.groups:
        money = [f"{value.minor_units:,}" for value in one.values]
        table.add_row(one.key or "(none)", printing.hours_text(one.seconds), f"{one.hours_rounded:,}", *money)
    money = [f"{value.minor_units:,}" for value in of_total]
    total = (printing.hours_text(report.total_seconds), f"{report.total_hours_rounded:,}", *money)
    table.add_row("total", *total, style="bold")
    printing.out.print(table)
    printing.out.print("each sum is rounded to whole hours, half to even; their total is the sum of these", style="dim")
    if report.closing_date:
        what = "rates" if by is not Dimension.AGE_BAND else "ages" if report.valued is None else "ages and rates"
        printing.out.print(f"{what} as on {report.closing_date}", style="dim")
    if report.valued is not None:
        _print_rates(report.valued)
    _print_grounds(report)


def _print_rates(valued: Valued) -> None:
    printing.out.print(f"worth of {', '.join(valued.classes)} hours by {valued.rates}", style="dim")
    for one in valued.total:
        if one.unvalued_seconds:
            without = printing.hours_text(one.unvalued_seconds)
            printing.out.print(f"no rate in {one.currency} for {without} of these hours", style="dim")
    for rate in valued.used:
        dates = f"{rate.from_date} to {rate.until_date}" if rate.until_date else f"from {rate.from_date} on"
        each = f"{rate.minor_units_per_hour:,} minor units of {rate.currency} an hour"
        printing.out.print(f"rate: {each}, {dates}: {rate.source}", style="dim")


def _print_grounds(report: Report) -> None:
    printing.out.print(
        f"computed at positions {printing.positions_text(report.positions)}, "
        f"recorded through {printing.time_text(report.recorded_through)}",
        style="dim",
    )


def _check_against(caller: Caller, path: Path, question: Question, as_json: bool) -> None:
    published = published_totals(path)
    with connected(caller) as channel:
        done = reproduce_with_progress(asking(channel, caller), published, question)
    reproduced = sum(one.holds for one in done)
    if as_json:
        missed = [_missed(one) for one in done if not one.holds]
        printing.print_json({"published": len(done), "reproduced": reproduced, "missed": missed})
    else:
        print_reproductions(done)
    if reproduced < len(done):
        raise typer.Exit(1)


def published_totals(path: Path) -> list[PublishedTotal]:
    """The published totals in a file. Raises CommandFailed with what would be right."""
    try:
        return read_published_totals(path)
    except HistoryUnreadable as unreadable:
        raise CommandFailed(str(unreadable)) from unreadable


def reproduce_with_progress(ask: Ask, published: Sequence[PublishedTotal], question: Question) -> list[Reproduction]:
    """All published totals beside the ledger's answers; of the organisation LEEDS 2023 unless another is named."""
    of = Question(organization=question.organization or ORGANIZATION, positions=question.positions)
    with printing.progress() as bar:
        task = bar.add_task("asking as of each published moment", total=len(published))
        return reproduce(ask, published, of, lambda n: bar.advance(task, n))


def print_reproductions(done: Sequence[Reproduction]) -> None:
    """What differs, then the count."""
    for one in done:
        if not one.holds:
            printing.out.print(f"differs: {_missed(one)}")
    printing.out.print(f"published totals reproduced: {sum(one.holds for one in done)} of {len(done)}")


def _missed(one: Reproduction) -> dict[str, object]:
    return {
        "published_at": one.published.published_at.isoformat(),
        "published_hours": one.published.total_hours,
        "published_hours_by_event_type": dict(one.published.hours_by_event_type),
        "seconds_by_event_type": dict(one.seconds_by_event_type),
    }
