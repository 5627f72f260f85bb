"""What a command and a balance question cost with a million volunteers, beside ten thousand.

Both ledgers are filled alike and served alike, each by a process of its own; the same load asks both in turns. A cost
is microseconds a call. That of commands is the geometric mean of two: a check-in (streams folded, constraint rows and
keys looked up, one call each) and a recorded attendance in a page (nearly all of it is the store's work).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bench.ground import Ground
from bench.ledgers import BenchLedger
from bench.lines.balances import balance_filling, check_answers, get_balance_rate
from bench.lines.check_in import check_in_rate
from bench.lines.record_attendances import record_rate
from bench.pairing import Direction, Line, Sides
from bench.served import Served, served

FEW: Final = 10_000
MANY: Final = 1_000_000
COST_RATIO_MAX: Final = 1.5

Rate = Callable[[Ground, BenchLedger, str], float]


@contextmanager
def both(ground: Ground, name: str) -> Iterator[tuple[tuple[BenchLedger, Served], tuple[BenchLedger, Served]]]:
    """The ledger with few and the ledger with many, each with its server."""
    few = ground.ledgers.filled(balance_filling(ground.scaled(FEW, least=2_000)))
    many = ground.ledgers.filled(balance_filling(ground.scaled(MANY, least=20_000)))
    with (
        served(ground.folder, few.settings, f"serve-{name}-few") as few_server,
        served(ground.folder, many.settings, f"serve-{name}-many") as many_server,
    ):
        yield (few, few_server), (many, many_server)


@contextmanager
def command_cost(ground: Ground) -> Iterator[Sides]:
    """Check-ins and pages of attendances."""

    def cost(ledger: BenchLedger, server: Served) -> float:
        rates: tuple[Rate, Rate] = (check_in_rate, record_rate)
        return 1e6 / math.prod(rate(ground, ledger, server.address) for rate in rates) ** 0.5

    with both(ground, "commands") as (few, many):
        yield Sides(reference=lambda: cost(*few), ours=lambda: cost(*many))


@contextmanager
def balance_cost(ground: Ground) -> Iterator[Sides]:
    """GetBalance, of volunteers all over the range."""

    def cost(ledger: BenchLedger, server: Served) -> float:
        return 1e6 / get_balance_rate(ground, ledger, server.address)

    with both(ground, "balances") as (few, many):
        for ledger, server in (few, many):
            check_answers(ledger, server.address)
        yield Sides(reference=lambda: cost(*few), ours=lambda: cost(*many))


COMMAND_COST = Line(
    name="command_cost_at_scale",
    unit="µs a command",
    floor=COST_RATIO_MAX,
    sides=command_cost,
    direction=Direction.AT_MOST,
)
BALANCE_COST = Line(
    name="balance_cost_at_scale",
    unit="µs a question",
    floor=COST_RATIO_MAX,
    sides=balance_cost,
    direction=Direction.AT_MOST,
)
