"""A client of ReplayEvents that reads every event: its position and its length; positions must be dense.

It keeps nothing, so its memory must stay where it was.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Final

import grpc
import msgspec

from bench.load import CHANNEL_OPTIONS
from bench.processes import print_rate
from bench.served import ACTOR, resident_mib
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

WARM_UP_EVENTS: Final = 5_000
PAGE_SIZE: Final = 1_000


class Placed(msgspec.Struct):
    """What is read of an event."""

    partition: int
    position: int


def replay(address: str, events: int, server_pid: int) -> None:
    """Read the first `events` events and print events/s, bytes, and how far the memory of both sides grew at most.

    Exits with words when a position is missing or the server has fewer events.
    """
    decode = msgspec.json.Decoder(Placed).decode
    with grpc.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        held = [resident_mib(os.getpid()), resident_mib(server_pid)]
        most = list(held)
        last, size, began_at = 0, 0, 0.0
        request = audit.ReplayEventsRequest(to_position=events, page_size=PAGE_SIZE)
        for page in AuditServiceStub(channel).ReplayEvents(request, metadata=ACTOR):
            for event in page.events:
                last += 1
                if decode(event).position != last:
                    sys.exit(f"position {last} is missing")
                size += len(event)
            if not began_at and last >= WARM_UP_EVENTS:
                began_at, warm_up = time.perf_counter(), last
            if last % (20 * PAGE_SIZE) < PAGE_SIZE:
                most = [max(most[0], resident_mib(os.getpid())), max(most[1], resident_mib(server_pid))]
        seconds = time.perf_counter() - began_at
    if last != events:
        sys.exit(f"the server sent {last} events of {events}")
    print_rate(
        (events - warm_up) / seconds,
        bytes=size,
        client_growth_mib=most[0] - held[0],
        server_growth_mib=most[1] - held[1],
    )


def main() -> None:
    """Read, and print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay_client", description=__doc__)
    parser.add_argument("--address", required=True, help="HOST:PORT of the server")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--server-pid", type=int, required=True)
    wanted = parser.parse_args()
    replay(wanted.address, wanted.events, wanted.server_pid)


if __name__ == "__main__":
    main()
