"""The keeper of the log: events → hash tiles → signed checkpoints → balances; `python -m ledger.log_keeping.keeper`.

It holds no state that a crash could lose: it resumes from what the signer remembers (`signer_memory`), compared with
the store. One keeper is active on a database, by an advisory lock that PostgreSQL frees when its connection ends; it
keeps two of them from doubling their work. That no second history is signed lies with the signer's memory alone.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from ledger.database_guard import check_database
from ledger.database_rights import check_rights
from ledger.event_store import Head, heads
from ledger.garbage import look_for_cycles_less_often
from ledger.log_keeping.balances_lane import BalancesLane
from ledger.log_keeping.log_lane import BATCH_EVENTS, LogLane
from ledger.log_keeping.old_entries import WALK_SECONDS, OldEntries
from ledger.log_keeping.signer_folder import origins_of
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import LogStopped
from ledger.log_keeping.tile_store import Connection, anything_published
from ledger.log_keeping.witness_call import WitnessCaller
from ledger.logs import configure
from ledger.open_ledger import wait_until_opened
from ledger.process_end import run_as_process
from ledger.settings import Settings, WrongSetting
from ledger.told_errors import told
from ledger.transparency.log_balances import LogPartition
from ledger.witness_quorum import Quorum, quorum_of

POLL_SECONDS: Final = 0.2
LOCK_SECONDS: Final = 0.5
_LOCK: Final = 0x6C_6F_67

_log = logging.getLogger(__name__)


def run(settings: Settings, *, stop: threading.Event, once: bool = False) -> None:
    """Keep the log until `stop` is set; with `once`, until everything stored when it began is signed and published.

    Waits while the ledger is not opened yet, or while another keeper is at work.

    Raises:
        WrongSetting: a setting, the database's durability or the signer folder's rights are wrong.
        LogStopped: to go on would mean to sign a second history. Nothing is signed; a person must look.
        InvariantBroken: a position is missing in the store, or a column differs from its bytes.
        psycopg.Error, OSError: the process must end; a new one goes on from what the signer remembers.
    """
    for name in ("log_keeper_database", "signer_folder"):
        if not getattr(settings, name):
            raise WrongSetting(f"LEDGER_{name.upper()} is not set; the keeper of the log needs it")
    try:
        with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
            check_database(connection)
            check_rights(connection, "log_keeper_database")
            if wait_until_opened(connection, settings, stop):
                _keep(connection, settings, stop, once=once)
    except LogStopped as stopped:
        _log.critical("ALARM: the log is not kept any more: %s", told(stopped))
        raise


def _keep(connection: Connection, settings: Settings, stop: threading.Event, *, once: bool) -> None:
    quorum = quorum_of(settings)
    with _opened_memory(connection, settings) as memory, _callers(quorum) as callers:
        lanes = [LogLane(connection, number, memory, quorum, callers) for number in range(settings.partitions)]
        maps = [BalancesLane(connection, LogPartition(lane.partition, settings.partitions), memory) for lane in lanes]
        if _wait_for_lock(connection, lanes, stop):
            LogKeeper(connection, lanes, maps).keep(stop, once=once)


class LogKeeper:
    """One keeper at work: for each partition a lane of the log, and one of the balances under it."""

    def __init__(self, connection: Connection, lanes: list[LogLane], maps: list[BalancesLane]) -> None:
        """Compares store, signer and what is published; raises LogStopped as the lanes' `resume` do."""
        self._connection = connection
        self._lanes = lanes
        self._maps = maps
        stored = heads(connection)
        for lane in lanes:
            lane.resume(stored[lane.partition].position)
        for balances in maps:
            balances.resume()
        self._walks = [OldEntries(connection, lane) for lane in lanes]
        self._walked_at = time.monotonic()
        self._turn = 0

    def keep(self, stop: threading.Event, *, once: bool) -> None:
        """Take in what is new, sign, look at something old; when there is nothing new, look again after 200 ms."""
        goal = heads(self._connection)
        while not stop.is_set():
            stored = heads(self._connection)
            busy = False
            for lane in self._lanes:
                head = stored[lane.partition].position
                caught_up = head - lane.signed.size < BATCH_EVENTS
                busy |= lane.keep_up(head, at_once=once and caught_up)
                # A checkpoint never waits for balances: they are taken in piece by piece between.
                busy |= self._maps[lane.partition].keep_up(lane.signed if lane.is_published else None)
            if once and self._is_done(goal):
                return
            self._look_at_something_old()
            if not busy:
                stop.wait(POLL_SECONDS)

    def _is_done(self, goal: dict[int, Head]) -> bool:
        return all(
            lane.is_published
            and lane.signed.size >= goal[lane.partition].position
            and self._maps[lane.partition].told == lane.signed.size
            for lane in self._lanes
        )

    def _look_at_something_old(self) -> None:
        if time.monotonic() - self._walked_at < WALK_SECONDS:
            return
        self._walks[self._turn % len(self._walks)].walk_on()
        self._turn += 1
        self._walked_at = time.monotonic()


@contextmanager
def _opened_memory(connection: Connection, settings: Settings) -> Iterator[SignerMemory]:
    memory = SignerMemory(Path(settings.signer_folder), origins_of(settings))
    try:
        memory.open(published=anything_published(connection))
        yield memory
    finally:
        memory.close()


@contextmanager
def _callers(quorum: Quorum) -> Iterator[list[WitnessCaller]]:
    callers = [WitnessCaller(witness) for witness in quorum.witnesses]
    try:
        yield callers
    finally:
        for caller in callers:
            caller.close()


def _wait_for_lock(connection: Connection, lanes: list[LogLane], stop: threading.Event) -> bool:
    while not stop.is_set():
        row = connection.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if row is not None and row[0]:
            return True
        # The other keeper may be our crashed predecessor, whose connection still ends. If it publishes, it is not.
        for lane in lanes:
            lane.need_own_log()
        stop.wait(LOCK_SECONDS)
    return False


def main() -> None:
    """The process: settings from LEDGER_… variables, ended by SIGTERM or SIGINT."""
    configure("keep-log")
    look_for_cycles_less_often()
    run_as_process(lambda stop: run(Settings(), stop=stop, once="--once" in sys.argv[1:]))


if __name__ == "__main__":
    main()
