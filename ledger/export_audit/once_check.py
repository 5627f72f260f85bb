"""Pass: nothing is left out and nothing is twice. Streams have versions 1..k; an id and a request are there once.

What stands in the memory meanwhile is only one part of the marks (`marks_on_disk`): 76 bytes an event lie on disk.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from ledger.auditing.finding import Report, Where
from ledger.export_audit.bundle_reading import MARK_BYTES, NO_REQUEST, BundleReading
from ledger.export_audit.marks_on_disk import MARK_RECORD_BYTES, MarksOnDisk
from ledger.exporting.manifest import ExportedLog, Manifest
from ledger.transparency.tiles import TILE_WIDTH

STREAMS: Final = "export streams"
IDS: Final = "export event ids"
REQUESTS: Final = "export requests"


class StreamCheck:
    """The streams of one partition: a stream lies in one partition only."""

    def __init__(self, log: ExportedLog, report: Report) -> None:
        self._partition = log.partition
        self._marks = MarksOnDisk(log.size)
        self._report = report

    def __enter__(self) -> Self:
        self._marks.__enter__()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._marks.__exit__(exc_type, exc, traceback)

    def add(self, reading: BundleReading) -> None:
        """The next bundle. Raises OSError."""
        self._marks.add(reading.stream_marks)

    def end(self) -> None:
        """Every version of every stream has come. Raises OSError."""
        for part in self._marks.by_part():
            last: dict[bytes, int] = {}
            for stream, version, position in part:
                following = last.get(stream, 0) + 1
                if version != following:
                    where = Where(STREAMS, self._partition, position)
                    self._report.differs(where, "streamversion", following, version)
                last[stream] = version


class OnceCheck:
    """Ids of events and keys of requests, in the whole ledger."""

    def __init__(self, manifest: Manifest, report: Report) -> None:
        events = sum(log.size for log in manifest.logs)
        self._kinds = {IDS: MarksOnDisk(events), REQUESTS: MarksOnDisk(events)}
        self._report = report
        self._open_request = NO_REQUEST
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for marks in self._kinds.values():
            self._stack.enter_context(marks)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, reading: BundleReading) -> None:
        """The next bundle of a log, or the first of the next log. Raises OSError."""
        self._kinds[IDS].add(reading.id_marks)
        marks = reading.request_marks
        goes_on = reading.index > 0 and marks[:MARK_BYTES] == self._open_request
        # A request whose events lie in two bundles is one run, unless something stands between.
        if goes_on and int.from_bytes(marks[20:MARK_RECORD_BYTES], "big") == reading.index * TILE_WIDTH + 1:
            marks = marks[MARK_RECORD_BYTES:]
        self._kinds[REQUESTS].add(marks)
        self._open_request = reading.last_request

    def end(self) -> None:
        """All events have come. Raises OSError."""
        for place, field in ((IDS, "id"), (REQUESTS, "requestid")):
            for part in self._kinds[place].by_part():
                first: dict[bytes, tuple[int, int]] = {}
                for name, partition, position in part:
                    before = first.setdefault(name, (partition, position))
                    if before != (partition, position):
                        found = f"that of partition {before[0]}, position {before[1]}"
                        self._report.differs(Where(place, partition, position), field, "one of its own", found)
