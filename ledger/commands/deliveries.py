"""`deliveries`: who is to have which hours, how far behind they are, and what they refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.text import Text

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, connected
from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1.delivery_service_pb2_grpc import DeliveryServiceStub

TIMEOUT_SECONDS: Final = 60.0
STALLED: Final = 1
"""Exit code."""
STALL_AFTER_DEFAULT: Final = 86_400
FIELDS: Final = {
    "receiver_position": pb.DELIVERY_FIELD_RECEIVER_POSITION,
    "volunteer": pb.DELIVERY_FIELD_VOLUNTEER,
    "times": pb.DELIVERY_FIELD_TIMES,
}

application = typer.Typer(help="Hours that other systems must have: who is behind, and why.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="subscriptions/… .")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="What the subscription is called.")]
ClientOption = Annotated[str, typer.Option("--client", help="Id of the client that pulls and acknowledges.")]
OrganizationOption = Annotated[
    list[str] | None, typer.Option("--organization", help="Whose hours; none: all.", show_default=False)
]
SecondsMaxOption = Annotated[int, typer.Option("--seconds-max", min=0, help="The most one record may hold; 0: any.")]
RequireOption = Annotated[
    list[str] | None,
    typer.Option("--require", help="receiver_position, volunteer or times; may be repeated.", show_default=False),
]
PositionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--receiver-position",
        help="What the receiver calls the work: WORD, or NAME=WORD for a shift, an opportunity or who offers it.",
        show_default=False,
    ),
]
StallOption = Annotated[int, typer.Option("--stall-after", min=1, help="Seconds without progress that are an alarm.")]
OpenOption = Annotated[bool, typer.Option("--include-open", help="Open pieces that can be sent now, too.")]


@application.command("list")
def list_(
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Every receiver and how far it is behind; exit code 1 while one is stalled."""
    caller = arguments.caller(address, actor, language, data_dir)
    lags: list[pb.DeliveryLag] = []
    request = pb.ListLagsRequest()
    with connected(caller) as channel:
        while True:
            page = DeliveryServiceStub(channel).ListLags(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS)
            lags += page.lags
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    _tell_lags(lags, as_json)


@application.command()
def lag(
    name: NameArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """How far one receiver is behind; exit code 1 while it is stalled."""
    _tell_lags([_lag(name, arguments.caller(address, actor, language, data_dir))], as_json)


@application.command()
def show(
    name: NameArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """A receiver's limits, and up to where it acknowledged; exit code 1 while it is stalled."""
    told = _lag(name, arguments.caller(address, actor, language, data_dir))
    if as_json:
        printing.print_json(_plain(told))
    else:
        _print_subscription(told.subscription)
        _print_lags([told])
    _end(told.stalled)


@application.command("open")
def open_(
    id_: IdArgument,
    client: ClientOption,
    organization: OrganizationOption = None,
    seconds_max: SecondsMaxOption = 0,
    require: RequireOption = None,
    receiver_position: PositionOption = None,
    stall_after: StallOption = STALL_AFTER_DEFAULT,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Let a client have hours, from the first one in the ledger on."""
    request = pb.OpenSubscriptionRequest(
        request_id=str(uuid.uuid4()),
        subscription_id=id_,
        client=f"clients/{client}",
        organizations=organization or (),
        limits=_limits(seconds_max, require, receiver_position, stall_after),
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        told = DeliveryServiceStub(channel).OpenSubscription(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS)
    _tell_subscription(told, as_json)


@application.command()
def change(
    name: NameArgument,
    seconds_max: SecondsMaxOption = 0,
    require: RequireOption = None,
    receiver_position: PositionOption = None,
    stall_after: StallOption = STALL_AFTER_DEFAULT,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Replace all limits of a receiver."""
    limits = _limits(seconds_max, require, receiver_position, stall_after)
    request = pb.UpdateSubscriptionRequest(request_id=str(uuid.uuid4()), name=name, limits=limits)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        told = DeliveryServiceStub(channel).UpdateSubscription(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    _tell_subscription(told, as_json)


@application.command()
def close(
    name: NameArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Deliver nothing more."""
    request = pb.CloseSubscriptionRequest(request_id=str(uuid.uuid4()), name=name)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        told = DeliveryServiceStub(channel).CloseSubscription(
            request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )
    _tell_subscription(told, as_json)


@application.command()
def pull(
    name: NameArgument,
    include_open: OpenOption = False,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """The next page that a receiver is given; nothing is acknowledged. Whose hours it tells is recorded."""
    caller = arguments.caller(address, actor, language, data_dir)
    request = pb.PullRequest(name=name, include_open=include_open)
    with connected(caller) as channel:
        page = DeliveryServiceStub(channel).Pull(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS)
    if as_json:
        printing.print_json(_plain(page))
        return
    table = printing.plain_table(name, "piece", "holder", "date", "from", "to", "time", numbers=("time",))
    for one in page.pieces:
        classes = (_class(one.from_class), _class(one.to_class))
        table.add_row(one.piece, Text(one.holder), one.service_date, *classes, printing.hours_text(one.seconds))
    printing.out.print(table)
    for held in page.held:
        printing.out.print(f"not sent: {held.piece} ({held.reason})", markup=False)
    printing.remarks.print(f"at {printing.positions_text(page.positions)}; more: {'yes' if page.more else 'no'}")


@application.command()
def refused(
    name: NameArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """What a receiver has not got, piece by piece, and why."""
    caller = arguments.caller(address, actor, language, data_dir)
    found: list[pb.OpenPiece] = []
    request = pb.ListRefusalsRequest(parent=name, page_size=1_000)
    with connected(caller) as channel:
        while True:
            page = DeliveryServiceStub(channel).ListRefusals(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS)
            found += page.open_pieces
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    if as_json:
        printing.print_json([_plain(one) for one in found])
        return
    table = printing.plain_table(name, "piece", "time", "since", "why", "by", numbers=("time",))
    for one in found:
        since = printing.whole_seconds_text(one.open_time)
        by = "not sent" if one.held else "receiver"
        table.add_row(one.piece, printing.hours_text(one.seconds), since, Text(one.reason), by)
    printing.out.print(table)


def _lag(name: str, caller: Caller) -> pb.DeliveryLag:
    with connected(caller) as channel:
        return DeliveryServiceStub(channel).GetLag(
            pb.GetLagRequest(name=name), metadata=caller.metadata, timeout=TIMEOUT_SECONDS
        )


def _limits(
    seconds_max: int, required: list[str] | None, positions: list[str] | None, stall_after: int
) -> pb.DeliveryLimits:
    limits = pb.DeliveryLimits(seconds_max=seconds_max, stall_after_seconds=stall_after)
    for name in required or ():
        if name not in FIELDS:
            raise typer.BadParameter(f"give {', '.join(FIELDS)}", param_hint="--require")
        limits.required_fields.append(FIELDS[name])
    for text in positions or ():
        done_for, is_named, word = text.rpartition("=")
        limits.receiver_positions.add(done_for=done_for if is_named else "", receiver_position=word)
    return limits


def _tell_lags(lags: list[pb.DeliveryLag], as_json: bool) -> None:
    if as_json:
        printing.print_json([_plain(one) for one in lags])
    else:
        _print_lags(lags)
    _end(any(one.stalled for one in lags))


def _print_lags(lags: Iterable[pb.DeliveryLag]) -> None:
    numbers = ("behind", "time behind", "waits s", "open", "time open", "taken")
    table = printing.plain_table("deliveries", "subscription", *numbers, "state", numbers=numbers)
    for one in lags:
        state = "stalled" if one.stalled else pb.SubscriptionState.Name(one.subscription.state).split("_")[-1].lower()
        table.add_row(
            Text(one.subscription.name),
            f"{one.entries_behind:,}",
            printing.hours_text(one.seconds_behind),
            f"{one.lag_seconds:,}",
            f"{one.open_pieces:,}",
            printing.hours_text(one.open_seconds),
            printing.hours_text(one.taken_seconds),
            state,
        )
    printing.out.print(table)


def _tell_subscription(told: pb.Subscription, as_json: bool) -> None:
    if as_json:
        printing.print_json(_plain(told))
    else:
        _print_subscription(told)


def _print_subscription(told: pb.Subscription) -> None:
    limits = told.limits
    most = printing.hours_text(limits.seconds_max) if limits.seconds_max else "any length"
    required = ", ".join(
        pb.DeliveryField.Name(one).removeprefix("DELIVERY_FIELD_").lower() for one in limits.required_fields
    )
    state = pb.SubscriptionState.Name(told.state).split("_")[-1].lower()
    for line in (
        f"{told.name}: for {told.client} ({state})",
        f"  hours of: {', '.join(told.organizations) or 'all'}",
        f"  limits, version {told.limits_version}: a record of {most}; required: {required or 'nothing'}; "
        f"alarm after {limits.stall_after_seconds} s",
        *(f"  {one.done_for or 'else'}: {one.receiver_position}" for one in limits.receiver_positions),
        *(f"  acknowledged: {one.partition}:{one.position}, entry {one.entry_index}" for one in told.acknowledged),
    ):
        printing.out.print(line, markup=False)


def _class(number: int) -> str:
    return ("outside", *printing.CLASSES)[number]


def _plain(message: Message) -> dict[str, object]:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def _end(stalled: bool) -> None:
    if stalled:
        raise typer.Exit(STALLED)
