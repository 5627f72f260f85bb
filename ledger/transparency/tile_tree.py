"""A tree that is stored as hash tiles: roots and proofs out of tiles, and the tiles a batch of leaves adds.

A proof reads at most two tiles a level of 256: it costs the logarithm of the size, however large the log is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.transparency.failures import Malformed, OutOfTree
from ledger.transparency.page_proof import page_ranges
from ledger.transparency.proof_ranges import Leaves, consistency_ranges, inclusion_ranges, places_of
from ledger.transparency.tile_nodes import TileNodes
from ledger.transparency.tiles import TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, HashTile, width_at
from ledger.transparency.tree_hash import HASH_BYTES, fold_right, joined, parents, perfect_root


class TileReader(Protocol):
    """Where tiles are kept."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The bytes of a tile: `width` hashes, or more of the same tile.

        MAY give a wider tile: it begins with the same hashes, and a narrow one may be gone once a wider one exists.
        """


class TileTree:
    """The tree of the first `stored_size` leaves; it answers for every smaller size too.

    What it answers is only as true as the tiles: whoever signs compares its root with leaves hashed anew.
    """

    def __init__(self, reader: TileReader, stored_size: int) -> None:
        """`stored_size` is a size whose tiles are all there."""
        self._reader = reader
        self.stored_size = stored_size

    def root(self, size: int) -> bytes:
        """The root at a size. Raises OutOfTree for one above `stored_size`, Malformed for a wrong tile."""
        self._need(size)
        return self._hashes([Leaves(0, size)])[0]

    def leaf_hash(self, index: int) -> bytes:
        """The hash of a leaf. Raises OutOfTree for one above `stored_size`, Malformed for a wrong tile."""
        if not 0 <= index < self.stored_size:
            raise OutOfTree(f"the stored tree has {self.stored_size} leaves; leaf {index} is not among them")
        return self._hashes([Leaves(index, index + 1)])[0]

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The inclusion proof of a leaf at a size (RFC 6962 section 2.1.1). Raises as `root` does."""
        self._need(size)
        return self._hashes(inclusion_ranges(index, size))

    def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """The consistency proof between two sizes (RFC 6962 section 2.1.2). Raises as `root` does."""
        self._need(new_size)
        return self._hashes(consistency_ranges(old_size, new_size))

    def page_proof(self, indexes: Sequence[int], size: int) -> list[bytes]:
        """The proof of several ascending leaves at a size (`page_proof.py`). Raises as `root` does."""
        self._need(size)
        return self._hashes(page_ranges(indexes, size))

    def right_edge(self) -> RightEdge:
        """What is needed to add leaves."""
        rows: list[bytes] = []
        level = 0
        while self.stored_size >> (TILE_HEIGHT * level):
            width = (self.stored_size >> (TILE_HEIGHT * level)) % TILE_WIDTH
            index = self.stored_size >> (TILE_HEIGHT * (level + 1))
            rows.append(self._read(HashTile(level, index, width)) if width else b"")
            level += 1
        return RightEdge(self.stored_size, tuple(rows))

    def _need(self, size: int) -> None:
        if not 0 <= size <= self.stored_size:
            raise OutOfTree(f"the stored tree has {self.stored_size} leaves; size {size} is not within it")

    def _hashes(self, ranges: Iterable[Leaves]) -> list[bytes]:
        read: dict[tuple[int, int], TileNodes] = {}

        def nodes(level: int, index: int) -> TileNodes:
            if (level, index) not in read:
                tile = HashTile(level, index, width_at(level, index, self.stored_size))
                read[level, index] = TileNodes(self._read(tile))
            return read[level, index]

        return subtree_roots(ranges, nodes)

    def _read(self, tile: HashTile) -> bytes:
        data = self._reader.read_tile(tile.level, tile.index, tile.width)
        if len(data) % HASH_BYTES or not tile.width * HASH_BYTES <= len(data) <= TILE_BYTES:
            raise Malformed(f"hash tile {tile.path}", f"it must have {tile.width} hashes, not {len(data)} bytes")
        return data[: tile.width * HASH_BYTES]


def subtree_roots(ranges: Iterable[Leaves], nodes: Callable[[int, int], TileNodes]) -> list[bytes]:
    """The roots of subtrees: a proof's hashes, in its order. `nodes` gives the tile of a level and index."""
    roots: list[bytes] = []
    for leaves in ranges:
        parts = [nodes(level, index).node(height, place) for level, index, height, place in places_of(leaves)]
        roots.append(parts[0] if len(parts) == 1 else fold_right(reversed(parts)))
    return roots


@dataclass(frozen=True, slots=True)
class RightEdge:
    """The partial tiles of a tree, level by level: all that adding leaves needs, at most 8 KiB a level."""

    size: int = 0
    rows: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Raises Malformed when a row has not the width that the size gives it."""
        levels = -(-self.size.bit_length() // TILE_HEIGHT)
        right = [(self.size >> (TILE_HEIGHT * level)) % TILE_WIDTH * HASH_BYTES for level in range(levels)]
        found = [len(row) for row in self.rows]
        if found != right:
            raise Malformed("right edge", f"a tree of size {self.size} has partial tiles of {right} bytes, not {found}")

    def root(self) -> bytes:
        """The root of the tree: compare it with the signed one before adding to tiles that were read."""
        return fold_right(node for row in self.rows for node in _perfect_parts(row))

    def grown(self, leaf_hashes: Sequence[bytes]) -> Growth:
        """The tree with these leaf hashes added. Raises Malformed if one has not 32 bytes."""
        tiles: dict[str, bytes] = {}
        rows = list(self.rows)
        added, level = joined(leaf_hashes), 0
        while added:
            if level == len(rows):
                rows.append(b"")
            row = rows[level] + added
            first = self.size >> (TILE_HEIGHT * (level + 1))
            full_bytes = len(row) // TILE_BYTES * TILE_BYTES
            for at in range(0, len(row), TILE_BYTES):
                hashes = row[at : at + TILE_BYTES]
                tiles[HashTile(level, first + at // TILE_BYTES, len(hashes) // HASH_BYTES).path] = hashes
            rows[level], added = row[full_bytes:], _tile_roots(row[:full_bytes])
            level += 1
        edge = RightEdge(self.size + len(leaf_hashes), tuple(rows))
        return Growth(edge, tiles, edge.root())


@dataclass(frozen=True, slots=True)
class Growth:
    """What a batch of leaves makes of a tree."""

    edge: RightEdge
    tiles: Mapping[str, bytes]
    """By path: every one of them MUST be durable before a checkpoint of the new size is signed."""
    root: bytes


def _tile_roots(full_tiles: bytes) -> bytes:
    """The roots of full tiles that stand one after the other: no pair straddles two of them, so all go up together."""
    for _ in range(TILE_HEIGHT):
        full_tiles = parents(full_tiles)
    return full_tiles


def _perfect_parts(row: bytes) -> Iterable[bytes]:
    """The roots of the perfect subtrees of a partial tile, from right to left."""
    end = width = len(row) // HASH_BYTES
    while width:
        count = width & -width
        yield perfect_root(row[(end - count) * HASH_BYTES : end * HASH_BYTES])
        end, width = end - count, width - count
