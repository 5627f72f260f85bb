"""An import of a long file takes no more memory than one of a short file: ids and steps lie in temporary files.

The service is played: what is measured is the program that asks it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
GROWTH_KIB_MAX = 12 * 1024
"""Kept in memory, the rows' ids, names and commands would be some 500 bytes each: 100 MB of 200,000 rows."""
ROWS_SMALL = 4_000
FULL = [pytest.mark.proof, pytest.mark.timeout(900)]
MAPPING = """
kind = "{kind}"
system = "synthetic"
time_zone = "Asia/Riyadh"
[columns]
id = "id"
volunteer = "volunteer"
date = "date"
duration = "duration"
[dates]
formats = ["%d/%m/%Y"]
[defaults]
{defaults}
"""
DEFAULTS = {
    "attendances": 'shift = "opportunities/o/shifts/s"',
    "hours": 'organization = "organizations/o"\nactivity = "Synthetic"\nregion = "SA-01"\nstart_time = "08:00"',
}
PROGRAM = r"""
import asyncio, re, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.bulk.importing import BulkImport, Wishes
from ledger.bulk.kind import Import
from ledger.bulk.kinds import KINDS
from ledger.bulk.seen_rows import SeenRows
from ledger.sheets.mapping import fitted, parse_mapping
from ledger.sheets.table import open_table
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1.resources_pb2 import Shift

class Questions:
    async def organization(self, name): return True
    async def opportunity(self, name): return None
    async def shift(self, name):
        span = {"start_time": {"seconds": 10**9}, "end_time": {"seconds": 10**9 + 60}}
        return Shift(name=name, time_zone="Asia/Riyadh", **span)
    async def attendances(self, shift):
        for nothing in (): yield nothing
    async def unknown(self, volunteers): return set()

class Commands:
    async def send(self, request): return None
    async def record(self, page):
        answer = participation.RecordAttendancesResponse(request_id=page.request_id)
        for _ in page.attendances: answer.outcomes.add().recorded.attended_seconds = 1
        return answer

async def run():
    by = parse_mapping(Path(sys.argv[2]).read_text("utf-8"))
    with SeenRows() as seen, open_table(Path(sys.argv[1]), by.sheet) as table:
        shared = Import(fitted(by, table.header), datetime.now(UTC), Questions(), Commands(), seen, str)
        outcome = await BulkImport(KINDS[by.kind](shared), table, Wishes(), tell=lambda told: None).run()
        return outcome.counts["create"]

print(asyncio.run(run()), re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""


def peak_kib(folder: Path, kind: str, rows: int) -> int:
    """Of a process that imports so many rows, each of a person of its own."""
    file, mapping = folder / f"{kind}-{rows}.csv", folder / f"{kind}.toml"
    mapping.write_text(MAPPING.format(kind=kind, defaults=DEFAULTS[kind]), "utf-8")
    with file.open("w", encoding="utf-8") as lines:
        lines.write("id,volunteer,date,duration\n")
        lines.writelines(f"رقم-{number},{number * 7},01/03/2024,{number % 8 + 1}:30\n" for number in range(rows))
    command = [sys.executable, "-c", PROGRAM, str(file), str(mapping)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    created, kib = map(int, done.stdout.split())
    assert created == rows
    return kib


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("attendances", 12_000),
        pytest.param("attendances", 200_000, marks=FULL),
        pytest.param("hours", 200_000, marks=FULL),
    ],
)
def test_memory_does_not_grow_with_the_file(kind, rows, tmp_path):
    small, large = (peak_kib(tmp_path, kind, count) for count in (ROWS_SMALL, rows))
    print(f"{kind}, peak of {ROWS_SMALL:,} rows: {small:,} KiB; of {rows:,} rows: {large:,} KiB")
    assert large - small < GROWTH_KIB_MAX, (small, large)
