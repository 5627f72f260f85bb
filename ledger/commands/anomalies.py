"""`report anomalies`: what a human should look at, and that somebody did."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, CommandFailed, connected
from ledger.texts.anomalies import KINDS
from volunteer_hours.v1 import anomalies_pb2 as pb
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

_SECONDS_MAX: Final = 600.0
_SUBJECTS_SHOWN: Final = 6


class Kind(StrEnum):
    """What can be found."""

    SELF_VERIFICATION = "self-verification"
    MUTUAL_VERIFICATION = "mutual-verification"
    VERIFICATION_RING = "verification-ring"
    VERIFIER_SHARE = "verifier-share"
    VERIFIER_SPEED = "verifier-speed"
    VERIFIER_APPROVAL = "verifier-approval"
    ORGANIZATION_FIGURES = "organization-figures"
    IDENTICAL_TIMES = "identical-times"
    IMPOSSIBLE_TRAVEL = "impossible-travel"
    NIGHT_BURST = "night-burst"
    INFLATION = "inflation"
    GHOST_VOLUNTEERS = "ghost-volunteers"


class Outcome(StrEnum):
    """What came of a review."""

    EXPLAINED = "explained"
    CONFIRMED = "confirmed"
    FOLLOW_UP = "follow-up"


KindOption = Annotated[list[Kind] | None, typer.Option("--kind", help="Only this kind; may be given several times.")]
OrganizationOption = Annotated[str, typer.Option("--organization", help="Only what concerns organizations/… .")]
UnreviewedOption = Annotated[
    bool, typer.Option("--unreviewed", help="Only what nobody has reviewed, or what changed since.")
]
ReviewOption = Annotated[
    str, typer.Option("--review", metavar="ANOMALY", help="Record that you looked at anomalies/… .")
]
OutcomeOption = Annotated[
    Outcome | None, typer.Option("--outcome", help="With --review: what came of it.", show_default=False)
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="With --review: a code such as FAMILY_SERVES_TOGETHER, not a text about people.")
]


def report_anomalies(
    kind: KindOption = None,
    organization: OrganizationOption = "",
    period: arguments.PeriodOption = None,
    unreviewed: UnreviewedOption = False,
    review: ReviewOption = "",
    outcome: OutcomeOption = None,
    reason: ReasonOption = "",
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Patterns in the hours that a human should look at: flags, not verdicts. For administrators and auditors."""
    if bool(review) != bool(outcome and reason):
        raise typer.BadParameter("--review, --outcome and --reason belong together")
    request = pb.ListAnomaliesRequest(
        kinds=[pb.AnomalyKind.Value(f"ANOMALY_KIND_{one.name}") for one in kind or ()],
        organization=organization,
        period=arguments.parse_period(period),
        unreviewed=unreviewed,
        positions=arguments.parse_positions(positions),
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        stub = AuditServiceStub(channel)
        found = stub.ListAnomalies(request, metadata=caller.metadata, timeout=_SECONDS_MAX)
        if outcome is not None:
            reviewing = _reviewing(found, review, outcome, reason)
            reviewed = stub.ReviewAnomaly(reviewing, metadata=caller.metadata, timeout=_SECONDS_MAX)
            _print_reviewed(reviewed, as_json)
            return
    if as_json:
        printing.print_json(MessageToDict(found, preserving_proto_field_name=True))
    else:
        _print(found, caller)


def _reviewing(found: pb.ListAnomaliesResponse, name: str, outcome: Outcome, reason: str) -> pb.ReviewAnomalyRequest:
    """What the reviewer saw goes along. Raises CommandFailed for what is not in the answer."""
    for one in found.anomalies:
        if one.name == name:
            return pb.ReviewAnomalyRequest(
                request_id=str(uuid.uuid4()),
                kind=one.kind,
                subjects=one.subjects,
                period=one.period,
                outcome=pb.AnomalyOutcome.Value(f"ANOMALY_OUTCOME_{outcome.name}"),
                reason=reason,
                event_count=one.event_count,
                seconds=one.seconds,
            )
    raise CommandFailed(f"{name} is not among what is found now; ask with the same --kind and --period that showed it")


def _print_reviewed(reviewed: pb.ReviewedAnomaly, as_json: bool) -> None:
    if as_json:
        printing.print_json(MessageToDict(reviewed, preserving_proto_field_name=True))
        return
    outcome = _plain(pb.AnomalyOutcome.Name(reviewed.review.outcome), "ANOMALY_OUTCOME_")
    said = f"{reviewed.name}: {outcome}, {reviewed.review.reason}, by {reviewed.review.reviewer}"
    printing.out.print(said, markup=False)


def _print(found: pb.ListAnomaliesResponse, caller: Caller) -> None:
    arabic = caller.language == arguments.Language.ARABIC.value
    for one in found.anomalies:
        words = KINDS[pb.AnomalyKind.Name(one.kind).removeprefix("ANOMALY_KIND_").lower()]
        state = _plain(pb.AnomalyState.Name(one.state), "ANOMALY_STATE_")
        printing.out.print(f"{words.ar if arabic else words.en}  {one.name}  {state}", style="bold", markup=False)
        printing.out.print(f"  {one.rule.ar if arabic else one.rule.en}", markup=False)
        more = len(one.subjects) - _SUBJECTS_SHOWN
        subjects = ", ".join(one.subjects[:_SUBJECTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        printing.out.print(f"  {subjects}", markup=False)
        places = printing.positions_text(event.position for event in one.events)
        printing.out.print(f"  events {places}, {one.event_count:,} in all", style="dim", markup=False)
    for count in found.counts:
        kind = _plain(pb.AnomalyKind.Name(count.kind), "ANOMALY_KIND_")
        left_out = f", {count.left_out_count:,} of them not shown" if count.left_out_count else ""
        printing.out.print(f"{kind}: {count.found_count:,}{left_out}")
    if found.cut_facts:
        printing.out.print(f"only the largest were looked at of: {', '.join(found.cut_facts)}")
    printing.out.print(
        f"flags, not verdicts; computed at positions {printing.positions_text(found.positions)}", style="dim"
    )


def _plain(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")
