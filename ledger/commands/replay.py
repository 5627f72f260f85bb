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
from volunteer_hours.v1.audit_service_pb2 import ReplayEventsRequest, ReplayEventsResponse
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

TRIES_MAX: Final = 5

PartitionOption = Annotated[int, typer.Option("--partition", min=0, help="Which partition.")]
FromOption = Annotated[int, typer.Option("--from", min=1, help="The first position wanted; where to go on from.")]
ToOption = Annotated[int, typer.Option("--to", min=0, help="The last position wanted; 0: the last there is.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Append to this file instead of printing.", show_default=False)
]


def replay(
    partition: PartitionOption = 0,
    from_position: FromOption = 1,
    to_position: ToOption = 0,
    out: OutOption = None,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    language: arguments.LanguageOption = None,
) -> None:
    """Stored events as JSON lines, in order of position. Ask again with --from to go on after a break."""
    caller = arguments.caller(address, actor, language)
    request = ReplayEventsRequest(partition=partition, from_position=from_position, to_position=to_position)
    with _target(out) as target, connected(caller) as channel, printing.progress() as bar:
        task = bar.add_task("events", total=None)
        expected = from_position
        for page in pages(channel, caller, request):
            _check_dense(page, expected)
            target.write(b"".join(line for event in page.events for line in (event, b"\n")))
            expected += len(page.events)
            bar.update(task, completed=expected - from_position)
        target.flush()
    printing.remarks.print(f"{expected - from_position:,} events; go on with --from {expected}")


def pages(channel: grpc.Channel, caller: Caller, request: ReplayEventsRequest) -> Iterator[ReplayEventsResponse]:
    """All pages. A broken stream is taken up again where it broke, a few times. Raises CommandFailed."""
    stub = AuditServiceStub(channel)
    failures = 0
    while True:
        try:
            for page in stub.ReplayEvents(request, metadata=caller.metadata):
                yield page
                request.from_position = page.first_position + len(page.events)
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
