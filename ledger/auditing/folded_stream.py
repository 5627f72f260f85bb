"""The event store stream by stream: no version left out, every event loaded, every aggregate folded by the domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Protocol

from pydantic import ValidationError

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database
from ledger.domain.catalogue import fold
from ledger.domain.event import RecordedEvent
from ledger.domain.refusals import InvariantBroken
from ledger.domain.streams import kind_of
from ledger.event_bytes import decode, recorded_event

STREAMS_TOGETHER: Final = 500

_BY_STREAM: Final = "select stream, version, partition, position, body from events order by stream, version"


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a stream, and the aggregate right after it."""

    event: RecordedEvent
    state: object


@dataclass(slots=True)
class FoldedStream:
    """A stream from its first event to its last."""

    name: str
    partition: int
    steps: list[Step] = field(default_factory=list)
    broken: bool = False
    """An event could not be read or folded: it is a finding already, and what follows cannot be judged."""

    @property
    def kind(self) -> str:
        """The collections in its name, such as volunteers/attendances."""
        return kind_of(self.name)

    def until(self, position: int) -> list[Step]:
        """The steps that a place which has got to `position` must know."""
        return [step for step in self.steps if step.event.position <= position]


class StreamCheck(Protocol):
    """Compares rows that are made from streams, each looked up by its key."""

    def streams(self, streams: list[FoldedStream]) -> None:
        """Some streams, each whole."""
        ...

    def end(self) -> None:
        """There are no further streams: what is left in the table belongs to none."""
        ...


def folded_streams(store: Database, report: Report) -> Iterator[list[FoldedStream]]:
    """All streams, some hundred at a time; what cannot be folded is a finding."""
    together: list[FoldedStream] = []
    with store.cursor("events_by_stream", binary=True) as cursor:
        cursor.itersize = 2_000
        for _, rows in groupby(cursor.execute(_BY_STREAM), key=lambda row: row[0]):
            stream = FoldedStream("", 0)
            for expected, (name, version, partition, position, body) in enumerate(rows, 1):
                stream.name, stream.partition = name, partition
                if stream.broken:
                    continue
                where = Where("store events", partition, position, name)
                if version != expected:
                    report.differs(where, "version", expected, version)
                _add(stream, where, bytes(body), report)
            together.append(stream)
            if len(together) >= STREAMS_TOGETHER:
                yield together
                together = []
    if together:
        yield together


def _add(stream: FoldedStream, where: Where, body: bytes, report: Report) -> None:
    try:
        envelope = decode(body)
    except InvariantBroken:
        stream.broken = True  # the walk by position has named it
        return
    try:
        event = recorded_event(envelope)
        state = fold(stream.steps[-1].state if stream.steps else None, event)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(("data", *map(str, first["loc"])))
        report.differs(where, path, f"a value of {envelope.type}", first["msg"])
        stream.broken = True
    except (InvariantBroken, TypeError, ValueError) as error:
        report.differs(where, "data", "an event that can follow", error)
        stream.broken = True
    else:
        stream.steps.append(Step(event, state))
