"""Where an export comes from: a served log of each partition, as `docs/format.md` and tlog-tiles name its parts."""

from __future__ import annotations

from typing import Protocol

from ledger.transparency.tiles import EntryBundle, HashTile


class LogAway(Exception):
    """The log could not be read just now, though asked several times; what is exported so far is kept."""


class LogRefused(Exception):
    """The log was reached and does not give what was asked; the message says what and why."""


class NotKept(LogRefused):
    """There is no such note: nothing was signed yet, or not at this size."""


class LogSource(Protocol):
    """The logs of all partitions. Every method raises LogAway and LogRefused, and may be called by several threads."""

    def balances(self, partition: int) -> bytes:
        """The newest signed note of the balance map. Raises NotKept where there is none yet."""
        ...

    def checkpoint(self, partition: int, size: int) -> bytes:
        """The signed checkpoint of a size that a balances note was signed for."""
        ...

    def newest_checkpoint(self, partition: int) -> bytes:
        """The newest signed checkpoint. Raises NotKept where there is none yet."""
        ...

    def consistency(self, partition: int, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the log only grew between two sizes up to the newest checkpoint's. Raises Malformed too."""
        ...

    def entry_bundle(self, partition: int, bundle: EntryBundle) -> bytes:
        """Stored events, of any width up to the newest checkpoint's."""
        ...

    def hash_tile(self, partition: int, tile: HashTile) -> bytes:
        """Hashes of the tree, of any width up to the newest checkpoint's."""
        ...
