"""Memory does not grow with the file: after half of the rows a process holds nearly what it holds after all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.commands.saved_files import Format

GROWTH_MIB_MAX = 12.0
FULL = 300_000
SMALL = {Format.CSV: 40_000, Format.JSON_LINES: 40_000, Format.PARQUET: 60_000, Format.XLSX: 8_000}


@pytest.mark.parametrize("dose", ["small", pytest.param("full", marks=pytest.mark.proof)])
@pytest.mark.parametrize("format_", Format)
def test_memory_stays_flat(tmp_path: Path, format_: Format, dose: str):
    rows = FULL if dose == "full" else SMALL[format_]
    place = tmp_path / "entries"
    command = [sys.executable, "-m", "tests.saving.writing_process", format_.value, str(rows), str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    written, growth_mib = done.stdout.split()
    assert int(written) == rows
    assert float(growth_mib) < GROWTH_MIB_MAX
    assert place.stat().st_size > rows * 5
