"""Hash tiles that lie in an export, as the tree of `ledger.transparency.tile_tree` asks for them."""

from __future__ import annotations

from typing import Final

from ledger.exporting.export_folder import ExportFolder, FileFault
from ledger.transparency.failures import Malformed
from ledger.transparency.tiles import TILE_WIDTH, HashTile

_MISSING: Final = "missing"


class FolderTiles:
    """The tiles of one partition."""

    def __init__(self, folder: ExportFolder, partition: int) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._partition = partition

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The tile, or a wider one, which begins with the same hashes. Raises Malformed where there is neither."""
        for wider in range(width, TILE_WIDTH + 1):
            try:
                return self._folder.tile(self._partition, HashTile(level, index, wider))
            except FileFault as fault:
                if fault.found != _MISSING:
                    raise Malformed(f"hash tile {fault.path}", f"it must be a file; it is {fault.found}") from fault
        path = f"{self._partition}/{HashTile(level, index, width).path}"
        raise Malformed(f"hash tile {path}", "it must be there, or a wider one")
