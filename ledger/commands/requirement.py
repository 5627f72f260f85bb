"""`requirement`: does somebody meet a requirement, what counted, what is missing, and under which rules?"""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from ledger.commands.entries import class_name
from ledger.commands.signed_file import save_signed
from ledger.texts.requirement_command import TEXTS
from volunteer_hours.v1.hours_service_pb2 import CheckRequirementRequest, RequirementCheck
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.policy_service_pb2 import RequirementPeriod

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="volunteers/… .")]
RuleOption = Annotated[
    str, typer.Option("--rule", help="policies/…, or exactly one version of it: policies/…/versions/2.")
]
DateOption = Annotated[
    str,
    typer.Option(
        "--date",
        help="A date in the period asked about, such as 2026-11-23; by default that of the newest service.",
        show_default=False,
    ),
]


def requirement(
    name: NameArgument,
    rule: RuleOption,
    date: DateOption = "",
    as_of: arguments.AsOfOption = None,
    clock: arguments.ClockOption = arguments.Clock.LEDGER,
    positions: arguments.PositionsOption = None,
    signed: arguments.SignedOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Whether a volunteer meets a requirement, such as 40 verified hours to graduate."""
    request = CheckRequirementRequest(
        name=name,
        requirement=rule,
        date=date,
        as_of=arguments.parse_as_of(as_of, clock),
        positions=arguments.parse_positions(positions),
        proof=signed is not None,
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        answer = HoursServiceStub(channel).CheckRequirement(request, metadata=caller.metadata, timeout=60.0)
    if signed is not None:
        save_signed(signed, answer)
    if as_json:
        printing.print_json(_json(answer))
    else:
        _print(answer, {key: text.of("ar" if caller.language == "ar" else "en") for key, text in TEXTS.items()})


def _period(answer: RequirementCheck) -> str:
    return RequirementPeriod.Name(answer.period_kind).removeprefix("REQUIREMENT_PERIOD_").lower()


def _json(answer: RequirementCheck) -> dict[str, object]:
    return {
        "name": answer.name,
        "requirement": answer.requirement,
        "requirement_source": answer.requirement_source,
        "met": answer.met,
        "level": answer.level,
        "next_level": answer.next_level,
        "counted_seconds": answer.counted_seconds,
        "missing_seconds": answer.missing_seconds,
        "excluded_seconds": answer.excluded_seconds,
        "measure_classes": [class_name(one) for one in answer.measure_classes],
        "period_kind": _period(answer),
        "start_date": answer.period.start_date,
        "end_date": answer.period.end_date,
        "entry_count": answer.entry_count,
        "positions": printing.positions_json(answer.positions),
        "recorded_through": printing.time_text(answer.recorded_through),
    }


def _print(answer: RequirementCheck, words: dict[str, str]) -> None:
    verdict = words["met" if answer.met else "unmet"]
    if answer.level:
        verdict += f", {words['level'].format(level=answer.level)}"
    printing.out.print(f"{answer.name}: {verdict}", style="bold", markup=False)
    lines = [(words["counted"], printing.hours_text(answer.counted_seconds))]
    if answer.next_level:
        missing = words["missing"].format(level=answer.next_level)
        lines.append((missing, printing.hours_text(answer.missing_seconds)))
    if answer.excluded_seconds:
        lines.append((words["excluded"], printing.hours_text(answer.excluded_seconds)))
    first = answer.period.start_date or words["open"]
    lines += [
        (words["classes"], ", ".join(class_name(one) for one in answer.measure_classes)),
        (words["period"], f"{first} – {answer.period.end_date} ({_period(answer)})"),
        (words["rules"], answer.requirement),
        (words["source"], answer.requirement_source),
    ]
    for label, value in lines:
        printing.out.print(f"  {label}: {value}", markup=False)
    printing.out.print(
        f"{answer.entry_count:,} entries at positions {printing.positions_text(answer.positions)}, "
        f"recorded through {printing.time_text(answer.recorded_through)}",
        style="dim",
    )
