"""CheckIn: 64 calls in flight to one server process, durable on PostgreSQL, all domain rules; beside the bare echo.

Our side is not written yet; the plan: one `serve` process on a fresh database; volunteers, an opportunity and a shift
are made by ordinary commands before the clock starts; then the same load client sends each request below once, so
that every call is a new person's check-in and none is answered from its request key. Afterwards the store must hold
one event for every answered call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import NAMESPACE_URL, uuid5

from bench.ground import Ground
from bench.lines.echo import bare_echo
from bench.pairing import Line, Sides
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import resources_pb2 as resources

SHIFT = "opportunities/synthetic-lesson/shifts/synthetic-morning"
DISTINCT_REQUESTS = 1000


def check_in_request(number: int) -> bytes:
    """The serialized request of one synthetic volunteer, with a request_id of its own."""
    request = participation.CheckInRequest(
        request_id=str(uuid5(NAMESPACE_URL, f"check-in/{number}")),
        shift=SHIFT,
        volunteer=f"volunteers/synthetic-{number:08}",
        method=resources.ATTENDANCE_METHOD_QR,
    )
    return request.SerializeToString()


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The echo, sent the very requests of our side."""
    with bare_echo(ground, [check_in_request(number) for number in range(DISTINCT_REQUESTS)]) as reference:
        yield Sides(reference=reference)


LINE = Line(name="check_in", unit="calls/s", floor=0.40, sides=sides)
