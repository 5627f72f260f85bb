"""One entry bundle: all of it that can be judged without the bundles before it, done wherever a processor is free.

What comes back is small and holds no event: hashes, entries as the chains bind them, and keyed marks by which later
passes see what must be there once.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from ledger.export_audit.event_form import EventForm, Fault, ReadEvent
from ledger.export_audit.event_table import PeriodClosed
from ledger.exporting.export_folder import ExportFolder, FileFault
from ledger.transparency.failures import Malformed
from ledger.transparency.tiles import TILE_WIDTH, EntryBundle, decode_bundle, width_at
from ledger.transparency.tree_hash import leaf_hashes

MARK_BYTES: Final = 16
NO_REQUEST: Final = bytes(MARK_BYTES)
_mark: Final = struct.Struct(f"!{MARK_BYTES}sIQ").pack


class LogToRead(msgspec.Struct, frozen=True, array_like=True):
    """Which log is read."""

    folder: str
    ledger_id: str
    partition: int
    partitions: int
    size: int
    mark_key: bytes
    """Of this run: nobody who makes an export can know which names get like marks."""


class Moved(msgspec.Struct, array_like=True, gc=False):
    """What one event moves."""

    position: int
    holder: str
    entries: list[bytes]
    """As the holder's chain binds them (`ledger.transparency.entry_chain`)."""


class Closing(msgspec.Struct, array_like=True):
    """A closed period."""

    position: int
    period: str
    start_date: str
    end_date: str
    positions: list[tuple[int, int]]
    """Partition, and the last position of it that was counted."""
    totals: list[int]
    """Number of entries, then claimed, attended, verified, disputed, withheld and reversed seconds."""


class BundleReading(msgspec.Struct, array_like=True):
    """What a bundle says."""

    index: int
    leaf_hashes: bytes = b""
    """32 bytes an event; nothing where there is no such bundle."""
    missing: str = ""
    """Why there is none."""
    moved: list[Moved] = msgspec.field(default_factory=list)
    closings: list[Closing] = msgspec.field(default_factory=list)
    stream_marks: bytes = b""
    """A mark of the stream, its version, the position: 28 bytes an event, in order of position."""
    id_marks: bytes = b""
    """A mark of the event's id, the partition, the position."""
    request_marks: bytes = b""
    """The same of each run of events with one request; one that goes on from the bundle before is among them."""
    last_request: bytes = b""
    """The mark of the last event's request alone."""
    first_understood: int = 0
    """The position of its first event that is understood."""
    first_microseconds: int | None = None
    """Of that event: its record time."""
    last_microseconds: int | None = None
    """Of its last one."""
    not_understood: int = 0
    """The first position that is not; 0: all are."""
    faults: list[Fault] = msgspec.field(default_factory=list)


class BundleReader:
    """Reads the bundles of one log, in any order."""

    def __init__(self, log: LogToRead) -> None:
        """Nothing is read yet."""
        self._log = log
        self._folder = ExportFolder(Path(log.folder))
        self._form = EventForm(log.ledger_id, log.partition, log.partitions)

    def read(self, index: int) -> BundleReading:
        """The bundle of this index, which the log's size must have."""
        bundle = EntryBundle(index, width_at(0, index, self._log.size))
        try:
            entries = decode_bundle(self._folder.bundle(self._log.partition, bundle), bundle.width)
        except (FileFault, Malformed) as wrong:
            return BundleReading(index, missing=wrong.found if isinstance(wrong, FileFault) else wrong.reason)
        reading = BundleReading(index, b"".join(leaf_hashes(entries)))
        events = self._understood(index * TILE_WIDTH + 1, entries, reading)
        reading.moved = [
            Moved(position, event.holder, [entry.to_bytes() for entry in event.entries])
            for position, event in events
            if event.entries
        ]
        reading.closings = [_closing(position, event.closed) for position, event in events if event.closed]
        self._mark(events, reading)
        return reading

    def _understood(self, first: int, entries: list[bytes], reading: BundleReading) -> list[tuple[int, ReadEvent]]:
        events: list[tuple[int, ReadEvent]] = []
        before: int | None = None
        for position, stored in enumerate(entries, first):
            event = self._form.read(position, stored, reading.faults)
            if event is None:
                reading.not_understood = reading.not_understood or position
                continue
            need_rising(before, position, event.recorded_microseconds, reading.faults)
            before = event.recorded_microseconds
            events.append((position, event))
        if events:
            reading.first_understood, opening = events[0]
            reading.first_microseconds, reading.last_microseconds = opening.recorded_microseconds, before
        return events

    def _mark(self, events: list[tuple[int, ReadEvent]], reading: BundleReading) -> None:
        partition = self._log.partition
        streams: list[bytes] = []
        ids: list[bytes] = []
        requests: list[bytes] = []
        request = NO_REQUEST
        for position, event in events:
            streams.append(_mark(self._digest(event.subject), event.streamversion, position))
            ids.append(_mark(self._digest(event.event_id), partition, position))
            before, request = request, NO_REQUEST
            if event.requestid:
                request = self._digest(f"{len(event.client)} {event.client}{event.requestid}")
                if request != before:
                    requests.append(_mark(request, partition, position))
        reading.stream_marks, reading.id_marks = b"".join(streams), b"".join(ids)
        reading.request_marks, reading.last_request = b"".join(requests), request

    def _digest(self, name: str) -> bytes:
        return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=MARK_BYTES, key=self._log.mark_key).digest()


def _closing(position: int, closed: PeriodClosed) -> Closing:
    totals = closed.totals
    return Closing(
        position,
        closed.period,
        closed.start_date,
        closed.end_date,
        [(one.partition, one.position) for one in closed.positions],
        [
            totals.entry_count,
            totals.claimed_seconds,
            totals.attended_seconds,
            totals.verified_seconds,
            totals.disputed_seconds,
            totals.withheld_seconds,
            totals.reversed_seconds,
        ],
    )


def need_rising(before: int | None, position: int, recorded: int, faults: list[Fault]) -> None:
    """Add a fault if an event's record time is before that of the event before."""
    if before is not None and recorded < before:
        faults.append(Fault(position, "", "time", f"not before {_moment(before)}", _moment(recorded)))


def _moment(microseconds: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).isoformat()
