"""`entries`: every movement of somebody's seconds, with the event that caused it and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import grpc
import typer
from rich.table import Table

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, connected
from ledger.commands.signed_file import save_signed
from ledger.transparency.line_grammar import base64_text
from volunteer_hours.v1.hours_service_pb2 import Entry, ListEntriesRequest, ListEntriesResponse
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.values_pb2 import EvidenceClass

PAGE_SIZE = 1000

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="volunteers/… or opportunities/… .")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many, oldest first.", show_default="all")]


def entries(
    name: NameArgument,
    period: arguments.PeriodOption = None,
    as_of: arguments.AsOfOption = None,
    clock: arguments.ClockOption = arguments.Clock.LEDGER,
    positions: arguments.PositionsOption = None,
    limit: LimitOption = 2**31,
    signed: arguments.SignedOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """The entries of a volunteer or of an opportunity's group account, in the order they were recorded.

    With --signed every page of 1,000 is signed and kept by itself: FILE, FILE.2, FILE.3 and so on.
    """
    request = ListEntriesRequest(
        parent=name,
        period=arguments.parse_period(period),
        as_of=arguments.parse_as_of(as_of, clock),
        positions=arguments.parse_positions(positions),
        proof=signed is not None,
    )
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        listed, last = list_entries(channel, caller, request, limit, signed)
    if as_json:
        grounds = {
            "positions": printing.positions_json(last.positions),
            "recorded_through": printing.time_text(last.recorded_through),
        }
        printing.print_json({"entries": [entry_json(entry) for entry in listed], **grounds})
    else:
        printing.out.print(entries_table(name, listed))


def list_entries(
    channel: grpc.Channel,
    caller: Caller,
    request: ListEntriesRequest,
    limit: int = 2**31,
    signed: Path | None = None,
) -> tuple[list[Entry], ListEntriesResponse]:
    """At most `limit` entries, page by page, and the last page for the positions it rests on; kept as `signed` says."""
    listed: list[Entry] = []
    page = ListEntriesResponse()
    for number, page in enumerate(_pages(channel, caller, request, limit), 1):
        if signed is not None:
            save_signed(signed if number == 1 else signed.with_name(f"{signed.name}.{number}"), page)
        listed += page.entries[: limit - len(listed)]
        if len(listed) >= limit:
            break
    return listed, page


def _pages(
    channel: grpc.Channel, caller: Caller, request: ListEntriesRequest, limit: int
) -> Iterator[ListEntriesResponse]:
    stub = HoursServiceStub(channel)
    request.page_size = min(PAGE_SIZE, limit)
    while True:
        page = stub.ListEntries(request, metadata=caller.metadata, timeout=60.0)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def class_name(evidence: EvidenceClass.ValueType) -> str:
    """The evidence class in one word; `outside` where seconds come from outside the ledger."""
    name = EvidenceClass.Name(evidence).removeprefix("EVIDENCE_CLASS_").lower()
    return "outside" if name == "unspecified" else name


def entry_json(entry: Entry) -> dict[str, object]:
    """One entry for programs."""
    return {
        "partition": entry.position.partition,
        "position": entry.position.position,
        "entry_index": entry.entry_index,
        "event_type": entry.event_type,
        "event_id": entry.event_id,
        "from_class": class_name(entry.from_class),
        "to_class": class_name(entry.to_class),
        "seconds": entry.seconds,
        "service_date": entry.service_date,
        "reason": entry.reason,
        "attendance": entry.attendance,
        "shift": entry.shift,
        "organization": entry.organization,
        "record_time": printing.time_text(entry.record_time),
        "source_record_time": printing.time_text(entry.source_record_time)
        if entry.HasField("source_record_time")
        else None,
        "actor": entry.actor,
        "event_leaf_hash": base64_text(entry.event_leaf_hash),
    }


def entries_table(title: str, listed: list[Entry]) -> Table:
    """Entries for people: two lines each."""
    table = printing.plain_table(title, "position", "h:mm:ss moved", "event, reason", "served, known since")
    for entry in listed:
        known_since = entry.source_record_time if entry.HasField("source_record_time") else entry.record_time
        movement = f"{class_name(entry.from_class)} → {class_name(entry.to_class)}"
        table.add_row(
            f"{entry.position.partition}:{entry.position.position}",
            f"{printing.hours_text(entry.seconds)}\n{movement}",
            f"{entry.event_type}\n{entry.reason}",
            f"{entry.service_date}\n{printing.whole_seconds_text(known_since)}",
        )
    return table
