"""RecordAttendances in pages of 500, beside the eventsourcing library's load + save of one command at a time.

Every page has 500 different persons; an item counts only when the page's answer says that it was recorded, and
afterwards the store must hold exactly one event for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling
from bench.pages import recorded_pages
from bench.pairing import Line, MeasurementFailed, Sides
from bench.processes import measured_rate
from bench.programme import ATTENDANCE_SECONDS, day_shift, day_start, volunteer_name
from bench.served import served
from ledger.domain.attendance_events import AttendanceRecorded
from volunteer_hours.v1 import participation_service_pb2 as participation

LIBRARY_EVENTS: Final = 3000
PAGE_ITEMS: Final = 500
PAGES: Final = 120
WARM_UP_PAGES: Final = 10
STREAMS: Final = 2
IN_FLIGHT: Final = 2


def page(day: int, numbers: Sequence[int]) -> bytes:
    """A serialized page: these volunteers were there all day."""
    begin = int(day_start(day).timestamp())
    start, end = Timestamp(seconds=begin), Timestamp(seconds=begin + ATTENDANCE_SECONDS)
    shift = day_shift(day)
    return participation.RecordAttendancesRequest(
        request_id=str(uuid4()),
        attendances=[
            participation.AttendanceRecord(
                shift=shift, volunteer=volunteer_name(number), start_time=start, end_time=end
            )
            for number in numbers
        ],
    ).SerializeToString()


def pages_on_new_days(ledger: BenchLedger, pages: int) -> list[bytes]:
    """So many pages; nobody is twice on a day, and whoever is on several days is there at different times."""
    prepared: list[bytes] = []
    while len(prepared) < pages:
        day, _ = ledger.open_day()
        numbers = ledger.somebody(min(pages - len(prepared), ledger.filling.volunteers // PAGE_ITEMS) * PAGE_ITEMS)
        prepared += [page(day, numbers[first : first + PAGE_ITEMS]) for first in range(0, len(numbers), PAGE_ITEMS)]
    return prepared


def record_rate(ground: Ground, ledger: BenchLedger, address: str) -> float:
    """Attendances a second. Raises MeasurementFailed if the store does not hold what was answered."""
    pages = pages_on_new_days(ledger, ground.scaled(PAGES, least=2 * WARM_UP_PAGES))
    before = ledger.positions()
    result = recorded_pages(
        ground.folder, address, pages, streams=STREAMS, in_flight=IN_FLIGHT, warm_up_pages=WARM_UP_PAGES
    )
    recorded = ledger.stored_since(before)
    if recorded != {AttendanceRecorded.stored_name: result.counts["recorded"]}:
        raise MeasurementFailed(f"{result.counts['recorded']} items were answered, the store has {recorded}")
    return result.rate


@contextmanager
def sides(ground: Ground) -> Iterator[Sides]:
    """The library on a database of its own, every run with new volunteers; ours on some thousand volunteers."""
    ledger = ground.ledgers.filled(Filling(ground.scaled(20_000, least=2_000)))
    with (
        ground.fresh_database() as database,
        served(ground.folder, ledger.settings, "serve-record-attendances") as server,
    ):
        arguments = [f"--database={database}", f"--events={ground.scaled(LIBRARY_EVENTS, least=200)}"]
        yield Sides(
            reference=lambda: measured_rate(ground.folder, "bench.references.library_append", arguments),
            ours=lambda: record_rate(ground, ledger, server.address),
        )


LINE = Line(name="record_attendances", unit="events/s", floor=15.0, sides=sides)
