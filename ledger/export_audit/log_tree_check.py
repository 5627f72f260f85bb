"""Pass: the events are the leaves of the log. Every hash tile follows from them, and so does the root.

So do the roots of checkpoints that were kept from earlier, of smaller sizes of the same log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.exporting.export_folder import ExportFolder, FileFault
from ledger.exporting.manifest import ExportedLog
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.tile_tree import RightEdge
from ledger.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, HashTile, parse_path, width_at
from ledger.transparency.tree_hash import HASH_BYTES

PLACE: Final = "export hash tiles"
ROOT_PLACE: Final = "export log root"
KEPT_PLACE: Final = "export kept checkpoint"


class LogTreeCheck:
    """The tree of one log, grown bundle by bundle; all that is kept of it is its right edge."""

    def __init__(self, folder: ExportFolder, log: ExportedLog, kept: Iterable[Checkpoint], report: Report) -> None:
        """`kept` are checkpoints of any log; those of this one must hold."""
        self._folder = folder
        self._log = log
        self._report = report
        self._edge = RightEdge()
        own = (head for head in kept if head.origin == log.origin)
        self._kept = deque(sorted(own, key=lambda head: head.size))

    def add(self, leaf_hashes: bytes) -> None:
        """The leaf hashes of the next bundle."""
        leaves = [leaf_hashes[at : at + HASH_BYTES] for at in range(0, len(leaf_hashes), HASH_BYTES)]
        while self._kept and self._kept[0].size <= self._edge.size + len(leaves):
            self._compare_kept(self._kept.popleft(), leaves)
        growth = self._edge.grown(leaves)
        self._edge = growth.edge
        for path, hashes in growth.tiles.items():
            tile = parse_path(path)
            if isinstance(tile, HashTile) and tile.width == TILE_WIDTH:
                self._compare(tile, hashes)

    def end(self) -> bytes:
        """The partial tiles, and the root; it is returned."""
        for level, row in enumerate(self._edge.rows):
            if row:
                index = self._edge.size >> (TILE_HEIGHT * (level + 1))
                self._compare(HashTile(level, index, width_at(level, index, self._edge.size)), row)
        for head in self._kept:
            where = Where(KEPT_PLACE, self._log.partition, self._log.size or None)
            self._report.differs(where, "size", f"at least {head.size}, which was signed", self._log.size)
        root = self._edge.root()
        if root != self._log.root:
            where = Where(ROOT_PLACE, self._log.partition, self._log.size)
            self._report.differs(where, "root", self._log.root, root)
        return root

    def _compare_kept(self, head: Checkpoint, leaves: list[bytes]) -> None:
        root = self._edge.grown(leaves[: head.size - self._edge.size]).root
        if root != head.root:
            self._report.differs(Where(KEPT_PLACE, self._log.partition, head.size or None), "root", head.root, root)

    def _compare(self, tile: HashTile, hashes: bytes) -> None:
        """The file must hold what follows from the events; the first hash that differs is named."""
        covered = TILE_WIDTH**tile.level
        first = tile.index * TILE_WIDTH * covered + 1
        where = Where(PLACE, self._log.partition, first, tile.path)
        try:
            held = self._folder.tile(self._log.partition, tile)
        except FileFault as fault:
            self._report.differs(where, "file", "there", fault.found)
            return
        if len(held) != len(hashes):
            self._report.differs(where, "bytes", len(hashes), len(held))
        elif held != hashes:
            at = next(at for at in range(tile.width) if _hash(held, at) != _hash(hashes, at))
            field = "hash" if tile.level else "leaf hash"
            place = Where(PLACE, self._log.partition, first + at * covered, tile.path)
            self._report.differs(place, field, _hash(hashes, at), _hash(held, at))


def _hash(tile: bytes, at: int) -> bytes:
    return tile[at * HASH_BYTES : (at + 1) * HASH_BYTES]
