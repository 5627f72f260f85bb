"""A log as tests need it: entries, tiles in memory, keys, checkpoints and proof files of any size it had."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.signing import SeedSigner, Signer, sign_checkpoint
from ledger.transparency.tile_tree import RightEdge, TileTree
from ledger.transparency.tiles import HashTile, bundles_of_growth, encode_bundle
from ledger.transparency.tlog_proof import TlogProof, format_tlog_proof
from ledger.transparency.tree_hash import leaf_hashes
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verifier_key import SignatureType

SIGNED_AT = 1_795_000_000
"""When the checkpoints of tests are signed, Unix seconds."""


class MemoryTiles:
    """Tiles by path. Like a log's storage it gives a wider tile where a narrow one is gone."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.reads = 0

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        self.reads += 1
        paths = (HashTile(level, index, wider).path for wider in range(width, 257))
        return next(self.stored[path] for path in paths if path in self.stored)


class SampleLog:
    """One log, with an Ed25519 and an ML-DSA-44 key and two witnesses."""

    def __init__(self, origin: str, entries: Sequence[bytes], seed: int = 1) -> None:
        chance = random.Random(f"{origin} {seed}")
        self.entries = list(entries)
        self.origin = origin
        self.ed25519 = SeedSigner(origin, SignatureType.ED25519, chance.randbytes(32))
        self.ml_dsa = SeedSigner(origin, SignatureType.ML_DSA_44, chance.randbytes(32))
        self.witnesses = [
            SeedSigner(f"{origin}/w1", SignatureType.ED25519_COSIGNATURE, chance.randbytes(32)),
            SeedSigner(f"{origin}/w2", SignatureType.ML_DSA_44, chance.randbytes(32)),
        ]
        self.tiles = MemoryTiles()
        growth = RightEdge().grown(leaf_hashes(self.entries))
        self.tiles.stored.update(growth.tiles)
        self.tree = TileTree(self.tiles, len(self.entries))

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def signers(self) -> list[Signer]:
        return [self.ed25519, self.ml_dsa, *self.witnesses]

    def policy(self, witnesses_required: int = 2, post_quantum: bool = True) -> TrustPolicy:
        return TrustPolicy(
            self.ed25519.key,
            self.ml_dsa.key if post_quantum else None,
            tuple(witness.key for witness in self.witnesses),
            witnesses_required,
        )

    def checkpoint(self, size: int, signers: Sequence[Signer] | None = None) -> bytes:
        head = Checkpoint(self.origin, size, self.tree.root(size))
        return sign_checkpoint(head, self.signers if signers is None else signers, SIGNED_AT)

    def proof(self, index: int, size: int, extra: bytes | None = None) -> TlogProof:
        hashes = tuple(self.tree.inclusion_proof(index, size))
        return TlogProof(index, hashes, self.checkpoint(size), extra)

    def proof_file(self, index: int, size: int) -> bytes:
        return format_tlog_proof(self.proof(index, size))

    def bundles(self) -> dict[str, bytes]:
        return {
            bundle.path: encode_bundle(self.entries[bundle.index * 256 :][: bundle.width])
            for bundle in bundles_of_growth(0, self.size)
        }


def sample_entries(count: int, kind: str = "entry") -> list[bytes]:
    """Entries that differ, some of them as long as events are."""
    return [f"{kind} {number} ".encode() * (1 + number % 7) for number in range(count)]
