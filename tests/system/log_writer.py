"""A log's tables filled from the events that are really stored, as the log's keeper fills them, at any size."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final

import psycopg

from ledger.settings import Settings
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.signing import SeedSigner, sign_checkpoint
from ledger.transparency.tile_tree import RightEdge
from ledger.transparency.tiles import HashTile, parse_path
from ledger.transparency.tree_hash import leaf_hashes
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verifier_key import SignatureType

_TILE: Final = "insert into log_tiles values (%s, %s, %s, %s, %s) on conflict do nothing"
_FORGET_PARTIAL: Final = """
    delete from log_tiles as partial using log_tiles as whole
    where partial.width < 256 and whole.width = 256
      and (partial.partition, partial.level, partial.tile_index) = (whole.partition, whole.level, whole.tile_index)
"""


class LogWriter:
    """Grows the log of one partition, and signs it."""

    def __init__(self, settings: Settings, partition: int = 0) -> None:
        chance = random.Random(partition)
        self._settings = settings
        self._partition = partition
        self._edge = RightEdge()
        self.origin = f"{settings.log_origin}/{partition}"
        self.ed25519 = SeedSigner(self.origin, SignatureType.ED25519, chance.randbytes(32))
        self.ml_dsa = SeedSigner(self.origin, SignatureType.ML_DSA_44, chance.randbytes(32))
        self.checkpoints: dict[int, bytes] = {}
        self.leaves_differ = False
        """Whether its leaves are the events' hashes backwards: another log of the same sizes."""

    @property
    def policy(self) -> TrustPolicy:
        """Both keys."""
        return TrustPolicy(self.ed25519.key, self.ml_dsa.key)

    @property
    def vkeys(self) -> list[str]:
        """The public lines."""
        return [self.ed25519.key.line(), self.ml_dsa.key.line()]

    def write_vkeys(self, folder: Path) -> Path:
        """The file that the keeper leaves for everybody."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self._partition}.vkeys"
        file.write_text("".join(f"{line}\n" for line in self.vkeys), "utf-8")
        return file

    def grow_to(self, size: int, *, sign: bool = True) -> None:
        """Store the tiles of the events up to `size`, then the signed checkpoint."""
        with psycopg.connect(self._settings.log_keeper_database) as connection:
            rows = connection.execute(
                "select body from events where partition = %s and position > %s and position <= %s order by position",
                [self._partition, self._edge.size, size],
            ).fetchall()
            leaves = leaf_hashes(row[0] for row in rows)
            growth = self._edge.grown([leaf[::-1] for leaf in leaves] if self.leaves_differ else leaves)
            assert growth.edge.size == size
            for path, hashes in growth.tiles.items():
                tile = parse_path(path)
                assert isinstance(tile, HashTile)
                place = (self._partition, tile.level, tile.index, tile.width)
                connection.execute(_TILE, [*place, hashes])
            self._edge = growth.edge
            if sign:
                head = Checkpoint(self.origin, size, growth.root)
                self.checkpoints[size] = sign_checkpoint(head, [self.ed25519, self.ml_dsa], int(time.time()))
                row = [self._partition, size, growth.root, self.checkpoints[size]]
                connection.execute("insert into log_checkpoints values (%s, %s, %s, %s)", row)

    def cosign(self, size: int, lines: bytes) -> None:
        """Add cosignatures to a checkpoint, as the keeper does."""
        self.checkpoints[size] += lines
        with psycopg.connect(self._settings.log_keeper_database) as connection:
            connection.execute(
                "update log_checkpoints set checkpoint = %s where partition = %s and size = %s",
                [self.checkpoints[size], self._partition, size],
            )

    def forget_partial_tiles(self) -> None:
        """Drop every partial tile whose full one is there, as the keeper may."""
        with psycopg.connect(self._settings.log_keeper_database) as connection:
            connection.execute(_FORGET_PARTIAL)
