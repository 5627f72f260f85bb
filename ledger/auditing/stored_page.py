"""The event store in order of position: each event read once, by its columns and by its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ledger.auditing.snapshots import Database
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import Envelope, decode, sha256

PAGE_POSITIONS: Final = 5_000

_PAGE: Final = """
    select position, stream, version, type, recorded_at, body from events
    where partition = %b and position > %b and position <= %b order by position
"""


@dataclass(frozen=True, slots=True)
class AuditedEvent:
    """One row of the store."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: datetime
    body: bytes
    digest: bytes
    envelope: Envelope | None
    """None where the bytes are no event."""
    fault: str
    """Why they are none."""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What the store holds at positions first..last of a partition; a missing one is a defect."""

    partition: int
    first: int
    last: int
    events: list[AuditedEvent]


class PositionCheck(Protocol):
    """Looks at a partition's events in order of position."""

    def page(self, page: StoredPage) -> None:
        """The next page."""
        ...

    def end(self) -> None:
        """There is no further page."""
        ...


def pages(store: Database, partition: int, head: int) -> Iterator[StoredPage]:
    """The pages of positions 1..head."""
    cursor = store.cursor(binary=True)
    for after in range(0, head, PAGE_POSITIONS):
        last = min(after + PAGE_POSITIONS, head)
        rows = cursor.execute(_PAGE, (partition, after, last)).fetchall()
        yield StoredPage(partition, after + 1, last, [_event(*row) for row in rows])


def _event(position: int, stream: str, version: int, kind: str, recorded_at: datetime, body: bytes) -> AuditedEvent:
    envelope: Envelope | None = None
    fault = ""
    try:
        body.decode("utf-8")  # msgspec looks at no more than it needs; every other reader takes the whole
        envelope = decode(body)
    except (InvariantBroken, UnicodeDecodeError) as broken:
        fault = str(broken)
    return AuditedEvent(position, stream, version, kind, recorded_at, body, sha256(body), envelope, fault)
