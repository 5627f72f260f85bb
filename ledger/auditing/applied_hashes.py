"""Check: the hashes that the projections remember are those of the stored bytes, position by position."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Applied, Database
from ledger.auditing.stored_page import StoredPage

PLACE: Final = "projection applied_batches"
HASH_BYTES: Final = 32
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BATCHES: Final = """
    select first_position, last_position, recorded_from, hashes, recorded_times from applied_batches
    where partition = %b order by first_position
"""


class AppliedHashCheck:
    """One partition's batches beside its events."""

    def __init__(self, read: Database, partition: int, applied: Applied, report: Report) -> None:
        self._read = read
        self._partition = partition
        self._applied = applied
        self._report = report
        self._remembered = self._positions()
        self._last_time: datetime | None = None

    def page(self, page: StoredPage) -> None:
        for event in page.events:
            if event.position > self._applied.position:
                return
            where = Where(PLACE, self._partition, event.position)
            self._last_time = event.recorded_at
            position, digest, recorded_at = next(self._remembered, (None, None, None))
            while position is not None and position < event.position:
                position, digest, recorded_at = next(self._remembered, (None, None, None))
            if position != event.position:
                self._report.differs(where, "row", "there", "missing")
                continue
            self._report.compare(
                where,
                {"sha256": event.digest.hex(), "recorded_time": event.recorded_at},
                {"sha256": (digest or b"").hex(), "recorded_time": recorded_at},
            )

    def end(self) -> None:
        for position, _, _ in self._remembered:
            expected = f"none after position {self._applied.position}"
            self._report.differs(Where(PLACE, self._partition, position), "row", expected, "there")
            break
        where = Where("projection positions", self._partition, self._applied.position)
        self._report.compare(where, {"recorded_at": self._last_time}, {"recorded_at": self._applied.recorded_at})

    def _positions(self) -> Iterator[tuple[int, bytes, datetime | str]]:
        with self._read.cursor(f"applied_{self._partition}", binary=True) as cursor:
            cursor.itersize = 20
            for first, last, recorded_from, hashes, times in cursor.execute(_BATCHES, (self._partition,)):
                moments = [_moment(one) for (one,) in struct.iter_unpack("!q", times)]
                if moments[0] != recorded_from:
                    where = Where(PLACE, self._partition, first)
                    self._report.differs(where, "recorded_from", moments[0], recorded_from)
                for index in range(last - first + 1):
                    digest = hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES]
                    yield first + index, digest, moments[index]


def _moment(microseconds: int) -> datetime | str:
    """Of microseconds since 2000; in words where somebody changed them into what no calendar has."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds} microseconds since 2000"
