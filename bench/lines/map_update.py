"""The balance map of a million accounts: how many accounts a second change under a checkpoint, and how long proofs are.

Both bounds are absolute, so what stands on the other side is a number. `map_update` is the map's part of a checkpoint:
from the changed balances to the signed note over all of them, with every page that changes hashed, the new root
remembered by fsync and rename, and pages, balances and note written in one transaction. `map_update_with_events` is all
the keeper does for it: before that, events are read, hashed, proven to be those that were signed and understood, and
balances read and added to. Each checkpoint holds an hour of each of twenty thousand accounts, at random.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bench.ground import Ground
from bench.mapped_ledger import MappedLedger, mapped_ledger
from bench.pairing import Direction, Line, MeasurementFailed, Sides
from ledger.log_serving.map_reader import MapReader
from ledger.transparency.failures import StepFailed
from ledger.transparency.verify_balance import verify_balance_proof

ACCOUNTS: Final = 1_000_000
CHANGED_A_CHECKPOINT: Final = 20_000
CHECKPOINTS: Final = 3
CHANGED_A_SECOND_MIN: Final = 10_000.0
PROOFS: Final = 1_000
STRANGERS: Final = 100
PROOF_BYTES_MAX: Final = 2_048.0


def update_rate(ground: Ground, ledger: MappedLedger, *, with_events: bool) -> float:
    """Changed accounts a second; between checkpoints, while events are stored and signed, the clock stands still."""
    changed, seconds = ground.scaled(CHANGED_A_CHECKPOINT, least=500), 0.0
    for checkpoint in range(CHECKPOINTS + 1):
        ledger.record_and_sign(changed)
        ledger.maps.mapping_seconds = 0.0
        began = time.perf_counter()
        ledger.map_what_is_signed()
        if checkpoint:  # the first one warms up
            seconds += time.perf_counter() - began if with_events else ledger.maps.mapping_seconds
    return CHECKPOINTS * changed / seconds


@contextmanager
def update_sides(ground: Ground, *, with_events: bool = False) -> Iterator[Sides]:
    """One ledger, whose accounts change again and again."""
    with mapped_ledger(ground, ground.scaled(ACCOUNTS, least=20_000)) as ledger:
        yield Sides(
            reference=lambda: CHANGED_A_SECOND_MIN, ours=lambda: update_rate(ground, ledger, with_events=with_events)
        )


def longest_proof_bytes(ledger: MappedLedger) -> float:
    """Of a thousand, a tenth of them of strangers. Raises MeasurementFailed for one that does not hold."""
    names = [*ledger.somebody(PROOFS - STRANGERS), *(f"volunteers/stranger-{number}" for number in range(STRANGERS))]
    return float(max(asyncio.run(_proof_sizes(ledger, names))))


async def _proof_sizes(ledger: MappedLedger, names: list[str]) -> list[int]:
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(ledger.settings.database, open=False)
    async with pool:
        reader, sizes = MapReader(pool, 1), list[int]()
        for name in names:
            proven = await reader.balance_proof(name, 0, None)
            try:
                verdict = verify_balance_proof(proven.proof, name, proven.verdict.note)
            except StepFailed as failed:
                raise MeasurementFailed(f"a proof does not hold, so this run measures nothing: {failed}") from failed
            if verdict.is_known == name.startswith("volunteers/stranger-"):
                raise MeasurementFailed(f"{name} is proven to have {verdict.balance.entry_count} entries")
            sizes.append(len(proven.proof))
    return sizes


@contextmanager
def proof_sides(ground: Ground) -> Iterator[Sides]:
    """A map of as many accounts, with a signed note."""
    with mapped_ledger(ground, ground.scaled(ACCOUNTS, least=20_000)) as ledger:
        ledger.map_what_is_signed()
        yield Sides(reference=lambda: PROOF_BYTES_MAX, ours=lambda: longest_proof_bytes(ledger))


MAP_UPDATE = Line(name="map_update", unit="changed accounts/s", floor=1.0, sides=update_sides)
MAP_UPDATE_WITH_EVENTS = Line(
    name="map_update_with_events",
    unit="changed accounts/s",
    floor=0.4,
    sides=partial(update_sides, with_events=True),
)
BALANCE_PROOF_BYTES = Line(
    name="balance_proof_bytes", unit="bytes", floor=1.0, sides=proof_sides, direction=Direction.AT_MOST
)
