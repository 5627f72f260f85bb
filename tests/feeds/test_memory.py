"""A long file takes no more memory than a short one: rows are read, compared and forgotten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.feeds.synthetic_feed import MAPPING, synthetic_rows, write_feed

PROJECT = Path(__file__).parents[2]
GROWTH_KIB_MAX = 12 * 1024
"""The ids of a file, kept in memory, would already be more at 200,000 rows: 100 bytes each and their set."""
PROGRAM = r"""
import asyncio, re, sys
from pathlib import Path
from ledger.feeds.comparing import Present
from ledger.feeds.importing import FeedImport, Wishes
from ledger.feeds.mapping import parse_mapping
from ledger.feeds.reading import FeedFile

class EmptyLedger:
    async def check_offering(self, organization): pass
    async def present(self, name, listed=None): return Present()
    async def published(self, organization, feed):
        for nothing in (): yield nothing
    listed = published

file, mapping = Path(sys.argv[1]), parse_mapping(Path(sys.argv[2]).read_bytes())
rows = 0
def tell(told):
    global rows
    rows += told.happened == "create"
with FeedFile(file, mapping.encoding) as feed:
    wishes = Wishes("organizations/synthetic", dry_run=True)
    asyncio.run(FeedImport(EmptyLedger(), feed, mapping, wishes, tell=tell, explain=str).run())
# Not ru_maxrss: that one begins with what the process had before it became this program.
print(rows, re.search(r'VmHWM:\s+([0-9]+) kB', Path('/proc/self/status').read_text())[1])
"""


def peak_kib(folder: Path, rows: int) -> int:
    """Of a process that reads so many rows, and does all of a dry run but ask a service."""
    file = write_feed(folder / f"{rows}.csv", synthetic_rows(rows))
    (folder / "feed.toml").write_text(MAPPING, "utf-8")
    command = [sys.executable, "-c", PROGRAM, str(file), str(folder / "feed.toml")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    created, kib = map(int, done.stdout.split())
    assert created == rows
    return kib


@pytest.mark.parametrize("rows", [12_000, pytest.param(200_000, marks=[pytest.mark.proof, pytest.mark.timeout(900)])])
def test_memory_does_not_grow_with_the_file(tmp_path, rows):
    small, large = peak_kib(tmp_path, 1_000), peak_kib(tmp_path, rows)
    print(f"peak of 1,000 rows: {small:,} KiB; of {rows:,} rows: {large:,} KiB")
    assert large - small < GROWTH_KIB_MAX, (small, large)
