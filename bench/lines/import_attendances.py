"""`hours-ledger import attendances` of a CSV file, the whole command, beside RecordAttendances fed with ready pages.

The command reads and checks every row, looks for the persons and for what is there already, and then sends: all of that
is in its time, and so is starting a program. Every row must be recorded, and the store hold one event for each.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling, project
from bench.lines.record_attendances import record_rate
from bench.pairing import Line, MeasurementFailed, Sides
from bench.processes import MEASURE_SECONDS_MAX
from bench.programme import ATTENDANCE_SECONDS, TIME_ZONE, day_shift, day_start, volunteer_name
from bench.served import ACTOR, served
from ledger.child_process import ChildProcess
from ledger.domain.attendance_events import AttendanceRecorded

ROWS: Final = 60_000
_PROGRAM: Final = (sys.executable, "-m", "ledger")
MAPPING: Final = f"""
kind = "attendances"
system = "bench"
time_zone = "{TIME_ZONE}"
[columns]
id = "Id"
volunteer = "Volunteer"
shift = "Shift"
date = "Date"
start_time = "From"
end_time = "Until"
[dates]
formats = ["%d/%m/%Y"]
"""


def write_rows(ledger: BenchLedger, rows: int, file: Path) -> None:
    """So many presences, at shifts that are opened for them; nobody is twice at one."""
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(("Id", "Volunteer", "Shift", "Date", "From", "Until"))
        written = 0
        while written < rows:
            day, _ = ledger.open_day()
            start = day_start(day).astimezone(ZoneInfo(TIME_ZONE))
            end = start + timedelta(seconds=ATTENDANCE_SECONDS)
            times = (f"{start:%d/%m/%Y}", f"{start:%H:%M}", f"{end:%H:%M}")
            for number in ledger.somebody(rows - written):
                writer.writerow((f"{day}-{number}", volunteer_name(number), day_shift(day), *times))
                written += 1


def import_rate(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """Rows a second. Raises MeasurementFailed if one was not recorded."""
    rows = ground.scaled(ROWS, least=2_000)
    file, mapping = (ground.folder / f"import-{uuid4().hex[:8]}.{ending}" for ending in ("csv", "toml"))
    write_rows(ledger, rows, file)
    mapping.write_text(MAPPING, "utf-8")
    project(ledger.settings)
    before = ledger.positions()
    command = ["import", "attendances", str(file), "--mapping", str(mapping), "--address", address]
    child = ChildProcess("import", [*_PROGRAM, *command], file.with_suffix(".log"), environment=_environment())
    began = time.perf_counter()
    child.start()
    ended_with = child.wait(MEASURE_SECONDS_MAX)
    seconds = time.perf_counter() - began
    recorded = ledger.stored_since(before)
    if ended_with != 0 or recorded != {AttendanceRecorded.stored_name: rows}:
        raise MeasurementFailed(f"of {rows} rows the store has {recorded}:\n{child.log_tail()}")
    return rows / seconds


def _environment() -> dict[str, str]:
    token = dict(ACTOR)["authorization"].removeprefix("Bearer ")
    return {**os.environ, "LEDGER_TOKEN": token}


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """Both on one ledger of some thousand volunteers, each run at shifts of its own."""
    ledger = ground.ledgers.filled(Filling(ground.scaled(20_000, least=2_000), projected=True))
    with served(ground.folder, ledger.settings, "serve-import-attendances") as server:
        yield Sides(
            reference=lambda: record_rate(ground, ledger, server.address),
            ours=lambda: import_rate(ground, ledger, server.address),
        )


LINE = Line(name="import_attendances", unit="rows/s", floor=0.25, sides=sides)
