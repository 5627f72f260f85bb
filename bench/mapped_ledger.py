"""A ledger whose balance map holds many accounts, kept by the keeper's own lanes in this process.

The accounts are synthetic balances, put into the map before the clock starts by the map's own code, in large batches;
no events lie behind them. What is measured then is real: events of those very accounts, signed by the log's lane, read,
proven and mapped by the lane of the balances, with PostgreSQL as durable as it is for everybody.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg

from bench import programme
from bench.fill import store_facts
from bench.ground import Ground
from bench.ledgers import new_settings
from ledger.event_store import heads
from ledger.garbage import look_for_cycles_less_often
from ledger.log_keeping.balance_map_store import BalanceMapStore
from ledger.log_keeping.balances_lane import BalancesLane
from ledger.log_keeping.log_lane import LogLane
from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.signer_folder import origins_of
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.tile_store import Connection
from ledger.settings import Settings
from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.balance_map import updated
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.holder_key import account_key
from ledger.transparency.known_pages import KnownPages
from ledger.transparency.log_balances import LogPartition
from ledger.transparency.map_hash import EMPTY

FILLED_TOGETHER: Final = 50_000


class TimedLane(BalancesLane):
    """A lane of balances that knows how long its maps took, apart from reading events and summing."""

    mapping_seconds = 0.0

    def _map(self, goal: Checkpoint) -> None:
        began = time.perf_counter()
        super()._map(goal)
        self.mapping_seconds += time.perf_counter() - began


@dataclass(slots=True)
class MappedLedger:
    """One partition; who has accounts is numbered from 0."""

    settings: Settings
    accounts: int
    log: LogLane
    maps: TimedLane
    _connection: Connection
    _turns: int = 0
    _dice: random.Random = field(default_factory=lambda: random.Random(20_261_126))

    def record_and_sign(self, changed: int) -> None:
        """So many different accounts get an hour each, at random, and a checkpoint holds it; nothing is mapped yet."""
        numbers = self._dice.sample(range(self.accounts), changed)
        store_facts(self.settings, programme.attendances_of(numbers, self._turns), changed)
        self._turns += 1
        head = heads(self._connection)[0].position
        while self.log.signed.size < head:
            self.log.keep_up(head, at_once=True)

    def map_what_is_signed(self) -> None:
        """Until the signed note is that of the newest checkpoint."""
        while self.maps.told < self.log.signed.size:
            self.maps.keep_up(self.log.signed)

    def somebody(self, count: int) -> list[str]:
        """Names of some who have an account."""
        return [programme.volunteer_name(number) for number in self._dice.sample(range(self.accounts), count)]


@contextmanager
def mapped_ledger(ground: Ground, accounts: int) -> Iterator[MappedLedger]:
    """A ledger of its own with so many accounts in its map; the keeper's lanes are open until the block ends."""
    settings = new_settings(ground.database_url, partitions=1)
    settings.signer_folder = str(ground.folder / f"signer-{uuid4().hex[:8]}")
    memory = SignerMemory(Path(settings.signer_folder), origins_of(settings))
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        memory.open(published=False)
        try:
            log = LogLane(connection, 0, memory)
            head = heads(connection)[0].position
            log.resume(head)
            log.keep_up(head, at_once=True)
            known = _fill(connection, memory, log.signed.size, accounts)
            maps = TimedLane(connection, LogPartition(0, 1), memory, known)
            maps.resume()
            with psycopg.connect(settings.owner_database, autocommit=True) as owner:
                owner.execute("vacuum (analyze) map_pages, map_balances")
                owner.execute("checkpoint")
            look_for_cycles_less_often()
            yield MappedLedger(settings, accounts, log, maps, connection)
        finally:
            memory.close()


def _fill(connection: Connection, memory: SignerMemory, size: int, accounts: int) -> KnownPages:
    store, known, root = BalanceMapStore(connection, 0), KnownPages(), EMPTY
    for first in range(0, accounts, FILLED_TOGETHER):
        balances = dict(map(_account, range(first, min(first + FILLED_TOGETHER, accounts))))
        values = {key: balance.value() for key, balance in balances.items()}
        with store.writing() as writing:
            writing.balances({key: balance.to_bytes() for key, balance in balances.items()})
            update = updated(store, root, values, None, known, writing.pages)
            writing.state(MapState(size, update.root), None)
        known.remember(update.pages, update.hashes)
        root = update.root
    memory.remember_mapped(0, None, MapState(size, root))
    return known


def _account(number: int) -> tuple[bytes, AccountBalance]:
    key = account_key(programme.volunteer_name(number))
    return key, AccountBalance(0, programme.ATTENDANCE_SECONDS, 0, 0, 0, 0, 1, sha256(b"synthetic" + key).digest())
