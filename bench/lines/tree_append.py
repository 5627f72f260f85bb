"""The log growing by 1,024 events and one checkpoint at a time, beside bare hashing of the same events.

Our side is all that the keeper does between an event that is stored and a checkpoint that is published, reading the
events included: tiles on disk, signed with both keys, remembered. Every run begins an empty log under new keys; then
the newest checkpoint must be that of all the events, by a verifier that sees the events and the public keys alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg

from bench.ground import Ground
from bench.ledgers import BenchLedger
from bench.lines.relay import relay_filling
from bench.pairing import Line, MeasurementFailed, Sides
from bench.processes import measured_rate
from bench.references.leaf_hashing import stored_events
from ledger.log_keeping.signer_folder import VKEYS_SUFFIX
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import verify_whole_log

BATCH_EVENTS: Final = 1_024
BATCHES: Final = 90
WARM_UP_BATCHES: Final = 10
ORIGIN: Final = "bench.localhost/log/0"


def append_rate(ground: Ground, ledger: BenchLedger, batches: int) -> float:
    """Leaves a second. Raises MeasurementFailed if what was signed is not the log of the stored events."""
    empty_log(ledger)
    signer = ground.folder / f"signer-{uuid4().hex[:8]}"
    arguments = [f"--database={ledger.settings.log_keeper_database}", f"--signer-folder={signer}", f"--origin={ORIGIN}"]
    arguments += [f"--batch-events={BATCH_EVENTS}", f"--batches={batches}", f"--warm-up-batches={WARM_UP_BATCHES}"]
    rate = measured_rate(ground.folder, "bench.log_append", arguments)
    _check_log(ledger, signer, batches)
    return rate


def empty_log(ledger: BenchLedger) -> None:
    """Forget all that was made of the events, as the owner may: the next signer begins a log of its own."""
    with psycopg.connect(ledger.settings.owner_database, autocommit=True) as connection:
        connection.execute("truncate log_tiles, log_checkpoints, map_pages, map_balances, map_roots, log_balances")


def _check_log(ledger: BenchLedger, signer: Path, batches: int) -> None:
    with psycopg.connect(ledger.settings.log_keeper_database) as connection:
        rows = connection.execute("select size, checkpoint from log_checkpoints order by size").fetchall()
    sizes = [row[0] for row in rows]
    if sizes != [batch * BATCH_EVENTS for batch in range(batches + 1)]:
        raise MeasurementFailed(f"{len(sizes)} checkpoints were published, up to size {sizes[-1:]}")
    policy = read_policy((signer / f"0{VKEYS_SUFFIX}").read_text("utf-8").splitlines())
    verify_whole_log(bytes(rows[-1][1]), stored_events(ledger.settings.relay_database, sizes[-1]), policy)


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """Bare hashing reads the very same events, into memory."""
    ledger = ground.ledgers.filled(relay_filling(ground))
    batches = min(BATCHES, sum(ledger.positions().values()) // BATCH_EVENTS)
    arguments = [f"--database={ledger.settings.relay_database}", f"--events={batches * BATCH_EVENTS}"]
    yield Sides(
        reference=lambda: measured_rate(ground.folder, "bench.references.leaf_hashing", arguments),
        ours=lambda: append_rate(ground, ledger, batches),
    )


LINE = Line(name="tree_append", unit="leaves/s", floor=0.05, sides=sides)
