"""Writes so many rows in one format, as a process of its own, and prints how far its memory grew after the half."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ledger.commands.saved_answers import Told
from ledger.commands.saved_files import Format, Wanted, write
from ledger.saving import tables
from ledger.saving.columns import Basis, Batch
from tests.saving.made_tables import entries_batch

BATCH_ROWS: Final = 2_000


def peak_mib() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """FORMAT ROWS FILE"""
    format_, rows, file = Format(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    held = [0.0]

    def batches() -> Iterator[Batch]:
        for number in range(rows // BATCH_ROWS):
            if number == rows // BATCH_ROWS // 2:
                held[0] = peak_mib()
            yield entries_batch(number, BATCH_ROWS)

    wanted = Wanted(file, format_, tables.ENTRIES, {}, arabic=False, hours=False, bom=True)
    written = write(wanted, Told(Basis([(0, rows)], None), batches()))
    print(written.about.rows, round(peak_mib() - held[0], 1))


if __name__ == "__main__":
    main()
