"""The export of one partition's log: bundles as the log gives them, hash tiles that follow from them, then the notes.

Hash tiles are computed and not fetched: those of the very bytes written are true by construction, fetched ones would
have to be compared with them anyway. Only where the root comes out wrong the log's own tiles are read, to name the
position.

A crash at any moment loses at most what was fetched last. The notes are written when all that they speak of is on disk
and gives their root; what only the export before needed is removed after that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from ledger.exporting.export_folder import BALANCES, CHECKPOINT, ExportFolder, FileFault
from ledger.exporting.first_difference import first_different_leaf
from ledger.exporting.folder_tiles import FolderTiles
from ledger.exporting.log_source import LogRefused, LogSource
from ledger.exporting.signed_head import SignedHead
from ledger.exporting.whole_files import WholeFiles
from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.failures import Malformed, TransparencyFailure
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signed_note import parse_note
from ledger.transparency.tile_tree import RightEdge, TileTree
from ledger.transparency.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    EntryBundle,
    HashTile,
    bundles_of_growth,
    decode_bundle,
    parse_path,
    width_at,
)
from ledger.transparency.tree_hash import HASH_BYTES, leaf_hashes

CONNECTIONS: Final = 4
"""Bundles asked for at once: over a long way the answer's way back costs more than the answer."""
SETTLED_TOGETHER: Final = 256
"""Bundles between two waits for the disk."""


class ExportRefused(Exception):
    """The export is not continued: it would become one that contradicts itself. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier export left: its checkpoint, and the tree of all its full bundles."""

    head: Checkpoint
    edge: RightEdge


def kept_before(folder: ExportFolder, partition: int) -> Kept | None:
    """The earlier export of this log in the folder, None where there is none.

    Raises:
        ExportRefused: its files do not give its own checkpoint any more.
    """
    try:
        head = parse_checkpoint_text(parse_note(folder.note(partition, CHECKPOINT)).text)
        tree = TileTree(FolderTiles(folder, partition), head.size)
        root = tree.root(head.size)
        rows = tree.right_edge().rows
    except FileFault:
        return None
    except TransparencyFailure as failure:
        raise ExportRefused(
            f"{folder.folder}/{partition} is damaged: {failure}. Export into an empty folder"
        ) from failure
    if root != head.root:
        raise ExportRefused(
            f"{folder.folder}/{partition} is damaged: its tiles give the root {base64_text(root)}, its checkpoint says "
            f"{in_words(head)}. Export into an empty folder"
        )
    whole = head.size - head.size % TILE_WIDTH
    return Kept(head, RightEdge(whole, (b"", *rows[1:])) if whole else RightEdge())


def need_growth(source: LogSource, partition: int, old: Checkpoint, new: Checkpoint) -> None:
    """Raise ExportRefused, naming both, unless the log only grew from the one checkpoint to the other."""
    both = f"partition {partition}: the export holds {in_words(old)}, the log now says {in_words(new)}"
    if old.origin != new.origin:
        raise ExportRefused(f"{both}: they are different logs. Export into another folder")
    if new.size < old.size:
        raise ExportRefused(f"{both}: a log does not shrink. Keep the export; was an older database restored?")
    try:
        hashes = source.consistency(partition, old.size, new.size) if 0 < old.size < new.size else []
        verify_consistency(old.size, old.root, new.size, new.root, hashes)
    except TransparencyFailure as failure:
        raise ExportRefused(
            f"{both}, and the second does not continue the first ({failure}). Keep the export and both checkpoints: if "
            "both are signed, they are evidence of a second history"
        ) from failure


def in_words(head: Checkpoint) -> str:
    """A tree head, for people."""
    return f"{head.origin} size {head.size} root {base64_text(head.root)}"


class LogExport:
    """One log on its way into the folder."""

    def __init__(
        self, folder: ExportFolder, partition: int, source: LogSource, head: SignedHead, kept: Kept | None
    ) -> None:
        """`kept` is an earlier export that `head` continues."""
        self._folder = folder
        self._partition = partition
        self._source = source
        self._head = head
        self._size = head.head.size
        self._edge = RightEdge() if kept is None else kept.edge
        self._files = WholeFiles(folder.folder / str(partition))

    def write(self, step: Callable[[int], None]) -> None:
        """Bring the folder to the head. `step` is told how many more positions are there.

        Raises:
            ExportRefused: the events do not give the signed root.
            LogAway, LogRefused: run it again.
            OSError: the disk did not take it; run it again.
        """
        step(self._edge.size)
        for number, (bundle, data) in enumerate(self._bundles(), 1):
            self._grow(bundle, data)
            step(bundle.width)
            if number % SETTLED_TOGETHER == 0:
                self._files.settle()
        for level, row in enumerate(self._edge.rows):
            if row:
                tile = HashTile(level, self._size >> (TILE_HEIGHT * (level + 1)), len(row) // HASH_BYTES)
                self._files.add(tile.path, row)
        self._files.settle()
        self._need_root()
        self._files.add(CHECKPOINT, self._head.checkpoint)
        if self._head.balances is not None:
            self._files.add(BALANCES, self._head.balances)
        self._files.settle()

    def _bundles(self) -> Iterator[tuple[EntryBundle, bytes]]:
        """All bundles behind the edge, in order, some of them asked for ahead."""
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="bundles") as pool:
            asked: deque[tuple[EntryBundle, Future[bytes]]] = deque()
            try:
                for bundle in bundles_of_growth(self._edge.size, self._size):
                    asked.append((bundle, pool.submit(self._bundle, bundle)))
                    if len(asked) > 2 * CONNECTIONS:
                        first, data = asked.popleft()
                        yield first, data.result()
                while asked:
                    first, data = asked.popleft()
                    yield first, data.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _bundle(self, bundle: EntryBundle) -> bytes:
        """The bundle of an export that was broken off, if it is whole; else the log's."""
        try:
            data = self._folder.bundle(self._partition, bundle)
            decode_bundle(data, bundle.width)
        except (FileFault, Malformed):
            return self._source.entry_bundle(self._partition, bundle)
        return data

    def _grow(self, bundle: EntryBundle, data: bytes) -> None:
        try:
            entries = decode_bundle(data, bundle.width)
        except Malformed as wrong:
            raise LogRefused(
                f"partition {self._partition}: what the log gives as {bundle.path} is none: {wrong}"
            ) from wrong
        growth = self._edge.grown(leaf_hashes(entries))
        self._edge = growth.edge
        self._files.add(bundle.path, data)
        for path, hashes in growth.tiles.items():
            tile = parse_path(path)
            # A tile that is still partial here is written once, at the end, in the width it then has.
            if isinstance(tile, HashTile) and tile.width == TILE_WIDTH:
                self._files.add(path, hashes)

    def _need_root(self) -> None:
        root, head = self._edge.root(), self._head.head
        if root == head.root:
            return
        where = f"partition {self._partition}: the events give the root {base64_text(root)}, signed is {in_words(head)}"
        leaf = first_different_leaf(self._size, self._own_tile, self._tile_of_the_log)
        if leaf is None:
            raise ExportRefused(f"{where}; the log's own hash tiles contradict what it signed")
        index = leaf // TILE_WIDTH
        bundle = EntryBundle(index, width_at(0, index, self._size))
        # It may be our disk: without the file the next run asks the log anew.
        self._files.remove(bundle.path)
        raise ExportRefused(
            f"{where}. The first that differs is position {leaf + 1}: its leaf hash is not the one in the log's tiles. "
            f"{bundle.path} was removed; run it again. If it stays so, the log gives other events than it signed"
        )

    def _own_tile(self, tile: HashTile) -> bytes:
        return FolderTiles(self._folder, self._partition).read_tile(tile.level, tile.index, tile.width)

    def _tile_of_the_log(self, tile: HashTile) -> bytes:
        return self._source.hash_tile(self._partition, tile)
