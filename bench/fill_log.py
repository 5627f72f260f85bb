"""Filling a large log before the clock starts: tiles by the tree's own code into the keeper's own store, then signed.

Its leaf hashes are random and no events lie behind them: a proof reads tiles and checkpoints alone, and costs the same.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Final

import psycopg

from ledger.log_keeping.signer_folder import origins_of
from ledger.log_keeping.signer_keys import LogKeys
from ledger.log_keeping.tile_store import TileStore
from ledger.settings import Settings
from ledger.transparency.tile_tree import RightEdge, TileTree
from ledger.transparency.tree_hash import HASH_BYTES

BATCH_LEAVES: Final = 65_536


@dataclass(frozen=True, slots=True)
class FilledLog:
    """The log of a partition, with one checkpoint over all of it."""

    settings: Settings
    partition: int
    size: int
    root: bytes

    def leaves_and_roots(self, sizes: list[int]) -> list[tuple[bytes, bytes]]:
        """For each size the hash of its last leaf, and the root, out of the stored tiles."""
        with psycopg.connect(self.settings.log_keeper_database, autocommit=True) as connection:
            tree = TileTree(TileStore(connection, self.partition), self.size)
            return [(tree.leaf_hash(size - 1), tree.root(size)) for size in sizes]


def fill_log(settings: Settings, partition: int, leaves: int) -> FilledLog:
    """Grow an empty log to so many leaves, and publish a signed checkpoint of it."""
    chance, edge = random.Random(partition), RightEdge()
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        store = TileStore(connection, partition)
        while edge.size < leaves:
            some = chance.randbytes(HASH_BYTES * min(BATCH_LEAVES, leaves - edge.size))
            growth = edge.grown([some[at : at + HASH_BYTES] for at in range(0, len(some), HASH_BYTES)])
            store.write_tiles(growth.tiles)
            edge = growth.edge
        signed = LogKeys.fresh(origins_of(settings)[partition]).sign(leaves, edge.root(), int(time.time()))
        store.insert_checkpoint(signed.head, signed.note)
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        owner.execute("vacuum (analyze) log_tiles")
        owner.execute("checkpoint")
    return FilledLog(settings, partition, leaves, signed.head.root)
