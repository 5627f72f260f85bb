"""Does the store hold what the signer signed last? As the keeper would find at its next start; nothing is changed."""

from __future__ import annotations

from typing import Final

from ledger.log_keeping.stops import LogStopped, head_in_words
from ledger.log_keeping.tile_store import Connection, TileStore
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import TransparencyFailure
from ledger.transparency.tile_tree import TileTree

# The counter alone proves nothing: events may be cut off below it.
_ENDS_SQL: Final = """
    select coalesce((select position from partition_counters where partition = %(partition)s), 0),
           coalesce((select max(position) from events where partition = %(partition)s), 0)
"""
_ROOT_SQL: Final = "select root from log_checkpoints where partition = %s and size = %s"

COMPARE: Final = "keep both states and compare the events with the topic: `hours-ledger audit`"


def what_is_wrong(connection: Connection, partition: int, signed: Checkpoint) -> str | None:
    """Why the store is not the one whose log was signed, with what would be right; None: nothing speaks against it.

    MUST be asked with a head read before: a keeper at work publishes only what it remembered already.
    """
    counter, last = connection.execute(_ENDS_SQL, {"partition": partition}).fetchone() or (0, 0)
    if signed.size > min(counter, last):
        return (
            f"{head_in_words(signed)} was signed, the store's counter says {counter} and its last event is {last}: an "
            "older database was restored, or its end was cut off; bring the missing events back before anything is "
            "written"
        )
    row = connection.execute(_ROOT_SQL, [partition, signed.size]).fetchone()
    if row is None:
        return _unpublished(TileStore(connection, partition), signed)
    if bytes(row[0]) != signed.root:
        return (
            f"{head_in_words(signed)} was signed, the checkpoint published at that size has root "
            f"{bytes(row[0]).hex()}: two histories; {COMPARE}"
        )
    return None


def _unpublished(store: TileStore, signed: Checkpoint) -> str | None:
    """A signed head may wait for its witnesses. Its tiles were written before it was signed and must give its root."""
    newest = store.newest_checkpoint()
    # Without any checkpoint the events came from the topic, and the keeper makes tiles and checkpoint anew.
    if newest is None or signed.size <= newest.size:
        return None
    seen = f"{head_in_words(signed)} was signed, the newest published checkpoint has size {newest.size}"
    tiles_end = store.size()
    if tiles_end < signed.size:
        return f"{seen} and the tiles end at {tiles_end}: an older database was restored; {COMPARE}"
    try:
        stored = TileTree(store, signed.size).root(signed.size)
    except (LogStopped, TransparencyFailure) as failure:
        return f"{seen} and the stored tiles are wrong: {failure}; {COMPARE}"
    if stored != signed.root:
        return f"{seen} and the store has root {stored.hex()} at the signed size: two histories; {COMPARE}"
    return None
