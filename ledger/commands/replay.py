"""`replay`: the stored events themselves, byte for byte, one a line. What an auditor rebuilds every balance from."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import grpc
import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, CommandFailed, connected, explain, is_retryable
from ledger.commands.proven_pages import ProvenPages, policy_of
from volunteer_hours.v1.audit_service_pb2 import ReplayEventsRequest, ReplayEventsResponse
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

TRIES_MAX: Final = 5

PartitionOption = Annotated[int, typer.Option("--partition", min=0, help="Which partition.")]
FromOption = Annotated[int, typer.Option("--from", min=1, help="The first position wanted; where to go on from.")]
ToOption = Annotated[int, typer.Option("--to", min=0, help="The last position wanted; 0: the last there is.")]
TypeOption = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this stored name, such as hours-verified; several: any of them."),
]
HolderOption = Annotated[str, typer.Option("--holder", help="Only events of volunteers/… or opportunities/… .")]
OrganizationOption = Annotated[str, typer.Option("--organization", help="Only events that name organizations/… .")]
FromTimeOption = Annotated[
    str | None, typer.Option("--from-time", help="Only what was recorded then or later.", show_default=False)
]
UntilTimeOption = Annotated[
    str | None, typer.Option("--until-time", help="Only what was recorded before.", show_default=False)
]
ProofsOption = Annotated[
    bool, typer.Option("--proofs", help="Check each page's proof that its events are in the signed log.")
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--key", help="With --proofs: a verifier key of the log, or @FILE with one a line."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Append to this file instead of printing.", show_default=False)
]


def replay(
    partition: PartitionOption = 0,
    from_position: FromOption = 1,
    to_position: ToOption = 0,
    types: TypeOption = None,
    holder: HolderOption = "",
    organization: OrganizationOption = "",
    from_time: FromTimeOption = None,
    until_time: UntilTimeOption = None,
    proofs: ProofsOption = False,
    key: KeyOption = None,
    out: OutOption = None,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Stored events as JSON lines, in order of position. Ask again with --from to go on after a break.

    With --proofs it ends where the newest checkpoint does, and nothing is written before it is proven.
    """
    proven = ProvenPages(policy_of(key or [], partition)) if proofs else None
    if key and not proofs:
        raise typer.BadParameter("--key is what --proofs are checked with: add --proofs")
    caller = arguments.caller(address, actor, language, data_dir)
    request = ReplayEventsRequest(
        partition=partition,
        from_position=from_position,
        to_position=to_position,
        types=types,
        holder=holder,
        organization=organization,
        from_time=None if from_time is None else arguments.parse_moment(from_time),
        until_time=None if until_time is None else arguments.parse_moment(until_time),
        proofs=proofs,
    )
    count = 0
    with _target(out) as target, connected(caller) as channel, printing.progress() as bar:
        task = bar.add_task("positions", total=None)
        for page in pages(channel, caller, request):
            if proven is not None:
                proven.check(page)
            target.write(b"".join(line for event in page.events for line in (event, b"\n")))
            count += len(page.events)
            bar.update(task, completed=page.next_position - from_position)
        target.flush()
    checked = "" if proven is None else f", all of them in {proven.newest}"
    printing.remarks.print(f"{count:,} events{checked}; go on with --from {request.from_position}")


def pages(channel: grpc.Channel, caller: Caller, request: ReplayEventsRequest) -> Iterator[ReplayEventsResponse]:
    """All pages; a broken stream is taken up again where it broke, a few times.

    `request.from_position` is moved on behind each page. Raises CommandFailed.
    """
    stub = AuditServiceStub(channel)
    failures = 0
    while True:
        try:
            for page in stub.ReplayEvents(request, metadata=caller.metadata):
                _check_dense(page, request.from_position)
                yield page
                request.from_position = page.next_position
                failures = 0
            return
        except grpc.RpcError as error:
            failures += 1
            if failures == TRIES_MAX or not is_retryable(error):
                raise CommandFailed(f"{explain(error, caller)}\ngo on with --from {request.from_position}") from error
        if 0 < request.to_position < request.from_position:
            return
        time.sleep(0.2 * failures)


def _check_dense(page: ReplayEventsResponse, expected: int) -> None:
    # A hole would be a defect of the ledger: an auditor must hear of it, not find it later.
    if page.first_position != expected:
        raise CommandFailed(f"position {expected} should come next, but the service sent {page.first_position}")


@contextlib.contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    if out is None:
        yield sys.stdout.buffer
        return
    with out.open("ab") as file:
        yield file
