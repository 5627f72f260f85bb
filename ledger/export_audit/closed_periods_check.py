"""Pass: what a period was closed with is what the events up to the positions it names add up to.

Which positions matter is known once all partitions were read, for a closing in the last one names positions of the
first. So where a period is closed the bundles are read a second time. Sums are kept by date of service, and taken when
a period's position has come: memory grows with dates and closed periods, not with events.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.export_audit.bundle_reading import BundleReading, Closing
from ledger.exporting.manifest import ExportedLog, Manifest
from ledger.transparency.entry_chain import CLASS_NUMBERS, CLASSES

PLACE: Final = "export closed periods"

_MOVED: Final = struct.Struct("!QIBBQ10s")
"""How the bytes of an entry begin: position, entry_index, from_class, to_class, seconds, service_date."""
_NAMES: Final = ("entry_count", *(f"{name}_seconds" for name in CLASS_NUMBERS if name != "outside"))

Readings = Callable[[ExportedLog], Iterator[BundleReading]]


class ClosedPeriodsCheck:
    """All closed periods of an export."""

    def __init__(self, manifest: Manifest, report: Report) -> None:
        self._logs = manifest.logs
        self._report = report
        self._closings: list[tuple[Where, Closing, list[int]]] = []
        self._broken = False

    def add(self, log: ExportedLog, reading: BundleReading) -> None:
        """The next bundle of the first walk."""
        self._broken |= bool(reading.missing or reading.not_understood)
        for closing in reading.closings:
            where = Where(PLACE, log.partition, closing.position, closing.period)
            self._closings.append((where, closing, [0] * CLASSES))

    def end(self, readings: Readings) -> None:
        """All bundles have been read once; `readings` gives those of a log again."""
        if self._broken and self._closings:
            self._report.note(f"{PLACE}: not added up, for not every event was understood")
            return
        judged = [one for one in self._closings if self._can_be_judged(one[0], one[1])]
        if not judged:
            return
        for log in self._logs:
            self._add_up(log, judged, readings)
        for where, closing, sums in judged:
            told = dict(zip(_NAMES, closing.totals, strict=True))
            self._report.compare(
                where,
                {f"data.totals.{name}": seconds for name, seconds in zip(_NAMES, sums, strict=True)},
                {f"data.totals.{name}": seconds for name, seconds in told.items()},
            )

    def _can_be_judged(self, where: Where, closing: Closing) -> bool:
        """Whether it names every partition once, and all it counted is in the export, which may end earlier."""
        if [partition for partition, _ in closing.positions] != list(range(len(self._logs))):
            named = [partition for partition, _ in closing.positions]
            self._report.differs(where, "data.positions", f"partitions 0 to {len(self._logs) - 1}", named)
            return False
        for log, (_, position) in zip(self._logs, closing.positions, strict=True):
            if position > log.size:
                self._report.note(
                    f"{PLACE}, {closing.period}: it counted partition {log.partition} up to position {position}, "
                    f"the export ends at {log.size}: not added up"
                )
                return False
        return True

    def _add_up(self, log: ExportedLog, judged: list[tuple[Where, Closing, list[int]]], readings: Readings) -> None:
        due = sorted(((one.positions[log.partition][1], one, sums) for _, one, sums in judged), key=lambda of: -of[0])
        by_date: dict[str, list[int]] = {}
        for reading in readings(log):
            for moved in reading.moved:
                while due and due[-1][0] < moved.position:
                    _take(by_date, *due.pop()[1:])
                for entry in moved.entries:
                    _move(by_date, entry)
            if not due:
                break
        while due:
            _take(by_date, *due.pop()[1:])


def _move(by_date: dict[str, list[int]], entry: bytes) -> None:
    _, _, from_class, to_class, seconds, day = _MOVED.unpack_from(entry)
    sums = by_date.setdefault(day.decode(), [0] * CLASSES)
    sums[0] += 1
    if from_class:  # 0 is outside, and its place holds the number of entries
        sums[from_class] -= seconds
    sums[to_class] += seconds


def _take(by_date: dict[str, list[int]], closing: Closing, sums: list[int]) -> None:
    for day, of_day in by_date.items():
        if closing.start_date <= day <= closing.end_date:
            for index, more in enumerate(of_day):
                sums[index] += more
