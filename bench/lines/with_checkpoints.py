"""Check-ins while a keeper signs checkpoints over them, beside the same without it: what the log costs recording.

The keeper is the process that people run, on the same database, with all it does beside signing; it has caught up
before a stretch begins. Its promise must hold meanwhile: at the end of a stretch at most five seconds pass until a
checkpoint holds the last command, and at least one was signed every five seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import psycopg

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.lines.check_in import check_in_rate
from bench.lines.tree_append import empty_log
from bench.pairing import Line, MeasurementFailed, Sides
from bench.served import ledger_process, served
from ledger.child_process import ChildProcess

BEHIND_SECONDS_MAX: Final = 5.0
CATCH_UP_SECONDS_MAX: Final = 120.0
LOOK_SECONDS: Final = 0.05

_LOG: Final = """
    select coalesce(max(size), 0), count(*), coalesce((select size from log_balances where partition = 0), 0)
    from log_checkpoints where partition = 0
"""


@dataclass(frozen=True, slots=True)
class LogState:
    """The log as everybody sees it."""

    size: int
    checkpoints: int
    mapped_size: int
    """How far balances are mapped and signed."""


def log_state(ledger: BenchLedger) -> LogState:
    """Of the first partition."""
    with psycopg.connect(ledger.settings.log_keeper_database) as connection:
        return LogState(*connection.execute(_LOG).fetchall()[0])


@contextmanager
def keeping(ground: Ground, ledger: BenchLedger) -> Iterator[ChildProcess]:
    """A keeper at work until the block ends."""
    keeper = ledger_process(ground.folder, ledger.settings, "keep-log", ["ledger.log_keeping.keeper"])
    keeper.start()
    try:
        yield keeper
    finally:
        ended_with = keeper.stop()
    if ended_with != 0:
        raise MeasurementFailed(f"the keeper ended with {ended_with}:\n{keeper.log_tail()}")


def catch_up(ledger: BenchLedger, keeper: ChildProcess, seconds_max: float, *, mapped: bool = False) -> None:
    """Wait until a checkpoint, or with `mapped` the map of balances, holds all that is stored.

    Raises MeasurementFailed if it takes longer.
    """
    wanted, deadline = ledger.positions()[0], time.monotonic() + seconds_max
    while (state := log_state(ledger)).size < wanted or (mapped and state.mapped_size < wanted):
        if not keeper.running or time.monotonic() > deadline:
            raise MeasurementFailed(f"after {seconds_max} s {state} is behind {wanted} events:\n{keeper.log_tail()}")
        time.sleep(LOOK_SECONDS)


def rate_with_checkpoints(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """Check-ins a second. Raises MeasurementFailed if the keeper fell behind."""
    began: list[tuple[int, float]] = []
    with keeping(ground, ledger) as keeper:

        def caught_up() -> None:
            # What the other stretches left, and this day's registrations: none of it is to be done while we measure.
            catch_up(ledger, keeper, CATCH_UP_SECONDS_MAX, mapped=True)
            began.append((log_state(ledger).checkpoints, time.monotonic()))

        rate = check_in_rate(ground, ledger, address, opened=caught_up)
        catch_up(ledger, keeper, BEHIND_SECONDS_MAX)
        for checkpoints, at in began:
            signed, seconds = log_state(ledger).checkpoints - checkpoints, time.monotonic() - at
            if signed < max(1, seconds // BEHIND_SECONDS_MAX):
                raise MeasurementFailed(f"only {signed} checkpoints were signed in {seconds:.1f} s")
    return rate


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """One server process on some thousand volunteers; the keeper is there for every second stretch."""
    ledger = ground.ledgers.filled(Filling(ground.scaled(20_000, least=2_000)))
    empty_log(ledger)
    signer = ground.folder / f"signer-{uuid4().hex[:8]}"
    ledger.settings = ledger.settings.model_copy(update={"signer_folder": str(signer)})
    with served(ground.folder, ledger.settings, "serve-with-checkpoints") as server:
        yield Sides(
            reference=lambda: check_in_rate(ground, ledger, server.address),
            ours=lambda: rate_with_checkpoints(ground, ledger, server.address),
        )


LINE = Line(name="commands_with_checkpoints", unit="calls/s", floor=0.90, sides=sides)
