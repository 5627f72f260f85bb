"""GetBalance, 64 calls in flight to one server process, beside the bare echo.

Our side is not written yet; the plan: one `serve` process on a read database filled by the projections; the same load
client asks for volunteers in a shuffled order, and a sample of the answers must equal the read database's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.ground import Ground
from bench.lines.echo import bare_echo
from bench.pairing import Line, Sides
from volunteer_hours.v1 import hours_service_pb2 as hours

DISTINCT_REQUESTS = 1000


def balance_request(number: int) -> bytes:
    """The serialized question about one synthetic volunteer."""
    return hours.GetBalanceRequest(name=f"volunteers/synthetic-{number:08}").SerializeToString()


@contextmanager
def get_balance(ground: Ground) -> Iterator[Sides]:
    """The echo, sent the very requests of our side."""
    with bare_echo(ground, [balance_request(number) for number in range(DISTINCT_REQUESTS)]) as reference:
        yield Sides(reference=reference)


GET_BALANCE = Line(name="get_balance", unit="calls/s", floor=0.50, sides=get_balance)
