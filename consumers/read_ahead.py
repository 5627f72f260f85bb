"""Reads and looks at the next records while the last ones are being applied: the database's time is ours too.

One thread reads, and it alone touches the Kafka client: polls and seeks wait in one line for it. What was read ahead of
a rebalance does no harm: positions decide, not who read it or when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from consumers.record_source import Listener, OffsetLost, RecordSource
from consumers.seen_record import SeenRecord, look_at
from ledger.record_seal import RecordSeal

POLLS_AHEAD: Final = 2


@dataclass(frozen=True, slots=True)
class _Batch:
    records: Mapping[int, Sequence[SeenRecord]]
    next_offsets: Mapping[int, int]


class ReadAhead:
    """Runs a RecordSource on a thread of its own, two polls ahead; gives its records as they look by themselves."""

    def __init__(self, source: RecordSource, seal: RecordSeal) -> None:
        """Takes the source over; nothing else may use it."""
        self._source = source
        self._seal = seal
        self._reader = ThreadPoolExecutor(1, "read-ahead")
        self._ahead: deque[tuple[int, Future[_Batch]]] = deque()
        self._asked_seeks: deque[Future[None]] = deque()
        self._ended = False
        self._seeks = 0
        self._sought: dict[int, int] = {}
        """By partition, which seek was its last: what was asked for earlier is no longer wanted."""
        self._next_offsets: dict[int, int] = {}
        self._tracked: Sequence[int] = ()

    def follow(self, listener: Listener) -> None:
        """See RecordSource. The listener is called on a thread of the reader's or the client's."""
        self._reader.submit(self._source.follow, listener).result()

    def read(self, offsets: Mapping[int, int]) -> None:
        """See RecordSource."""
        self._tracked = list(offsets)
        self._next_offsets = dict(offsets)
        self._reader.submit(self._source.read, offsets).result()

    def poll(self) -> Mapping[int, Sequence[SeenRecord]]:
        """See RecordSource. Raises what the source raised."""
        while self._asked_seeks and self._asked_seeks[0].done():
            self._asked_seeks.popleft().result()  # a seek that failed would leave a hole that nobody fills
        self._ask_ahead()
        asked_after, future = self._ahead.popleft()
        try:
            batch = future.result()
        except OffsetLost:
            if asked_after < self._seeks:
                return {}  # that was seen to already
            raise
        self._ask_ahead()
        wanted = [number for number in batch.records if self._sought.get(number, 0) <= asked_after]
        for partition, offset in batch.next_offsets.items():
            if self._sought.get(partition, 0) <= asked_after:
                self._next_offsets[partition] = offset
        return {number: batch.records[number] for number in wanted}

    def seek(self, partition: int, offset: int) -> None:
        """See RecordSource."""
        self._seeks += 1
        self._sought[partition] = self._seeks
        self._next_offsets[partition] = offset
        self._asked_seeks.append(self._reader.submit(self._source.seek, partition, offset))

    def next_offset(self, partition: int) -> int:
        """See RecordSource: of what has come out of poll, not of what was read ahead."""
        return self._next_offsets[partition]

    def ends(self) -> dict[int, int]:
        """See RecordSource."""
        return self._reader.submit(self._source.ends).result()

    def close(self) -> None:
        """See RecordSource."""
        self._reader.shutdown(wait=True, cancel_futures=True)
        self._source.close()

    def _ask_ahead(self) -> None:
        while len(self._ahead) < POLLS_AHEAD:
            future = self._reader.submit(self._read)
            future.add_done_callback(self._note_end)
            self._ahead.append((self._seeks, future))

    def _note_end(self, future: Future[_Batch]) -> None:
        if not future.cancelled() and not isinstance(future.exception(), OffsetLost | None):
            self._ended = True

    def _read(self) -> _Batch:
        if self._ended:
            # Asked again after a record it could not read, kafka-python spins for ever: we could not even end.
            raise CancelledError("an earlier poll failed")
        polled = self._source.poll()
        records = {number: look_at(self._seal, number, read) for number, read in polled.items()}
        return _Batch(records, {partition: self._source.next_offset(partition) for partition in self._tracked})
