"""The log of one partition: from stored events to a published checkpoint.

The order is what makes every crash harmless: tiles durable, then signed and remembered, then shown to witnesses, then
published. The next start begins again from what the signer remembers, hashes the events behind it anew, and finds tiles
that are there already or writes them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Final

from ledger.event_store import read_page
from ledger.log_keeping.publication import Publication
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import (
    ForkRefused,
    StoreBehindSigner,
    StoredBytesChanged,
    head_in_words,
    stopping_at_broken_tiles,
)
from ledger.log_keeping.tile_store import Connection, TileStore
from ledger.log_keeping.whats_published import need_published_root
from ledger.log_keeping.witness_call import WitnessCaller
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.tile_tree import RightEdge, TileTree
from ledger.transparency.tiles import ENTRY_BYTES_MAX
from ledger.transparency.tree_hash import leaf_hashes
from ledger.witness_quorum import NO_WITNESSES, Quorum

BATCH_EVENTS: Final = 4_096
SIGN_SECONDS: Final = 1.0
"""Under load a checkpoint is signed this often: each one is kept for ever."""

_log = logging.getLogger(__name__)


class LogLane:
    """One partition's tree, as far as it is written, and what was signed and published of it."""

    def __init__(
        self,
        connection: Connection,
        partition: int,
        memory: SignerMemory,
        quorum: Quorum = NO_WITNESSES,
        callers: Sequence[WitnessCaller] = (),
    ) -> None:
        """`connection` commits by itself; `memory` is open; `callers` are those of the quorum's witnesses."""
        self.partition = partition
        self.store = TileStore(connection, partition)
        self._connection = connection
        self._memory = memory
        self._signed = memory.last(partition)
        self._publication = Publication(partition, self.store, memory.keys[partition], quorum, callers)
        self._edge = RightEdge()
        # The first checkpoint of a start need not wait.
        self._signed_at = -SIGN_SECONDS

    @property
    def signed(self) -> Checkpoint:
        """The newest signed tree head."""
        return self._signed.head

    @property
    def is_published(self) -> bool:
        """Whether everybody sees the newest signed tree head; else witnesses are asked first."""
        return not self._publication.waiting

    def need_own_log(self) -> None:
        """Raise LogStopped unless what is published was signed by this very memory, which is not older than it."""
        self._publication.need_own(self._signed)

    def resume(self, head: int) -> None:
        """Find that the store holds what was signed, up to position `head`, and publish what is remembered.

        Raises:
            LogStopped: it does not.
        """
        self.need_own_log()
        self._need_events_up_to(head)
        with stopping_at_broken_tiles(self.partition):
            # Tiles may be missing, where events came from the topic into an empty database: they follow from events.
            stored_size = min(self.store.size(), self.signed.size)
            self._edge = TileTree(self.store, stored_size).right_edge()
            while self._edge.size < self.signed.size:
                self._grow(min(self.signed.size, self._edge.size + BATCH_EVENTS))
            self.need_signed_root()
            published = self.store.newest_checkpoint()
            if published is not None:
                need_published_root(self.partition, published, TileTree(self.store, self._edge.size))
            # If we crashed between remembering and publishing: these very bytes, so that no second signature exists.
            self._publication.resume(self._signed, published)
            self._publication.go_on(self._prove)
        _log.info("partition %s: the log continues from %s", self.partition, head_in_words(self.signed))

    def keep_up(self, head: int, *, at_once: bool) -> bool:
        """Take in the events up to `head`, sign and publish when it is time to; True if a whole batch was waiting.

        Raises:
            LogStopped: the events or tiles are not the continuation of what was signed.
        """
        if head < self._edge.size:
            raise StoreBehindSigner(
                f"partition {self.partition}: {head_in_words(self.signed)} was signed and {self._edge.size} events "
                f"were seen, now the store ends at position {head}"
            )
        waiting = head - self._edge.size
        due = at_once or time.monotonic() - self._signed_at >= SIGN_SECONDS
        with stopping_at_broken_tiles(self.partition):
            self._publication.go_on(self._prove)
            # One head after the other: while witnesses are asked, tiles grow and nothing more is signed.
            may_sign = due and self.is_published
            # A few events wait until one may be signed: a partial tile for each of them would serve nobody.
            if waiting >= BATCH_EVENTS or (waiting and may_sign):
                self._grow(min(head, self._edge.size + BATCH_EVENTS))
            if may_sign and self._edge.size > self.signed.size:
                self._sign()
        return waiting >= BATCH_EVENTS

    def need_signed_root(self) -> None:
        """Raise ForkRefused unless the stored tiles give the root that was signed."""
        tree = TileTree(self.store, self._edge.size)
        stored = tree.root(self.signed.size)
        if stored != self.signed.root:
            raise ForkRefused(
                f"partition {self.partition}: {head_in_words(self.signed)} was signed; the store has root "
                f"{stored.hex()} at that size"
            )

    def _grow(self, goal: int) -> None:
        after, count = self._edge.size, goal - self._edge.size
        events = read_page(self._connection, self.partition, after, count)
        if len(events) < count:
            raise StoredBytesChanged(
                f"partition {self.partition}: the events end at position {after + len(events)}, they should go on to "
                f"{goal}; {head_in_words(self.signed)} was signed"
            )
        longest = max(map(len, events))
        if longest > ENTRY_BYTES_MAX:
            raise StoredBytesChanged(f"partition {self.partition}: an event after {after} has {longest} bytes")
        growth = self._edge.grown(leaf_hashes(events))
        self.store.write_tiles(growth.tiles)
        # If we crash here, the tiles are ahead of what is signed: the next start compares them with the events again.
        self._edge = growth.edge

    def _sign(self) -> None:
        # Out of stored tiles, not of what is in memory: if they went wrong, this proof does not hold.
        proof = self._prove(self.signed.size, self._edge.size)
        self._signed = self._memory.sign(self.partition, self._signed, self._edge.size, self._edge.root(), proof)
        # If we crash here, the checkpoint is remembered and not published: the next start publishes it.
        self._publication.begin(self._signed)
        self._publication.go_on(self._prove)
        self._signed_at = time.monotonic()

    def _prove(self, old_size: int, new_size: int) -> list[bytes]:
        return TileTree(self.store, self._edge.size).consistency_proof(old_size, new_size)

    def _need_events_up_to(self, head: int) -> None:
        row = self._connection.execute(
            "select max(position) from events where partition = %s", [self.partition]
        ).fetchone()
        last = 0 if row is None or row[0] is None else int(row[0])
        if min(head, last) < self.signed.size:
            raise StoreBehindSigner(
                f"partition {self.partition}: {head_in_words(self.signed)} was signed; the store's counter says {head} "
                f"and its last event is {last}: an older database was restored, or its end was cut off"
            )
