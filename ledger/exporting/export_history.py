"""The events of an audited export in order of position: what a store or projections are rebuilt from.

Audit it first: here nothing is checked but that the files are still those that gave the root.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ledger.domain.refusals import InvariantBroken
from ledger.exporting.export_folder import ExportFolder, FileFault
from ledger.exporting.manifest import MANIFEST, MANIFEST_BYTES_MAX, read_manifest
from ledger.transparency.failures import Malformed
from ledger.transparency.tiles import bundles_of_growth, decode_bundle
from ledger.transparency.tree_hash import Frontier, leaf_hashes


class ExportHistory:
    """An export that was found sound."""

    def __init__(self, folder: Path) -> None:
        """Raises InvariantBroken where there is no export."""
        self._folder = ExportFolder(folder)
        try:
            self.manifest = read_manifest(self._folder.read(MANIFEST, MANIFEST_BYTES_MAX))
        except (FileFault, Malformed) as wrong:
            raise InvariantBroken(f"{folder} holds no export: {wrong}") from wrong

    def pages(self, partition: int) -> Iterator[list[bytes]]:
        """Stored bytes of positions 1, 2, 3, …, some hundred at a time.

        Raises:
            InvariantBroken: the files were changed since they were audited; what was made from them is not to be used.
        """
        log = self.manifest.logs[partition]
        frontier = Frontier()
        for bundle in bundles_of_growth(0, log.size):
            try:
                entries = decode_bundle(self._folder.bundle(partition, bundle), bundle.width)
            except (FileFault, Malformed) as wrong:
                raise _changed(partition, str(wrong)) from wrong
            frontier = frontier.extended(leaf_hashes(entries))
            if frontier.size == log.size and frontier.root() != log.root:
                raise _changed(partition, "the events do not give the root any more")
            yield entries


def _changed(partition: int, what: str) -> InvariantBroken:
    return InvariantBroken(
        f"the export was changed while it was read, partition {partition}: {what}. Audit it, and rebuild again"
    )
