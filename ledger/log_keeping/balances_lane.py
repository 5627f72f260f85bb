"""The balance map of one partition: from events under a signed checkpoint to a signed note over every balance.

The order makes every crash harmless: the new root is made in memory, remembered beside the keys, and only then written,
with its note, in one transaction. If we crash in between, the next start makes the same step again and must reach the
root that is remembered. Rows are never believed: pages and balances that are read must lead to the root in memory, and
after a start the map must come by the root that is remembered.
"""

from __future__ import annotations

import logging
from typing import Final

from ledger.event_store import read_page
from ledger.log_keeping.balance_map_store import BalanceMapStore
from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import (
    BalanceMapBroken,
    StoredBytesChanged,
    head_in_words,
    stopping_at_broken_tiles,
)
from ledger.log_keeping.tile_store import Connection, TileStore
from ledger.transparency.account_balance import AccountBalance, read_balance, value_of
from ledger.transparency.balance_map import updated
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import TransparencyFailure
from ledger.transparency.known_pages import KnownPages
from ledger.transparency.log_balances import LogPartition, balances_after, entries_by_key
from ledger.transparency.map_hash import EMPTY
from ledger.transparency.tile_tree import RightEdge, TileTree
from ledger.transparency.tree_hash import leaf_hashes

READ_EVENTS: Final = 1_024
"""Taken in at once: checkpoints are signed between."""
CHANGED_ACCOUNTS_MAX: Final = 20_000
"""Mapped at once: a second or two, for which a checkpoint waits."""

MAKE_IT_ANEW: Final = (
    "Look at `hours-ledger audit`. If the events are sound, empty map_pages, map_balances, map_roots and log_balances "
    "as the owner: the map is made anew from the log, and must come by the root that is remembered"
)

_log = logging.getLogger(__name__)


class BalancesLane:
    """One partition's map: what is mapped, and what is taken in and not mapped yet."""

    def __init__(
        self, connection: Connection, log: LogPartition, memory: SignerMemory, known: KnownPages | None = None
    ) -> None:
        """`connection` commits by itself; `memory` is open; `known`: pages that this process itself wrote before."""
        self.store = BalanceMapStore(connection, log.partition)
        self._connection = connection
        self._log = log
        self._memory = memory
        self._tiles = TileStore(connection, log.partition)
        self._remembered: MapState | None = None
        self._mapped = MapState(0, EMPTY)
        self._told = 0
        self._goal: Checkpoint | None = None
        self._edge = RightEdge()
        """The log's tree over everything taken in."""
        self._changed: dict[bytes, AccountBalance] = {}
        self._known = known or KnownPages()
        self._before: dict[bytes, bytes | None] = {}
        """Of each changed holder: the value in the map."""

    @property
    def told(self) -> int:
        """The size of the note that is served; 0: there is none."""
        return self._told

    def resume(self) -> None:
        """Go on from where the rows say they are.

        Raises:
            BalanceMapBroken: that is beyond what is remembered, or has another root there.
            LogStopped: the memory is damaged, or tiles are missing or wrong.
        """
        held = self.store.state()
        self._remembered = self._memory.mapped(self._log.partition)
        if held is not None:
            self._need_remembered(held)
            self._mapped = held
        note_size = self.store.note_size()
        self._told = note_size if note_size == self._mapped.size else 0
        with stopping_at_broken_tiles(self._log.partition):
            self._edge = TileTree(self._tiles, self._mapped.size).right_edge()
        _log.info("partition %s: balances are mapped up to position %s", self._log.partition, self._mapped.size)

    def keep_up(self, published: Checkpoint | None) -> bool:
        """Take in some of the events under the newest published checkpoint, and map them; True while more wait.

        None: a newer one is on its way to witnesses; what was begun goes on.

        Raises:
            LogStopped: events are not those that were signed, or rows are not the map that was made of them.
        """
        if self._goal is None:
            if published is None or published.size == self._told:
                return False
            self._goal = published
        goal, end = self._goal, self._end_of_step(self._goal.size)
        try:
            self._take_in(min(end, self._edge.size + READ_EVENTS))
            if self._edge.size == end or len(self._changed) >= CHANGED_ACCOUNTS_MAX:
                self._map(goal)
        except TransparencyFailure as failure:
            raise self._broken(str(failure)) from failure
        return self._goal is not None

    def _end_of_step(self, goal: int) -> int:
        """The goal, or before it what is remembered: the root there is compared."""
        remembered = self._remembered
        return remembered.size if remembered is not None and self._mapped.size < remembered.size < goal else goal

    def _take_in(self, end: int) -> None:
        after, count = self._edge.size, end - self._edge.size
        if not count:
            return
        events = read_page(self._connection, self._log.partition, after, count)
        if len(events) < count:
            raise StoredBytesChanged(f"partition {self._log.partition}: the events end at {after + len(events)}")
        entries = entries_by_key(self._log, after, events)
        new = [key for key in entries if key not in self._changed]
        stored = self.store.balances(new)
        self._before |= {key: value_of(stored[key]) if key in stored else None for key in new}
        held = {key: read_balance(balance) for key, balance in stored.items()}
        held |= {key: self._changed[key] for key in entries if key in self._changed}
        self._changed |= balances_after(entries, held)
        self._edge = self._edge.grown(leaf_hashes(events)).edge

    def _map(self, goal: Checkpoint) -> None:
        self._need_signed_events(goal)
        self._need_rows_as_left()
        balances = {key: balance.to_bytes() for key, balance in self._changed.items()}
        values = {key: value_of(balance) for key, balance in balances.items()}
        with self.store.writing() as writing:
            if balances:
                writing.balances(balances)
            update = updated(self.store, self._mapped.root, values, self._before, self._known, writing.pages)
            state = MapState(self._edge.size, update.root)
            if self._remembered is None or state.size >= self._remembered.size:
                # If we crash behind this, the rows are behind what is remembered: they are made again, with this root.
                self._memory.remember_mapped(self._log.partition, self._remembered, state)
                self._remembered = state
            note = self._signed_note(goal, state) if state.size == goal.size else None
            writing.state(state, note)
        self._known.remember(update.pages, update.hashes)
        self._mapped, self._changed, self._before = state, {}, {}
        self._told = 0 if note is None else state.size
        if note is not None:
            self._goal = None

    def _signed_note(self, goal: Checkpoint, state: MapState) -> bytes:
        log = self._log
        note = BalancesNote(goal.origin, goal.size, state.root, goal.root, log.partition, log.partitions)
        return self._memory.sign_balances(log.partition, note)

    def _need_signed_events(self, goal: Checkpoint) -> None:
        """What was taken in must be the very bytes that were signed, or whoever changed them changed a balance."""
        size, found = self._edge.size, self._edge.root()
        with stopping_at_broken_tiles(self._log.partition):
            expected = goal.root if size == goal.size else TileTree(self._tiles, goal.size).root(size)
        if found != expected:
            raise StoredBytesChanged(
                f"partition {self._log.partition}: {head_in_words(goal)} was signed; the events up to {size} hash to "
                f"{found.hex()}, not to {expected.hex()}"
            )

    def _need_rows_as_left(self) -> None:
        """Pages that are held are not read: at least the rows must still be of the map that they belong to."""
        held = self.store.state() or MapState(0, EMPTY)
        if held != self._mapped:
            raise self._broken(f"{self._mapped.in_words()} was written, the rows say {held.in_words()}")

    def _need_remembered(self, held: MapState) -> None:
        remembered = self._remembered
        if remembered is None or held.size > remembered.size:
            raise self._broken(f"the rows are of {held.in_words()}, beyond what this signer mapped")
        if held.size == remembered.size and held.root != remembered.root:
            raise self._broken(f"{remembered.in_words()} was mapped, the rows say {held.in_words()}")

    def _broken(self, what: str) -> BalanceMapBroken:
        where = f"partition {self._log.partition}"
        return BalanceMapBroken(f"{where}: the balance map cannot be continued: {what}. {MAKE_IT_ANEW}")
