"""GetBalance, each call recorded in the ledger of accesses before its answer leaves, beside the same unrecorded.

Both servers answer from one read database. At the end of a stretch every answer that was counted must stand in the
ledger of accesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.ground import Ground
from bench.ledgers import BenchLedger
from bench.lines.balances import balance_filling, check_answers, get_balance_rate
from bench.lines.echo import MEASURED_SECONDS
from bench.pairing import Line, MeasurementFailed, Sides
from bench.served import served
from ledger.access_ledger.access_settings import access_settings
from ledger.event_store import heads


def accesses(ledger: BenchLedger) -> int:
    """How many are recorded."""
    with psycopg.connect(access_settings(ledger.settings).relay_database) as connection:
        return sum(head.position for head in heads(connection).values())


def recorded_rate(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """GetBalance calls a second. Raises MeasurementFailed if an answer was given that is not recorded."""
    before = accesses(ledger)
    rate = get_balance_rate(ground, ledger, address)
    recorded = accesses(ledger) - before
    if recorded < rate * ground.seconds(MEASURED_SECONDS):
        raise MeasurementFailed(f"{rate:,.0f} calls/s were answered, and only {recorded} accesses recorded")
    return rate


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """Two server processes on one ledger, asked in turns."""
    ledger = ground.ledgers.filled(balance_filling(ground.scaled(10_000, least=2_000)))
    unrecorded = ("bench.references.unrecorded_serve", "serve")
    with (
        served(ground.folder, ledger.settings, "serve-unrecorded", unrecorded) as reference,
        served(ground.folder, ledger.settings, "serve-recorded") as ours,
    ):
        for server in (reference, ours):
            check_answers(ledger, server.address)
        yield Sides(
            reference=lambda: get_balance_rate(ground, ledger, reference.address),
            ours=lambda: recorded_rate(ground, ledger, ours.address),
        )


LINE = Line(name="get_balance_with_access", unit="calls/s", floor=0.60, sides=sides)
