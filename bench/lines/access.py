"""GetBalance over TLS, with a token, recorded before the answer leaves, beside the same without any of these.

Both servers answer from one read database. At the end of a stretch every answer that was counted must stand in the
ledger of accesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.certificates import self_signed
from bench.ground import Ground
from bench.ledgers import BenchLedger
from bench.lines.balances import OPEN_SERVE, balance_filling, check_answers, get_balance_rate
from bench.lines.echo import MEASURED_SECONDS
from bench.pairing import Line, MeasurementFailed, Sides
from bench.served import served
from ledger.access_ledger.access_settings import access_settings
from ledger.event_store import heads


def accesses(ledger: BenchLedger) -> int:
    """How many are recorded."""
    with psycopg.connect(access_settings(ledger.settings).relay_database) as connection:
        return sum(head.position for head in heads(connection).values())


def recorded_rate(ground: Ground, ledger: BenchLedger, address: str, authority: str = "") -> float:
    """GetBalance calls a second. Raises MeasurementFailed if an answer was given that is not recorded."""
    before = accesses(ledger)
    rate = get_balance_rate(ground, ledger, address, authority)
    recorded = accesses(ledger) - before
    if recorded < rate * ground.seconds(MEASURED_SECONDS):
        raise MeasurementFailed(f"{rate:,.0f} calls/s were answered, and only {recorded} accesses recorded")
    return rate


@contextmanager
def whole(ground: Ground) -> Iterator[Sides]:
    """The service as it is run on a network, TLS and tokens included, beside the same that lets everybody in."""
    ledger = ground.ledgers.filled(balance_filling(ground.scaled(10_000, least=2_000)))
    certificate, key = self_signed(ground.folder)
    over_tls = ledger.settings.model_copy(update={"tls_certificate": str(certificate), "tls_key": str(key)})
    with (
        served(ground.folder, ledger.settings, "serve-open", OPEN_SERVE) as reference,
        served(ground.folder, over_tls, "serve-with-access") as ours,
    ):
        check_answers(ledger, reference.address)
        yield Sides(
            reference=lambda: get_balance_rate(ground, ledger, reference.address),
            ours=lambda: recorded_rate(ground, ledger, ours.address, str(certificate)),
        )


LINE = Line(name="get_balance_with_access", unit="calls/s", floor=0.60, sides=whole)
